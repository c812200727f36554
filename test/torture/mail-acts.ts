import type { MailProcess, WholeMail } from '../../build/cluster/mail-process.ts'
import type { Random } from '../simulation/random.ts'
import { type CopyRecord, type Flag, type Ledger, subjectOf, tokenOf } from './ledger.ts'
import type { Person } from './person.ts'
import { sleep } from './system.ts'

const burstMails = 40
const listed = 30
const offsetMost = 200
const deletedAtOnce = 12
const bodyBytesMost = 12_000
const largeBodyBytes = 150_000
const recipientsAtMost = 3
const pauseMs = 700

/** Somebody who does something now. */
export interface Actor {
  readonly person: Person
  readonly random: Random
  readonly ledger: Ledger
  /** Whom one can write to. */
  readonly names: readonly string[]
  /** What must not be, as soon as it is seen. */
  readonly wrong: (sentence: string) => void
  /** The page of a folder that was looked at last, at whatever server; and the client that showed it: another one knows nothing of it. */
  page: readonly WholeMail[]
  shownBy: MailProcess | null
}

const shownPage = ({ person, page, shownBy }: Actor): readonly WholeMail[] => (person.client === shownBy ? page : [])

const changes = [
  { mark: 'star', flag: 'starred', value: true },
  { mark: 'unstar', flag: 'starred', value: false },
  { mark: 'trash', flag: 'inTrash', value: true },
  { mark: 'restore', flag: 'inTrash', value: false },
  { mark: 'read', flag: 'read', value: true },
  { mark: 'unread', flag: 'read', value: false },
] as const satisfies readonly { readonly mark: string; readonly flag: Flag; readonly value: boolean }[]

/** Whoever was logged out logs in again; what failed otherwise is left at that for a moment. */
export const heed = async ({ person, random }: Actor, code: string): Promise<void> => {
  if (code === 'NOT_LOGGED_IN') await person.logIn(person.machine, 'killed')
  else if (code !== 'NO_SUCH_MAIL') await sleep(random.waitMs(pauseMs))
}

export const send = async (actor: Actor, random: Random = actor.random): Promise<void> => {
  const { person, ledger, names } = actor
  const token = ledger.nextToken()
  const to = random.shuffled(names).slice(0, random.int(1, recipientsAtMost))
  const bytes = random.chance(0.02) ? largeBodyBytes : Math.ceil(random.next() * random.next() * bodyBytesMost)
  const body = `body of [${token}] ${Buffer.from(random.bytes(bytes)).toString('base64')}`
  const answered = random.chance(0.25) ? random.pick(shownPage(actor)) : undefined
  const subject = subjectOf(token, `of ${person.name}`)
  const record = ledger.mailAsked({ token, from: person.name, to, subject, body })
  const reply = answered === undefined ? {} : { inReplyTo: answered.mail }
  const { connection } = person
  const came = await person.ask(
    'send',
    { to, subject, body, ...reply },
    {
      done: (answer) => {
        if (person.connection !== connection) record.givenTo = 'perhaps several'
        ledger.mailDone(record, answer)
      },
      failed: () => {
        record.outcome = 'unknown'
      },
    },
  )
  if (came.kind === 'failed') await heed(actor, came.code)
}

/** Many at once, pipelined. */
export const burst = async (actor: Actor): Promise<void> => {
  const { random } = actor
  await Promise.all(Array.from({ length: random.int(2, burstMails) }, () => send(actor, random.fork())))
}

/** Looks at a page of a folder, now and then one of the older ones. */
export const look = async (actor: Actor): Promise<void> => {
  const { person, random } = actor
  const folder = random.pick(['inbox', 'inbox', 'inbox', 'sent', 'trash'] as const) ?? 'inbox'
  const offset = random.chance(0.5) ? 0 : random.int(0, offsetMost)
  const { client } = person
  const came = await person.ask('list', { folder, limit: listed, offset, full: true })
  actor.shownBy = client
  // Asked for with every field.
  if (came.kind === 'answered') actor.page = came.answer.headers as readonly WholeMail[]
  else if (came.kind === 'failed') await heed(actor, came.code)
}

interface Picked {
  readonly mail: string
  readonly token: number
  readonly copy: CopyRecord
}

const pick = (actor: Actor): Picked | null => {
  const { person, random, ledger } = actor
  const header = random.pick(shownPage(actor))
  const token = tokenOf(header?.subject ?? '')
  if (header === undefined || token === null) return null
  return { mail: header.mail, token, copy: ledger.copy(person.name, token) }
}

export const read = async (actor: Actor): Promise<void> => {
  const picked = pick(actor)
  if (picked === null) return look(actor)
  const { person, ledger, wrong } = actor
  const { mail, token, copy } = picked
  ledger.note({ do: 'read', who: person.name, token, mail })
  // The content is promised, the mark is not: a full disk does not keep anybody from reading.
  copy.flags.read.ask(true)
  const came = await person.ask(
    'read',
    { mail },
    {
      done: ({ subject, body }) => {
        const shown = tokenOf(subject) ?? 0
        if (ledger.mails.get(shown)?.body !== body)
          wrong(`${person.name} reads another content in ${mail}: "${subject}"`)
        if (shown === token) return
        // A log has forked: by this name the server of now has another mail, which has been read now. One looks again.
        ledger.copy(person.name, shown).flags.read.ask(true)
        actor.page = []
      },
      failed: () => undefined,
    },
  )
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const mark = async (actor: Actor): Promise<void> => {
  const picked = pick(actor)
  const change = actor.random.pick(changes)
  if (picked === null || change === undefined) return look(actor)
  const { person, ledger } = actor
  const { mail, token, copy } = picked
  const { flag, value } = change
  ledger.note({ do: change.mark, who: person.name, token, mail })
  copy.flags[flag].ask(value)
  const came = await person.ask(
    'mark',
    { mails: [mail], mark: change.mark },
    {
      done: () => {
        ledger.note({ marked: token, mark: change.mark, who: person.name })
        copy.flags[flag].acknowledge(value)
      },
      failed: () => undefined,
    },
  )
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const removeOne = async (actor: Actor): Promise<void> => {
  const picked = pick(actor)
  if (picked === null) return look(actor)
  const came = await actor.person.ask('delete', { mail: picked.mail }, removing(actor, [picked]))
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const removeMany = async (actor: Actor): Promise<void> => {
  const picked = new Map<number, Picked>()
  for (let tries = 0; tries < deletedAtOnce; tries += 1) {
    const one = pick(actor)
    if (one !== null) picked.set(one.token, one)
  }
  const all = [...picked.values()]
  if (all.length === 0) return look(actor)
  const mails = all.map(({ mail }) => mail)
  const came = await actor.person.ask('deleteMany', { mails }, removing(actor, all))
  if (came.kind === 'failed') await heed(actor, came.code)
}

/** Writes down that these copies are to be deleted, and what comes of it. */
const removing = ({ person, ledger }: Actor, picked: readonly Picked[]) => {
  const tokens = picked.map(({ token }) => token)
  const mails = picked.map(({ mail }) => mail)
  ledger.note({ do: 'delete', who: person.name, tokens, mails })
  const fresh = picked.filter(({ copy }) => copy.deletion === 'no')
  for (const { copy } of fresh) copy.deletion = 'asked'
  return {
    done: (): void => {
      ledger.note({ deleted: tokens, who: person.name })
      for (const { copy } of picked) copy.deletion = 'done'
    },
    failed: (): void => {
      for (const { copy } of fresh) if (copy.deletion === 'asked') copy.deletion = 'unknown'
    },
  }
}
