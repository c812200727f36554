import type { Mark } from '../../../replica/client/contract/mailbox.ts'
import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import type { DocumentId, UpdateId } from '../../../replica/core/model/ids.ts'
import { documentId } from '../../../replica/core/model/ids.ts'
import type { Random } from '../../simulation/random.ts'
import { Device, type DeviceParts } from './device.ts'
import type { Lan } from './lan.ts'
import { isOpenQuestion, type Ledger, type LetterRecord, type Register } from './ledger.ts'
import { Person, type Outcome } from './person.ts'
import type { VirtualTime } from './virtual-time.ts'

const lookAgainMs = 300
const mostLooks = 60

export interface LetterWish {
  readonly to: readonly string[]
  readonly holdMs?: number
  /** The words of a draft that it was. */
  readonly draft?: string
  /** The words of the mail that it answers. */
  readonly answers?: string
  /** A file is attached first, or those of this mail. */
  readonly file?: 'new' | { readonly of: string }
}

export interface StageParts extends DeviceParts {
  readonly time: VirtualTime
  readonly ledger: Ledger
  readonly random: Random
  readonly lan: Lan
  /** What somebody's window would show that looks now. */
  readonly look: (person: Person) => Promise<string | null>
}

/** What a scenario is told with: people by their names, letters and drafts by their words. */
export class ClientStage {
  readonly people = new Map<string, Person>()
  readonly ledger: Ledger
  readonly #parts: StageParts
  readonly #drafts = new Map<string, DocumentId>()
  #isOver = false

  constructor(parts: StageParts) {
    this.#parts = parts
    this.ledger = parts.ledger
  }

  stop(): void {
    this.#isOver = true
  }

  /** So long after the beginning. */
  at(atMs: number, task: () => void): void {
    this.#parts.time.after(atMs, () => {
      if (!this.#isOver) task()
    })
  }

  person(name: string): Person {
    const person = this.people.get(name)
    if (person === undefined) throw new Error(`nobody is called ${name}`)
    return person
  }

  /** Somebody with a device of their own, whose server is that of this seat. */
  enter(name: string, seat: number): Person {
    const person = this.another(name, `${name}'s machine`, seat)
    this.people.set(name, person)
    return person
  }

  /** The same person at another device. */
  another(name: string, machine: string, seat: number): Person {
    const { time, ledger, servers } = this.#parts
    const home = servers[seat - 1]?.server
    if (home === undefined) throw new Error(`there is no server ${seat}`)
    const sent = (outbox: string): void => {
      for (const letter of ledger.letters.values())
        if (letter.outbox === outbox) this.#sent(letter, 'it was told to have left')
    }
    return new Person(name, new Device(machine, home, this.#parts), { time, ledger, sent, look: this.#parts.look })
  }

  /** As often as it takes. */
  signUp(name: string, seat: number): void {
    const person = this.enter(name, seat)
    person.isAway = true
    person.start()
    let isThere = false
    const tryIt = (): void => {
      if (isThere) return
      if (person.device.client !== null && person.calls.size === 0)
        void this.#signUp(person).then((is) => {
          isThere = is
        })
      this.#later(tryIt)
    }
    this.#later(tryIt)
  }

  async #signUp(person: Person): Promise<boolean> {
    const { name } = person
    const [password = ''] = person.passwords
    const outcome = await person.ask('sign up', (client) => client.signUp({ name, password }))
    person.tellSession()
    // It may have been done, and the answer lost: then there is the account, and its person logs in.
    const isThere = outcome.kind === 'done' || outcome.code === 'NAME_TAKEN'
    if (isThere) person.isAway = false
    if (outcome.kind === 'done') person.keep()
    return isThere
  }

  send(name: string, words: string, wish: LetterWish): void {
    const letter = this.ledger.letter(words, name, wish.to)
    this.#soon(name, async (person, client) => {
      const inReplyTo = wish.answers === undefined ? null : await this.#find(person, wish.answers)
      const attachments = await this.#files(person, wish.file)
      if (attachments === null) return
      const draft = wish.draft === undefined ? undefined : this.#drafts.get(wish.draft)
      const discarding = wish.draft === undefined ? null : this.#draftOf(name, wish.draft).begin('none')
      if (this.ledger.letters.get(words)?.told !== 'open' || person.device.client !== client) return
      const outcome = await person.ask(`send ${words}`, () =>
        client.send({
          ...{ to: wish.to, subject: words, body: `the body of ${words}` },
          ...(inReplyTo === null ? {} : { inReplyTo }),
          ...(attachments.length === 0 ? {} : { attachments }),
          ...(wish.holdMs === undefined ? {} : { holdMs: wish.holdMs }),
          ...(draft === undefined ? {} : { draft }),
        }),
      )
      if (outcome.kind === 'done') {
        const { value } = outcome
        if ('mail' in value) this.#sent(letter, value.mail)
        else {
          letter.outbox = value.outbox
          if (letter.told === 'open') this.ledger.told(letter, 'waits', value.reason.kind)
        }
      } else {
        const told = isOpenQuestion(outcome.code) ? 'open' : 'refused'
        this.ledger.told(letter, told, `${outcome.code}: ${outcome.message}`)
        if (told === 'refused') discarding?.refused()
      }
    })
  }

  undo(name: string, words: string, keep: 'draft' | 'nothing' = 'nothing'): void {
    const letter = this.ledger.letters.get(words)
    this.#soon(name, async (person) => {
      if (letter === undefined || letter.outbox === null || letter.told !== 'waits') return
      const outbox = documentId(letter.outbox)
      const becomes = keep === 'draft' ? this.#draftOf(name, words).begin(`the body of ${words}`) : null
      this.ledger.told(letter, 'may be undone', 'begun')
      const outcome = await person.ask(`undo ${words}`, (client) =>
        client.cancelOutbox(keep === 'draft' ? { outbox, keep } : { outbox }),
      )
      if (outcome.kind === 'done') {
        this.ledger.told(letter, 'undone', 'told so')
        becomes?.done()
        return
      }
      const told = isOpenQuestion(outcome.code) ? 'may be undone' : outcome.code === 'NO_SUCH_MAIL' ? 'sent' : 'waits'
      if ((letter.told as string) !== 'sent') this.ledger.told(letter, told, outcome.code)
    })
  }

  draft(name: string, words: string, text: string): void {
    this.#soon(name, async (person) => {
      const draft = this.#drafts.get(words)
      const saving = this.#draftOf(name, words).begin(text)
      const letter = { to: ['bob'], subject: words, body: text }
      // Who does not know what it was called writes another one: then there are two.
      const second = this.ledger.register(`${name}'s other draft ${words}`, 'none')
      const writing = draft === undefined ? second.begin(text) : null
      const outcome = await person.ask(`save ${words}`, (client) =>
        client.saveDraft(draft === undefined ? letter : { ...letter, draft }),
      )
      if (outcome.kind === 'done') {
        this.#drafts.set(words, documentId(outcome.value.draft))
        writing?.refused()
      }
      settle(saving, outcome)
    })
  }

  discard(name: string, words: string): void {
    this.#soon(name, async (person) => {
      const draft = this.#drafts.get(words)
      if (draft === undefined) return
      const discarding = this.#draftOf(name, words).begin('none')
      settle(discarding, await person.ask(`discard ${words}`, (client) => client.discardDraft({ draft })))
    })
  }

  read(name: string, words: string): void {
    this.#soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      // Where the mark cannot be made the mail is shown all the same.
      this.ledger.register(`${name}: ${words}: read`, 'no').begin('yes')
      const outcome = await person.ask(`read ${words}`, (client) => client.read({ mail }))
      if (outcome.kind === 'done' && outcome.value.body !== `the body of ${words}`)
        this.ledger.violations.push(`wrong body: ${words}: ${outcome.value.body}`)
    })
  }

  mark(name: string, words: string, mark: Mark): void {
    const [about, value] = markAbout[mark]
    this.#soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      const marking = this.ledger
        .register(`${name}: ${words}: ${about}`, about === 'place' ? 'inbox' : 'no')
        .begin(value)
      settle(marking, await person.ask(`${mark} ${words}`, (client) => client.mark({ mails: [mail], mark })))
    })
  }

  remove(name: string, words: string): void {
    this.#soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      const removing = this.ledger.register(`${name}: ${words}: place`, 'inbox').begin('deleted')
      settle(removing, await person.ask(`delete ${words}`, (client) => client.delete({ mail })))
    })
  }

  emptyTrash(name: string): void {
    this.#soon(name, async (person) => {
      const places = [...this.ledger.registers].filter(
        ([about, register]) =>
          about.startsWith(`${name}: `) && about.endsWith(': place') && register.possible.includes('trash'),
      )
      const removing = places.map(([, register]) => {
        const isSure = register.possible.length === 1
        return { isSure, ...register.begin('deleted') }
      })
      const outcome = await person.ask('empty the trash', (client) => client.emptyTrash())
      for (const one of removing) if (outcome.kind !== 'done' || one.isSure) settle(one, outcome)
    })
  }

  post(name: string, text: string): void {
    this.#soon(name, async (person) => {
      const posting = this.ledger.register(`${name}'s post ${text}`, '0').begin('1')
      settle(posting, await person.ask(`post ${text}`, (client) => client.post({ text })))
    })
  }

  follow(name: string, whom: string, wish: 'follow' | 'unfollow'): void {
    this.#soon(name, async (person) => {
      const register = this.ledger.register(`${name} follows ${whom}`, 'no')
      const following = register.begin(wish === 'follow' ? 'yes' : 'no')
      settle(following, await person.ask(`${wish} ${whom}`, (client) => client[wish]({ name: whom })))
    })
  }

  unposted(name: string, text: string): void {
    this.#soon(name, async (person) => {
      const writing = this.ledger.register(`${name}'s unposted text`, '').begin(text)
      settle(writing, await person.ask(`save ${text}`, (client) => client.saveUnposted({ text })))
    })
  }

  changePassword(name: string, newPassword: string): void {
    this.#soon(name, async (person) => {
      await changePasswordAt(person, this.ledger, newPassword)
    })
  }

  logOut(name: string): void {
    this.#soon(name, async (person) => {
      await person.ask('log out', (client) => client.logOut())
      person.tellSession()
      person.keep()
    })
  }

  /** With a new phrase; the one of the sign-up is known to nobody here. */
  resetPassword(name: string, newPassword: string): void {
    this.#soon(name, async (person) => {
      const [password = ''] = person.passwords.toReversed()
      const phrase = await person.ask('renew the phrase', (client) => client.renewRecoveryPhrase({ password }))
      if (phrase.kind === 'refused') return
      const { recoveryPhrase } = phrase.value
      const changing = this.ledger.register(`${name}'s password`, password).begin(newPassword)
      const outcome = await person.ask('reset the password', (client) =>
        client.resetPassword({ name, recoveryPhrase, newPassword }),
      )
      person.tellSession()
      if (outcome.kind === 'done') person.keep()
      settle(changing, outcome)
    })
  }

  /** Nothing passes between the servers. */
  part(): void {
    this.#parts.lan.part()
  }

  meet(): void {
    this.#parts.lan.meet()
  }

  /** Nothing passes between somebody's machine and this server for so long. */
  hang(name: string, seat: number, forMs: number): void {
    const server = this.#parts.servers[seat - 1]
    if (server !== undefined) this.person(name).device.hang(server, forMs)
  }

  #sent(letter: LetterRecord, how: string): void {
    letter.sentMs = Math.min(letter.sentMs, this.#parts.time.nowMs)
    if (letter.told === 'undone') this.ledger.violations.push(`sent though it was taken back: ${letter.words}`)
    this.ledger.told(letter, 'sent', how)
  }

  #draftOf(name: string, words: string): Register<string> {
    return this.ledger.register(`${name}'s draft ${words}`, 'none')
  }

  async #files(person: Person, wish: LetterWish['file']): Promise<readonly DocumentId[] | null> {
    if (wish === undefined) return []
    if (wish === 'new') {
      const file = { name: 'a file.txt', content: Buffer.from('what is in the file').toString('base64') }
      const outcome = await person.ask('attach', (client) => client.attach(file))
      return outcome.kind === 'done' ? [documentId(outcome.value.attachment)] : null
    }
    const mail = await this.#find(person, wish.of)
    if (mail === null) return null
    const outcome = await person.ask('attach what came', (client) => client.attachFrom({ mail }))
    return outcome.kind === 'done' ? outcome.value.attachments.map(({ attachment }) => documentId(attachment)) : null
  }

  /** As soon as it is seen in the inbox or the trash; null when that does not happen. */
  async #find(person: Person, words: string): Promise<UpdateId | null> {
    for (let look = 0; look < mostLooks; look += 1) {
      if (this.#isOver || person.device.client === null) return null
      for (const folder of ['inbox', 'trash'] as const) {
        const outcome = await person.ask('look', (client) => client.list({ folder, limit: 50 }))
        if (outcome.kind === 'refused') continue
        const found = outcome.value.headers.find(({ subject }) => subject === words)
        if (found !== undefined) return found.mail
      }
      await new Promise<void>((over) => this.#parts.time.after(lookAgainMs, over))
    }
    return null
  }

  #soon(name: string, task: (person: Person, client: MailClient) => Promise<void>): void {
    if (this.#isOver) return
    const person = this.person(name)
    person.soon((client) => {
      if (!this.#isOver) void task(person, client)
    })
  }

  #later(task: () => void): void {
    this.#parts.time.after(lookAgainMs, task)
  }
}

export const changePasswordAt = async (person: Person, ledger: Ledger, newPassword: string): Promise<void> => {
  const [password] = person.passwords.toReversed()
  if (password === undefined || password === newPassword) return
  const register = ledger.register(`${person.name}'s password`, password)
  const changing = register.begin(newPassword)
  settle(
    changing,
    await person.ask('change the password', (client) => client.changePassword({ password, newPassword })),
  )
}

const settle = (change: ReturnType<Register<string>['begin']>, outcome: Outcome<unknown>): void => {
  if (outcome.kind === 'done') change.done()
  else if (!isOpenQuestion(outcome.code)) change.refused()
}

const markAbout: Readonly<Record<Mark, readonly [about: string, value: string]>> = {
  read: ['read', 'yes'],
  unread: ['read', 'no'],
  star: ['star', 'yes'],
  unstar: ['star', 'no'],
  trash: ['place', 'trash'],
  restore: ['place', 'inbox'],
}

export type { LetterRecord }
