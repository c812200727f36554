import { RequestFailure, type MailHeader, type MailProcess, type WholeMail } from '../../build/cluster/mail-process.ts'
import { mapLimited } from '../../build/cluster/limited.ts'
import { flags, type Ledger, type MailRecord, tokenOf } from './ledger.ts'

const pageHeaders = 500
const pagePosts = 100
const openedAtOnce = 16
const folders = ['inbox', 'sent', 'trash'] as const
type Folder = (typeof folders)[number]

interface Found {
  readonly header: WholeMail
  readonly folders: readonly Folder[]
}

export type AuditedClient = Pick<MailProcess, 'ask'>

export interface AuditOptions {
  readonly person: string
  /** Logged in as the person, at a server that agrees with all others. */
  readonly client: AuditedClient
  readonly ledger: Ledger
  /** `all`: every mail is opened. `new`: those that were not opened before. */
  readonly opens: 'all' | 'new'
}

/** Compares a person's mailbox, drafts and posts with the ledger. What is wrong, in sentences. */
export const audit = async (options: AuditOptions): Promise<readonly string[]> => {
  const wrong: string[] = []
  const found = await mailboxOf(options, wrong)
  for (const record of options.ledger.mailsOf(options.person))
    wrong.push(...compareMail(options, record, found.get(record.token)))
  await openMails(options, found, wrong)
  await compareDrafts(options, wrong)
  await comparePosts(options, wrong)
  return wrong.map((sentence) => `${options.person}: ${sentence}`)
}

/** The person's copies by token. Finds what is there twice, what belongs to nobody, and what is out of order. */
const mailboxOf = async (
  { person, client, ledger }: AuditOptions,
  wrong: string[],
): Promise<ReadonlyMap<number, Found>> => {
  const found = new Map<number, Found>()
  for (const folder of folders) {
    const headers = await headersOf(client, folder)
    const ordered = headers.filter(({ mail, subject }) => {
      const record = ledger.mails.get(tokenOf(subject) ?? 0)
      return record?.mail === mail && record.givenTo === 'one server'
    })
    wrong.push(...orderOf(ordered).map((sentence) => `in ${folder} ${sentence}`))
    wrong.push(...sendingOrderOf(ordered, ledger).map((sentence) => `in ${folder} ${sentence}`))
    const seen = new Set<number>()
    for (const header of headers) {
      const token = tokenOf(header.subject)
      const record = token === null ? undefined : ledger.mails.get(token)
      if (token === null || record === undefined) {
        wrong.push(`${header.mail} in ${folder} was written by nobody: "${header.subject}"`)
        continue
      }
      const before = found.get(token)
      if (seen.has(token) || (before !== undefined && before.header.mail !== header.mail))
        wrong.push(`[${token}] is there twice: ${header.mail} in ${folder}, and ${String(before?.header.mail)}`)
      if (record.from !== person && !record.to.includes(person)) wrong.push(`[${token}] in ${folder} is not theirs`)
      seen.add(token)
      found.set(token, { header, folders: [...(before?.folders ?? []), folder] })
    }
  }
  return found
}

const headersOf = async (client: AuditedClient, folder: Folder): Promise<readonly WholeMail[]> => {
  const headers: WholeMail[] = []
  for (let before: string | undefined; ;) {
    const mark = before === undefined ? {} : { before }
    const page = await client.ask('list', { folder, limit: pageHeaders, full: true, ...mark })
    headers.push(...(page.headers as readonly WholeMail[]))
    if (page.next === undefined) return headers
    before = page.next
  }
}

const splitName = (mail: string): readonly [string, number] => {
  const at = mail.lastIndexOf(':')
  return [mail.slice(0, at), Number(mail.slice(at + 1))]
}

/** Newest first: an origin's mails come in the order of its log. */
const orderOf = (headers: readonly MailHeader[]): readonly string[] => {
  const wrong: string[] = []
  const last = new Map<string, number>()
  for (const { mail } of headers) {
    const [origin, sequence] = splitName(mail)
    const before = last.get(origin) ?? Infinity
    if (sequence >= before) wrong.push(`${mail} stands below ${origin}:${before}`)
    last.set(origin, sequence)
  }
  return wrong
}

/** One that was acknowledged before another was written stands before it in the log of the one origin that took both. */
const sendingOrderOf = (headers: readonly MailHeader[], ledger: Ledger): readonly string[] => {
  const byOrigin = Map.groupBy(headers, ({ mail }) => splitName(mail)[0])
  return [...byOrigin.values()].flatMap((ofOrigin) => {
    const wrong: string[] = []
    let latest: MailRecord | null = null
    // From the oldest up: none may have been acknowledged before one that stands below it was even asked for.
    for (const { mail, subject } of ofOrigin.toReversed()) {
      const record = ledger.mails.get(tokenOf(subject) ?? 0)
      if (record?.mail !== mail || record.answeredMs === null) continue
      const below: MailRecord = latest ?? record
      if (record.answeredMs < below.askedMs)
        wrong.push(`[${record.token}] stands above [${below.token}], which was asked for later`)
      latest = record.askedMs > below.askedMs ? record : below
    }
    return wrong
  })
}

/** Notes what everybody agrees on now: it may not change any more by itself. */
const compareMail = (
  { person, ledger }: AuditOptions,
  record: MailRecord,
  found: Found | undefined,
): readonly string[] => {
  const { token } = record
  const copy = ledger.copy(person, token)
  if (found === undefined) {
    if (record.outcome !== 'done' || copy.deletion === 'done') return []
    if (copy.deletion === 'no') return [`[${token}] is lost: ${describe(record)}`]
    copy.deletion = 'done'
    return []
  }
  // Whoever has it proves that it was sent, and everybody must have it.
  if (record.outcome !== 'done') ledger.note({ seen: token, by: person })
  record.outcome = 'done'
  if (copy.deletion === 'done')
    return [`[${token}] was deleted and is back, as ${found.header.mail}: ${describe(record)}`]
  const wrong: string[] = []
  for (const flag of flags) {
    const is = found.header[flag]
    const choice = copy.flags[flag]
    // Who wrote a mail has read it.
    const isMoot = flag === 'read' && record.from === person
    const isWrong = !isMoot && !choice.allowed.includes(is)
    if (isWrong)
      wrong.push(`[${token}] has ${flag} ${is}, and should have ${choice.allowed.join(' or ')}: ${describe(record)}`)
    choice.settle(is)
  }
  const expected: readonly Folder[] = found.header.inTrash
    ? ['trash']
    : [
        ...(record.to.includes(person) ? (['inbox'] as const) : []),
        ...(record.from === person ? (['sent'] as const) : []),
      ]
  if (found.folders.join() !== expected.join())
    wrong.push(`[${token}] is in ${found.folders.join()}, not in ${expected.join()}: ${describe(record)}`)
  return wrong
}

const describe = ({ from, to, mail, outcome, askedMs }: MailRecord): string =>
  `${outcome} as ${mail ?? 'an outbox entry'}, from ${from} to ${to.join()}, asked at ${(askedMs / 1_000).toFixed(1)} s`

/** As their reader does. A conversation is opened without marking its mails read. */
const openMails = async (options: AuditOptions, found: ReadonlyMap<number, Found>, wrong: string[]): Promise<void> => {
  const { person, client, ledger, opens } = options
  const wanted = [...found].filter(([token]) => opens === 'all' || ledger.copy(person, token).opened === 'no')
  const conversations = new Set(wanted.map(([, { header }]) => header.conversation))
  const bodies = new Map<number, WholeMail>()
  await mapLimited([...conversations], openedAtOnce, async (conversation) => {
    const { mails } = await client.ask('conversation', { conversation, full: true })
    for (const mail of mails) bodies.set(tokenOf(mail.subject) ?? 0, mail)
  })
  await mapLimited(wanted, openedAtOnce, async ([token, { header }]) => {
    const record = ledger.mails.get(token)
    // A long conversation shows its newest mails only. Reading marks.
    if (!bodies.has(token)) ledger.copy(person, token).flags.read.ask(true)
    const mail = bodies.get(token) ?? (await openOne(client, header.mail))
    if (typeof mail === 'string') wrong.push(`[${token}] cannot be opened at the server: ${mail}`)
    else if (record !== undefined && isOther(mail, record)) wrong.push(`[${token}] has another content: ${mail.mail}`)
    else ledger.copy(person, token).opened = 'yes'
  })
}

const openOne = (client: AuditedClient, mail: string): Promise<WholeMail | string> =>
  client.ask('read', { mail, full: true }).then(
    (read) => read as WholeMail,
    (error: unknown) => (error instanceof RequestFailure ? error.message : String(error)),
  )

const isOther = (mail: WholeMail, record: MailRecord): boolean =>
  mail.subject !== record.subject ||
  mail.body !== record.body ||
  mail.from !== record.from ||
  [...mail.to].sort().join() !== [...record.to].sort().join()

const compareDrafts = async ({ person, client, ledger }: AuditOptions, wrong: string[]): Promise<void> => {
  const { drafts } = await client.ask('drafts')
  const byToken = Map.groupBy(drafts, ({ subject }) => tokenOf(subject) ?? 0)
  for (const record of [...ledger.drafts.values()].filter((draft) => draft.person === person)) {
    const { token, deletion } = record
    const found = byToken.get(token) ?? []
    const [first] = found
    if (found.length > 1) wrong.push(`draft [${token}] is there ${found.length} times`)
    if (first === undefined) {
      if (record.outcome === 'done' && deletion === 'no') wrong.push(`draft [${token}] is lost`)
      if (deletion !== 'no') record.deletion = 'done'
      continue
    }
    record.outcome = 'done'
    if (deletion === 'done') wrong.push(`draft [${token}] was discarded and is back`)
    if (first.body !== record.body) wrong.push(`draft [${token}] has another content`)
  }
}

const comparePosts = async ({ person, client, ledger }: AuditOptions, wrong: string[]): Promise<void> => {
  const shown: { readonly text: string }[] = []
  for (let before: string | undefined; ;) {
    const mark = before === undefined ? {} : { before }
    const page = await client.ask('posts', { name: person, limit: pagePosts, ...mark })
    shown.push(...page.posts)
    if (page.next === undefined) break
    before = page.next
  }
  const byToken = Map.groupBy(shown, ({ text }) => tokenOf(text) ?? 0)
  for (const record of [...ledger.posts.values()].filter(({ author }) => author === person)) {
    const found = byToken.get(record.token) ?? []
    const [first] = found
    if (found.length > 1) wrong.push(`post [${record.token}] is there ${found.length} times`)
    if (first === undefined) {
      if (record.outcome === 'done' && record.deletion === 'no') wrong.push(`post [${record.token}] is lost`)
      if (record.deletion !== 'no') record.deletion = 'done'
      continue
    }
    record.outcome = 'done'
    if (record.deletion === 'done') wrong.push(`post [${record.token}] was taken back and is there again`)
    if (first.text !== record.text) wrong.push(`post [${record.token}] has another text`)
  }
}
