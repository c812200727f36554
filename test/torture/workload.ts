import type { WholeMail } from '../../build/cluster/mail-process.ts'
import type { Random } from '../simulation/random.ts'
import type { Journal } from './journal.ts'
import { type CopyRecord, type Flag, type Ledger, subjectOf, tokenOf } from './ledger.ts'
import type { Machine } from './machine.ts'
import type { Person } from './person.ts'
import { sleep, withinMs } from './system.ts'

const thinkMs = 350
const burstMails = 40
const listed = 30
const deletedAtOnce = 12
const bodyBytesMost = 12_000
const largeBodyBytes = 150_000
const recipientsAtMost = 3
const absentRetryMs = 3_000

const wishes = [
  { kind: 'send', weight: 36 },
  { kind: 'burst', weight: 3 },
  { kind: 'look', weight: 14 },
  { kind: 'read', weight: 10 },
  { kind: 'delete', weight: 12 },
  { kind: 'deleteMany', weight: 3 },
  { kind: 'mark', weight: 12 },
  { kind: 'post', weight: 6 },
  { kind: 'deletePost', weight: 2 },
  { kind: 'draft', weight: 4 },
  { kind: 'discard', weight: 2 },
  { kind: 'password', weight: 1.5 },
  { kind: 'elsewhere', weight: 2 },
  { kind: 'crash', weight: 0.7 },
] as const
type Wish = (typeof wishes)[number]['kind']

const changes = [
  { mark: 'star', flag: 'starred', value: true },
  { mark: 'unstar', flag: 'starred', value: false },
  { mark: 'trash', flag: 'inTrash', value: true },
  { mark: 'restore', flag: 'inTrash', value: false },
  { mark: 'read', flag: 'read', value: true },
  { mark: 'unread', flag: 'read', value: false },
] as const satisfies readonly { readonly mark: string; readonly flag: Flag; readonly value: boolean }[]

export interface WorkloadOptions {
  readonly people: readonly Person[]
  readonly machines: readonly Machine[]
  readonly ledger: Ledger
  readonly journal: Journal
  readonly random: Random
  /** What must not be, as soon as it is seen. */
  readonly wrong: (sentence: string) => void
}

/** People who write, read, delete, mark and post without asking how the machines are. */
export class Workload {
  readonly #options: WorkloadOptions
  #state: 'goes on' | 'held' = 'held'
  #acts = 0
  readonly #living = new Map<Person, Promise<void>>()
  readonly #last = new Map<Person, readonly WholeMail[]>()

  constructor(options: WorkloadOptions) {
    this.#options = options
  }

  get acts(): number {
    return this.#acts
  }

  goOn(): void {
    this.#state = 'goes on'
    for (const person of this.#options.people) {
      if (this.#living.has(person)) continue
      const life = this.#live(person, this.#options.random.fork()).finally(() => this.#living.delete(person))
      this.#living.set(person, life)
    }
  }

  /** Nobody begins anything; `idle` when all that was under way has been answered in time. */
  async hold(withinAllMs: number): Promise<'idle' | 'busy'> {
    this.#state = 'held'
    const stopped = async (): Promise<'idle'> => {
      await Promise.all(this.#living.values())
      await Promise.all(this.#options.people.map((person) => person.idle()))
      return 'idle'
    }
    return (await withinMs(stopped(), withinAllMs)) ?? 'busy'
  }

  async #live(person: Person, random: Random): Promise<void> {
    await sleep(random.waitMs(thinkMs))
    while (this.#state === 'goes on') {
      await this.#act(person, random)
      this.#acts += 1
      await sleep(random.waitMs(thinkMs))
    }
  }

  async #act(person: Person, random: Random): Promise<void> {
    if (person.state !== 'there' || person.client === null) {
      await this.#comeBack(person, random)
      return
    }
    switch (this.#wish(random)) {
      case 'send':
        return this.#send(person, random)
      case 'burst':
        return this.#burst(person, random)
      case 'look':
        return this.#look(person, random)
      case 'read':
        return this.#read(person, random)
      case 'delete':
        return this.#delete(person, random, 1)
      case 'deleteMany':
        return this.#delete(person, random, deletedAtOnce)
      case 'mark':
        return this.#mark(person, random)
      case 'post':
        return this.#post(person, random)
      case 'deletePost':
        return this.#deletePost(person, random)
      case 'draft':
        return this.#draft(person, random)
      case 'discard':
        return this.#discard(person, random)
      case 'password':
        return this.#changePassword(person, random)
      case 'elsewhere':
        return this.#goElsewhere(person, random)
      case 'crash':
        this.#options.journal.note(`the client of ${person.name} is killed`)
        return person.crash()
    }
  }

  #wish(random: Random): Wish {
    let left = random.next() * wishes.reduce((sum, { weight }) => sum + weight, 0)
    for (const { kind, weight } of wishes) {
      left -= weight
      if (left < 0) return kind
    }
    return 'send'
  }

  async #comeBack(person: Person, random: Random): Promise<void> {
    const machine = random.pick(this.#options.machines.filter(({ isThere }) => isThere))
    if (machine === undefined || person.state === 'signing up') return sleep(absentRetryMs)
    if (person.state === 'absent') return person.signUp(machine)
    if ((await person.logIn(machine, 'killed')) !== null) await sleep(random.waitMs(absentRetryMs))
  }

  async #goElsewhere(person: Person, random: Random): Promise<void> {
    const machine = random.pick(this.#options.machines.filter((other) => other !== person.machine && other.isThere))
    if (machine === undefined) return
    const old = random.pick(['ended', 'killed', 'left open'] as const) ?? 'ended'
    const code = await person.logIn(machine, old)
    this.#options.journal.note(
      `${person.name} logs in at server ${machine.server}, the old client is ${old}: ${code ?? 'done'}`,
    )
  }

  /** Whoever is logged out logs in again. */
  async #heed(person: Person, code: string, random: Random): Promise<void> {
    if (code === 'NOT_LOGGED_IN') await person.logIn(person.machine, 'killed')
    else if (code !== 'NO_SUCH_MAIL') await sleep(random.waitMs(thinkMs * 2))
  }

  async #send(person: Person, random: Random): Promise<void> {
    const { ledger, people } = this.#options
    const token = ledger.nextToken()
    const names = random.shuffled(people.map(({ name }) => name))
    const to = names.slice(0, random.int(1, recipientsAtMost))
    const bytes = random.chance(0.02) ? largeBodyBytes : Math.ceil(random.next() * random.next() * bodyBytesMost)
    const body = `body of [${token}] ${Buffer.from(random.bytes(bytes)).toString('base64')}`
    const answered = random.chance(0.25) ? random.pick(this.#last.get(person) ?? []) : undefined
    const record = ledger.mailAsked({
      token,
      from: person.name,
      to,
      subject: subjectOf(token, `of ${person.name}`),
      body,
    })
    const { subject } = record
    const reply = answered === undefined ? {} : { inReplyTo: answered.mail }
    const came = await person.ask(
      'send',
      { to, subject, body, ...reply },
      {
        done: (answer) => ledger.mailDone(record, answer),
        failed: () => {
          record.outcome = 'unknown'
        },
      },
    )
    if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  async #burst(person: Person, random: Random): Promise<void> {
    await Promise.all(Array.from({ length: random.int(2, burstMails) }, () => this.#send(person, random.fork())))
  }

  /** Looks at a page of a folder, now and then one of the older ones. */
  async #look(person: Person, random: Random): Promise<void> {
    const folder = random.pick(['inbox', 'inbox', 'inbox', 'sent', 'trash'] as const) ?? 'inbox'
    const offset = random.chance(0.5) ? 0 : random.int(0, 200)
    const came = await person.ask('list', { folder, limit: listed, offset, full: true })
    if (came.kind === 'answered') this.#last.set(person, came.answer.headers as readonly WholeMail[])
    else if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  #picked(
    person: Person,
    random: Random,
  ): { readonly header: WholeMail; readonly token: number; readonly copy: CopyRecord } | null {
    const header = random.pick(this.#last.get(person) ?? [])
    const token = header === undefined ? null : tokenOf(header.subject)
    if (header === undefined || token === null) return null
    return { header, token, copy: this.#options.ledger.copy(person.name, token) }
  }

  async #read(person: Person, random: Random): Promise<void> {
    const picked = this.#picked(person, random)
    if (picked === null) return this.#look(person, random)
    const { ledger, wrong } = this.#options
    const { header, token, copy } = picked
    ledger.note({ do: 'read', who: person.name, token, mail: header.mail })
    copy.flags.read.ask(true)
    const came = await person.ask(
      'read',
      { mail: header.mail },
      {
        done: ({ subject, body }) => {
          copy.flags.read.acknowledge(true)
          const record = ledger.mails.get(tokenOf(subject) ?? 0)
          if (record?.body !== body) wrong(`${person.name} reads another content in ${header.mail}: "${subject}"`)
        },
        failed: () => undefined,
      },
    )
    if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  async #mark(person: Person, random: Random): Promise<void> {
    const picked = this.#picked(person, random)
    const change = random.pick(changes)
    if (picked === null || change === undefined) return this.#look(person, random)
    const { header, token, copy } = picked
    const { mark, flag, value } = change
    this.#options.ledger.note({ do: mark, who: person.name, token, mail: header.mail })
    copy.flags[flag].ask(value)
    const came = await person.ask(
      'mark',
      { mails: [header.mail], mark },
      {
        done: () => {
          this.#options.ledger.note({ marked: token, mark, who: person.name })
          copy.flags[flag].acknowledge(value)
        },
        failed: () => undefined,
      },
    )
    if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  async #delete(person: Person, random: Random, count: number): Promise<void> {
    const picked = new Map<number, { readonly mail: string; readonly copy: CopyRecord }>()
    for (let index = 0; index < count; index += 1) {
      const one = this.#picked(person, random)
      if (one !== null) picked.set(one.token, { mail: one.header.mail, copy: one.copy })
    }
    if (picked.size === 0) return this.#look(person, random)
    const { ledger } = this.#options
    const tokens = [...picked.keys()]
    const all = [...picked.values()]
    ledger.note({ do: 'delete', who: person.name, tokens, mails: all.map(({ mail }) => mail) })
    const before = all.map(({ copy }) => copy.deletion)
    for (const { copy } of all) if (copy.deletion === 'no') copy.deletion = 'asked'
    const later = {
      done: (): void => {
        ledger.note({ deleted: tokens, who: person.name })
        for (const { copy } of all) copy.deletion = 'done'
      },
      failed: (): void => {
        all.forEach(({ copy }, index) => {
          if (copy.deletion === 'asked' && before[index] === 'no') copy.deletion = 'unknown'
        })
      },
    }
    const [first] = all
    const came =
      all.length === 1 && first !== undefined
        ? await person.ask('delete', { mail: first.mail }, later)
        : await person.ask('deleteMany', { mails: all.map(({ mail }) => mail) }, later)
    if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  async #post(person: Person, random: Random): Promise<void> {
    const { ledger } = this.#options
    const token = ledger.nextToken()
    const record = ledger.postAsked(person.name, token, subjectOf(token, `a post of ${person.name}`))
    const came = await person.ask(
      'post',
      { text: record.text },
      {
        done: ({ post }) => {
          record.outcome = 'done'
          record.post = post
          ledger.note({ posted: token, post })
        },
        failed: () => {
          record.outcome = 'unknown'
        },
      },
    )
    if (came.kind === 'failed') await this.#heed(person, came.code, random)
  }

  async #deletePost(person: Person, random: Random): Promise<void> {
    const { ledger } = this.#options
    const own = [...ledger.posts.values()].filter(({ author, post }) => author === person.name && post !== null)
    const record = random.pick(own)
    if (record === undefined || record.deletion !== 'no') return
    ledger.note({ do: 'deletePost', who: person.name, token: record.token, post: record.post })
    record.deletion = 'asked'
    await person.ask(
      'deletePost',
      { post: record.post },
      {
        done: () => {
          record.deletion = 'done'
          ledger.note({ takenBack: record.token })
        },
        failed: () => {
          record.deletion = 'unknown'
        },
      },
    )
  }

  async #draft(person: Person, random: Random): Promise<void> {
    const { ledger } = this.#options
    const token = ledger.nextToken()
    const body = Buffer.from(random.bytes(random.int(1, 2_000))).toString('base64')
    const record = ledger.draftAsked({ token, person: person.name, subject: subjectOf(token, 'a draft'), body })
    await person.ask(
      'saveDraft',
      { to: [], subject: record.subject, body },
      {
        done: ({ draft }) => {
          record.outcome = 'done'
          record.draft = draft
          ledger.note({ saved: token, draft })
        },
        failed: () => {
          record.outcome = 'unknown'
        },
      },
    )
  }

  async #discard(person: Person, random: Random): Promise<void> {
    const { ledger } = this.#options
    const own = [...ledger.drafts.values()].filter((draft) => draft.person === person.name && draft.draft !== null)
    const record = random.pick(own)
    if (record === undefined || record.deletion !== 'no') return
    ledger.note({ do: 'discardDraft', who: person.name, token: record.token })
    record.deletion = 'asked'
    await person.ask(
      'discardDraft',
      { draft: record.draft },
      {
        done: () => {
          record.deletion = 'done'
          ledger.note({ discarded: record.token })
        },
        failed: () => {
          record.deletion = 'unknown'
        },
      },
    )
  }

  async #changePassword(person: Person, random: Random): Promise<void> {
    const { ledger, journal } = this.#options
    const newPassword = `password ${random.int(1, 1_000_000)} of ${person.name}`
    const former = person.password.all
    for (const password of former) {
      ledger.note({ do: 'changePassword', who: person.name, newPassword })
      const isKnown = person.password.allowed.includes(newPassword)
      if (!isKnown) person.password.ask(newPassword)
      const came = await person.ask(
        'changePassword',
        { password, newPassword },
        {
          done: () => {
            person.password.acknowledge(newPassword)
            ledger.note({ changed: newPassword })
          },
          failed: () => undefined,
        },
      )
      if (came.kind === 'answered') journal.note(`${person.name} has a new password`)
      if (came.kind !== 'failed' || came.code !== 'WRONG_PASSWORD') return
    }
  }
}
