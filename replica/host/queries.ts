import { executedBefore, missingMail } from '../core/commands.ts'
import { clockToMs } from '../core/model/clock.ts'
import type { AccountId, OriginId, PeerId, Sequence, ServerId, UpdateId } from '../core/model/ids.ts'
import { updateId } from '../core/model/ids.ts'
import type { AccountRecord } from '../core/model/image.ts'
import type { PersonChange } from '../core/model/updates.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { overtaken } from '../core/words.ts'
import { foldName, sortedByName } from '../core/model/fold-name.ts'
import { likePattern } from '../core/state/like-pattern.ts'
import type { MailEntry, MailPlace } from '../core/state/mail-entry.ts'
import type { FolderName } from '../core/state/mail-folders.ts'
import { placeBits } from '../core/state/mail-folders.ts'
import { isOn } from '../core/state/mark-registers.ts'

/** A mail as its account sees it, without content. */
export interface MailView extends MailPlace {
  readonly mail: UpdateId
  readonly from: AccountId
  readonly fromName: string
  readonly to: readonly AccountId[]
  readonly toNames: readonly string[]
  readonly sentAt: number
  readonly read: boolean
  readonly markedUnread: boolean
  readonly starred: boolean
  readonly inTrash: boolean
  readonly conversation: UpdateId | null
}

export interface MailPage {
  readonly mails: readonly MailView[]
  readonly total: number
  readonly unread: number
  readonly hasMore: boolean
}

export interface Named {
  readonly record: AccountRecord
  /** What the account is called now. */
  readonly name: string
}

export interface Seat {
  readonly server: ServerId
  readonly origin: OriginId
  readonly peer: PeerId
  readonly machine: string
  readonly isReachable: boolean
}

/** A page of a folder, newest first, from before `before`, or from the mail at an offset. */
export const mailPage = (
  core: ReplicaCore,
  account: AccountId,
  folder: FolderName,
  limit: number,
  from: MailPlace | number,
): MailPage => {
  const mailbox = core.state.mails.mailbox(account)
  const index = mailbox.index(folder)
  const found = typeof from === 'number' ? index.pageAt(limit + 1, from) : index.page(limit + 1, from)
  const mails = found.slice(0, limit).map((mail) => viewOf(core, mail, account))
  return { mails, total: index.size, unread: mailbox.unread(folder), hasMore: found.length > limit }
}

/** Ids of a folder's mails, newest first, from before `before`; `limit` mails are looked at. */
export const mailNames = (
  core: ReplicaCore,
  { account, folder, only }: { account: AccountId; folder: FolderName; only: 'all' | 'unread' },
  limit: number,
  before: MailPlace | null,
): { readonly mails: readonly UpdateId[]; readonly next: MailPlace | null } => {
  const { mails } = core.state
  const found = mails.mailbox(account).index(folder).page(limit, before)
  const isUnread = (mail: MailEntry): boolean => (mails.placeOf(mail, account) & placeBits.unread) !== 0
  const chosen = only === 'all' ? found : found.filter(isUnread)
  const next = found.length === limit ? (found.at(-1) ?? null) : null
  return { mails: chosen.map(({ origin, sequence }) => updateId(origin, sequence)), next }
}

/** A mail of which `account` has a copy; null otherwise. */
export const ownedMail = (core: ReplicaCore, account: AccountId, id: UpdateId): MailView | null => {
  const mail = core.state.mails.find(id)
  // By the name that was asked for: a mail that was given to two servers has two.
  return mail !== undefined && core.state.mails.isOwnedBy(mail, account)
    ? { ...viewOf(core, mail, account), mail: id }
    : null
}

/** Why a person who asks for this mail does not get it: a sentence for people. */
export const whyMissing = ({ state }: ReplicaCore, id: UpdateId): string => missingMail(state, id)

/** Which of `accounts` have this mail in their inbox. */
export const recipientsAmong = (
  core: ReplicaCore,
  accounts: Iterable<AccountId>,
  origin: OriginId,
  sequence: Sequence,
): ReadonlyMap<AccountId, MailView> => {
  const mail = core.state.mails.get(origin, sequence)
  const views = new Map<AccountId, MailView>()
  if (mail === undefined) return views
  for (const account of accounts) if (mail.to.includes(account)) views.set(account, viewOf(core, mail, account))
  return views
}

export const findAccounts = (
  core: ReplicaCore,
  names: readonly string[],
  accounts: readonly AccountId[],
): readonly Named[] => {
  const table = core.state.accounts
  const found = new Set([...names.map((name) => table.named(name)), ...accounts.map((account) => table.get(account))])
  return [...found].flatMap((record) => (record === undefined ? [] : [named(core, record)]))
}

/** Everybody whose name is like `like` and comes after `after`, ascending by name. */
export const findPeople = (core: ReplicaCore, like: string, after: string | null) => {
  const matches = likePattern(like)
  const { online } = core
  const from = after === null ? null : foldName(after)
  const people = core.state.accounts.records().flatMap((record) => {
    const { name } = named(core, record)
    const { account, clock } = record
    const folded = foldName(name)
    if (!matches(folded) || (from !== null && folded <= from)) return []
    const servers = online.get(account) ?? []
    return [{ account, name, online: servers.length > 0, servers, signedUpAt: clockToMs(clock) }]
  })
  return sortedByName(people, ({ name }) => name)
}

export const seats = (core: ReplicaCore): readonly Seat[] =>
  core.state.seats.holders().map((claim) => ({
    server: claim.server,
    origin: claim.origin,
    peer: claim.peer,
    machine: core.state.seats.machineOf(claim),
    isReachable: core.view.servers.includes(claim.server),
  }))

const named = (core: ReplicaCore, record: AccountRecord): Named => ({
  record,
  name: core.state.accounts.nameOf(record.account) ?? record.name,
})

const viewOf = (core: ReplicaCore, mail: MailEntry, account: AccountId): MailView => {
  const nameOf = (person: AccountId): string => core.state.accounts.nameOf(person) ?? ''
  const { origin, sequence, clock, from, to } = mail
  const place = core.state.mails.placeOf(mail, account)
  const { read, star } = core.state.mails.registersOf(mail, account)
  return {
    mail: updateId(origin, sequence),
    origin,
    sequence,
    clock,
    from,
    fromName: nameOf(from),
    to,
    toNames: to.map(nameOf),
    sentAt: clockToMs(clock),
    read: (place & placeBits.unread) === 0,
    markedUnread: read !== 0 && !isOn(read),
    starred: isOn(star),
    inTrash: (place & placeBits.trash) !== 0,
    conversation: core.state.mails.conversationOf(mail),
  }
}

/** The seats' holders, and where they can be dialled as far as is known here. */
export const members = (core: ReplicaCore) =>
  core.state.seats.holders().map(({ server, peer, machine }) => ({
    server,
    peer,
    machine,
    addresses: core.addresses.get(peer) ?? [],
  }))

/** What became of a person's wish that was carried out before, here or at another server; null when it was not. */
export const outcomeOf = (core: ReplicaCore, change: PersonChange): ReturnType<typeof executedBefore> =>
  executedBefore(core.state, change)

/** With what a word is answered instead of being written: what became of it before, or that it is to be said anew. Null when it is to be written. */
export const answerUnwritten = (core: ReplicaCore, change: PersonChange, nowMs: number) => {
  const outcome = outcomeOf(core, change)
  if (outcome !== null) return outcome
  const why = overtaken(core.state, change, nowMs)
  return why === null ? null : { overtaken: why }
}
