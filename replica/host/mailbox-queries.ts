import { clockToMs, msToClock } from '../core/model/clock.ts'
import type { AccountId, Clock, DocumentId, OriginId, Sequence, ServerId, Tag, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import type { DocumentRecord } from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { Shelf } from '../core/model/mailbox-changes.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import type { DocumentTable } from '../core/state/document-table.ts'

/** A document without its content, and where that is. */
export interface DocumentView {
  readonly document: DocumentId
  readonly update: UpdateId
  readonly writtenAt: number
  readonly origin: OriginId
  readonly sequence: Sequence
}

export const countsOf = ({ state }: ReplicaCore, account: AccountId) => {
  const mailbox = state.mails.mailbox(account)
  return {
    inbox: mailbox.inbox.size,
    unread: mailbox.unread('inbox'),
    starred: mailbox.index('starred').size,
    sent: mailbox.sent.size,
    trash: mailbox.index('trash').size,
    drafts: state.documents.list(account, shelves.drafts).length,
    outbox: state.documents.list(account, shelves.outbox).length,
  }
}

/** Oldest first; of too many the newest. */
export const conversationOf = ({ state }: ReplicaCore, account: AccountId, id: UpdateId): readonly UpdateId[] =>
  state.mails
    .conversation(account, id)
    .slice(-limits.conversationMails)
    .map(({ origin, sequence }) => updateId(origin, sequence))

/**
 * Mails that `account` put into the trash before `beforeMs`, of those `among` (null: of all), oldest first, as many as one update can delete.
 * With `forMs` they are there for that long, by the clock of this machine and by those of most members. One that was sent
 * since then was put there by a clock that was behind.
 */
export const trashedBy = (
  core: ReplicaCore,
  account: AccountId,
  {
    beforeMs,
    forMs,
    among,
  }: { readonly beforeMs: number; readonly forMs: number | null; readonly among: readonly UpdateId[] | null },
  nowMs: number,
): readonly Meant[] => {
  const { mails } = core.state
  const trash = mails.mailbox(account).index('trash')
  const asked = among && new Set(among)
  const before = msToClock(forMs === null ? beforeMs : overMs(core, { beforeMs, forMs }, nowMs))
  return trash
    .page(trash.size, null)
    .filter((mail) => mails.registersOf(mail, account).trash < before * 2)
    .filter(({ clock }) => forMs === null || clock < before)
    .filter(({ origin, sequence }) => asked?.has(updateId(origin, sequence)) ?? true)
    .reverse()
    .slice(0, limits.marksPerUpdate)
    .map(({ origin, sequence, tag }) => ({ id: updateId(origin, sequence), tag }))
}

/** The time that is over for so long by the clock of this machine and by those of most members, and is before `beforeMs`. */
const overMs = (
  core: ReplicaCore,
  { beforeMs, forMs }: { readonly beforeMs: number; readonly forMs: number },
  nowMs: number,
): number => Math.min(beforeMs, Math.min(nowMs, core.peers.agreedMs(nowMs)) - forMs)

/**
 * What of `account`'s documents can be forgotten, said before `beforeMs` and for `forMs`. Null where more of then are there than can be named, or
 * something is kept that may be one and is not understood (yet).
 */
export const forgettableBy = (
  core: ReplicaCore,
  account: AccountId,
  over: { readonly beforeMs: number; readonly forMs: number },
  nowMs: number,
): ({ readonly saidUpTo: Clock } & ReturnType<DocumentTable['saidUpTo']>) | null => {
  if (core.state.later.records().length > 0) return null
  const saidUpTo = msToClock(Math.max(0, overMs(core, over, nowMs)))
  const { left, deleted } = core.state.documents.saidUpTo(account, saidUpTo)
  return left.length > limits.forgettingDocuments ? null : { saidUpTo, deleted, left }
}

/** Of each name the tag of `account`'s mail, or of anybody's post, that goes by it. */
export const tagsOf = (
  { state }: ReplicaCore,
  account: AccountId,
  names: readonly UpdateId[],
): readonly (Tag | null)[] =>
  names.map((id) => {
    const mail = state.mails.find(id)
    if (mail !== undefined && state.mails.isOwnedBy(mail, account)) return mail.tag
    return state.posts.find(id)?.tag ?? null
  })

export const documentsOn = ({ state }: ReplicaCore, account: AccountId, shelf: Shelf): readonly DocumentView[] =>
  state.documents.list(account, shelf).slice(0, limits.documentsPerAccount).map(viewOf)

export const documentOf = ({ state }: ReplicaCore, account: AccountId, document: DocumentId): DocumentView | null => {
  const record = state.documents.get(account, document)
  return record === undefined ? null : viewOf(record)
}

/** Where an update has arrived, of the seats in use. */
export const spreadOf = (
  core: ReplicaCore,
  update: UpdateId,
): { readonly heldBy: readonly ServerId[]; readonly waitingFor: readonly ServerId[] } => {
  const { origin, sequence } = splitUpdateId(update)
  const heldBy = core.holdersOf(origin, sequence)
  const inUse = core.state.seats.holders().map(({ server }) => server)
  return { heldBy, waitingFor: inUse.filter((server) => !heldBy.includes(server)) }
}

const viewOf = ({ document, origin, sequence, clock }: DocumentRecord): DocumentView => ({
  document,
  update: updateId(origin, sequence),
  writtenAt: clockToMs(clock),
  origin,
  sequence,
})
