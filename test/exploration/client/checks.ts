import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import type { Header, OutboxEntry } from '../../../replica/client/contract/mailbox.ts'
import type { Ledger, LetterRecord } from './ledger.ts'
import type { Person } from './person.ts'
import type { Window } from './window.ts'

const logInMs = 1_000

/** What a client shows its person. */
export interface Shown {
  readonly inbox: readonly Header[]
  readonly sent: readonly Header[]
  readonly trash: readonly Header[]
  readonly drafts: readonly { readonly subject: string; readonly body: string }[]
  readonly outbox: readonly OutboxEntry[]
  readonly leftOut: number
  readonly unposted: string
  /** What is found of all mails, by a word that each has. */
  readonly found: readonly string[]
  readonly posts: readonly string[]
  readonly follows: readonly string[]
  /** Who there is. */
  readonly names: readonly string[]
}

export const shownBy = async (client: MailClient, name: string): Promise<Shown> => {
  const folder = async (one: 'inbox' | 'sent' | 'trash'): Promise<readonly Header[]> =>
    (await client.list({ folder: one, limit: 100 })).headers
  const [inbox, sent, trash] = [await folder('inbox'), await folder('sent'), await folder('trash')]
  const [drafts, outbox] = [await client.drafts(), await client.outbox()]
  const search = { query: 'body in:anywhere', limit: 100, until: 'indexed' } as const
  const { headers: found } = await client.search(search)
  const { posts } = await client.posts({ name, limit: 50 })
  const { accounts } = await client.accounts({ like: '*' })
  return {
    ...{ inbox, sent, trash, drafts: drafts.drafts, outbox: outbox.entries },
    leftOut: (drafts.leftOut ?? 0) + (outbox.leftOut ?? 0),
    unposted: (await client.unposted()).text,
    found: found.map(({ mail }) => mail).sort(),
    posts: posts.map(({ text }) => text),
    names: accounts.map((person) => person.name),
    follows: accounts.filter(({ followed }) => followed).map((person) => person.name),
  }
}

/** In words that can be compared. */
export const asText = ({ inbox, sent, trash, drafts, outbox, ...rest }: Shown): string =>
  JSON.stringify({
    ...{ inbox: inbox.map(headerText).sort(), sent: sent.map(headerText).sort(), trash: trash.map(headerText).sort() },
    drafts: drafts.map(({ subject, body }) => `${subject}: ${body}`).sort(),
    outbox: outbox.map(({ subject, reason }) => `${subject}: ${reason.kind}`).sort(),
    ...rest,
  })

const headerText = ({ mail, subject, read, starred }: Header): string => `${mail} ${subject} ${read} ${starred}`

const count = (headers: readonly Header[], words: string): number =>
  headers.filter(({ subject }) => subject === words).length

/** Whether what is found is what there is. */
export const unfound = ({ inbox, sent, trash, found }: Shown): readonly string[] => {
  const all = [...new Set([...inbox, ...sent, ...trash].map(({ mail }) => mail))].sort()
  return all.join() === found.join() ? [] : [`not found as it is: ${all.join()} and ${found.join()}`]
}

/** Those that were sent one right after the other, called by their numbers, stand in their order. */
const disorder = (name: string, { sent }: Shown): readonly string[] => {
  const burst = sent.filter(({ subject }) => subject.startsWith('burst')).map(({ subject }) => subject)
  return burst.join() === burst.toSorted().toReversed().join() ? [] : [`not in order: ${name}: ${burst.join()}`]
}

/** Whether there is still something that is about to happen by itself. */
export const isUnsettled = (shown: Shown): boolean => shown.outbox.some(({ reason }) => reason.kind !== 'unknownNames')

/** What is not as people were told. */
export const untruths = (ledger: Ledger, shown: ReadonlyMap<string, Shown>): readonly string[] => [
  ...[...ledger.letters.values()].flatMap((letter) => letterUntruths(letter, ledger, shown)),
  ...[...ledger.registers].flatMap(([about]) => registerUntruths(about, ledger, shown)),
  ...[...shown].flatMap(([, { names }]) =>
    names.filter((name) => name.includes('~')).map((name) => `signed up twice: ${name}`),
  ),
  ...[...shown].flatMap(([name, one]) => disorder(name, one)),
  ...[...shown].flatMap(([name, { leftOut }]) => (leftOut > 0 ? [`cannot be opened: ${leftOut} of ${name}`] : [])),
]

interface Found {
  readonly sent: number
  readonly waiting: readonly OutboxEntry[]
  readonly drafted: number
  readonly copies: readonly { readonly name: string; readonly found: number; readonly mayBeGone: boolean }[]
}

const letterUntruths = (letter: LetterRecord, ledger: Ledger, all: ReadonlyMap<string, Shown>): readonly string[] => {
  const { words, from, to, told, story } = letter
  const writer = all.get(from)
  if (writer === undefined) return []
  const found: Found = {
    sent: count(writer.sent, words) + (to.includes(from) ? 0 : count(writer.trash, words)),
    waiting: writer.outbox.filter(({ subject }) => subject === words),
    drafted: writer.drafts.filter(({ subject }) => subject === words).length,
    copies: to.flatMap((name) => {
      const shown = all.get(name)
      if (shown === undefined) return []
      const places = ledger.registers.get(`${name}: ${words}: place`)?.possible ?? []
      const copies = count(shown.inbox, words) + count(shown.trash, words)
      return [{ name, found: copies, mayBeGone: places.includes('deleted') }]
    }),
  }
  const { sent, waiting, drafted, copies } = found
  const problems = [...impossible(found)]
  const isUnknown = to.some((name) => !all.has(name))
  if (waiting.some(({ reason }) => reason.kind !== 'unknownNames') || (waiting.length > 0 && !isUnknown))
    problems.push('waits for ever')
  const places = sent + waiting.length
  if (told === 'sent' && sent === 0) problems.push('told to be sent, and is not')
  if (told === 'waits' && places === 0) problems.push('told to wait, and lost')
  if (told === 'may be undone' && places + drafted === 0 && mustBeKept(ledger, from, words))
    problems.push('lost while it was taken back')
  if ((told === 'refused' || told === 'undone') && places > 0) problems.push(`told to be ${told}, and is sent`)
  const counts = copies.map((copy) => `${copy.name} ${copy.found}`).join(', ')
  return problems.map(
    (what) =>
      `${what}: "${words}" (${story.join('; ')}): sent ${sent}, waiting ${waiting.length}, drafts ${drafted}, ${counts}`,
  )
}

/** Whatever its writer was told. */
const impossible = ({ sent, waiting, copies }: Found): readonly string[] => {
  const isTwice = sent > 1 || copies.some(({ found }) => found > 1)
  const isApart = copies.some(({ found, mayBeGone }) => found !== Math.min(sent, 1) && !(found === 0 && mayBeGone))
  return [
    ...(isTwice ? ['sent twice'] : []),
    ...(isApart ? ['not the same for all'] : []),
    ...(sent > 0 && waiting.length > 0 ? ['sent, and still waiting'] : []),
  ]
}

/** Whether each mail that came while its recipient was logged in was told once. A little while after the log-in counts to it. */
export const untold = (
  ledger: Ledger,
  { inbox }: Shown,
  { inSinceMs, window }: { readonly inSinceMs: number; readonly window: Pick<Window, 'told'> },
): readonly string[] =>
  inbox.flatMap(({ subject, read, own }) => {
    const sentMs = ledger.letters.get(subject)?.sentMs ?? Infinity
    const told = window.told.get(subject) ?? 0
    if (told > 1) return [`told of it ${told} times: ${subject}`]
    const isDue = !read && !own && sentMs !== Infinity && sentMs > inSinceMs + logInMs
    return told === 0 && isDue ? [`never told that it came: ${subject}`] : []
  })

/** Of a draft that was written in several places each version that nobody wrote on, and whose client runs, must be there. */
export const lostVersions = (
  ledger: Ledger,
  { name, device }: Pick<Person, 'name' | 'device'>,
  { drafts }: Shown,
): readonly string[] =>
  ledger
    .lastVersions()
    .filter((version) => version.name === name && version.writer === device.client)
    .filter(({ words }) => ledger.register(`${name}'s draft ${words}`, 'none').isKept)
    .filter(({ words, text }) => !drafts.some(({ subject, body }) => subject === words && body === text))
    .map(({ words, text }) => `a version of a draft is lost: ${name}: ${words}: "${text}"`)

/** Whether it was to become a draft. */
const mustBeKept = (ledger: Ledger, name: string, words: string): boolean =>
  ledger.registers.has(`${name}'s draft ${words}`)

const registerUntruths = (
  about: string,
  { registers, keptBoth }: Ledger,
  all: ReadonlyMap<string, Shown>,
): readonly string[] => {
  const possible = registers.get(about)?.possible ?? []
  const found = valueOf(about, all)
  const other = /^(\w+)'s draft (.+)$/.exec(about)
  const others = other === null ? [] : (registers.get(`${other[1]}'s other draft ${other[2]}`)?.possible ?? [])
  if (other !== null && keptBoth.has(other[1] ?? '') && isAmong(possible, all.get(other[1] ?? ''), other[2])) return []
  if (found === null || possible.includes(found) || (found !== 'none' && others.includes(found))) return []
  return [`not as told: ${about} is "${found}", and can be "${possible.join('" or "')}"`]
}

/** Whether a draft of several is as it can be. One that was sent may have been written on elsewhere, too. */
const isAmong = (possible: readonly string[], shown: Shown | undefined, words: string | undefined): boolean =>
  possible.includes('none') ||
  shown?.drafts.some(({ subject, body }) => subject === words && possible.includes(body)) === true

type ValueOf = (shown: Shown, what: string) => string | null

/** How a register is called, and what is shown of what it is about. */
const abouts: readonly (readonly [RegExp, ValueOf])[] = [
  [/^(\w+)'s draft (.+)$/, ({ drafts }, words) => drafts.find(({ subject }) => subject === words)?.body ?? 'none'],
  [/^(\w+): (.+: \w+)$/, (shown, what) => markOf(shown, what)],
  [/^(\w+)'s post (.+)$/, ({ posts }, text) => String(posts.filter((post) => post === text).length)],
  [/^(\w+) follows (\w+)$/, ({ follows }, whom) => (follows.includes(whom) ? 'yes' : 'no')],
  [/^(\w+)'s (unposted) text$/, ({ unposted }) => unposted],
]

const valueOf = (about: string, all: ReadonlyMap<string, Shown>): string | null => {
  for (const [form, value] of abouts) {
    const [, name = '', what = ''] = form.exec(about) ?? []
    const shown = all.get(name)
    if (shown !== undefined) return value(shown, what)
  }
  return null
}

const markOf = (shown: Shown, about: string): string | null => {
  const [words, what] = about.split(': ')
  const header = [...shown.inbox, ...shown.trash].find(({ subject }) => subject === words)
  if (what === 'place') return header === undefined ? 'deleted' : header.inTrash ? 'trash' : 'inbox'
  if (header === undefined) return null
  return (what === 'star' ? header.starred : header.read) ? 'yes' : 'no'
}
