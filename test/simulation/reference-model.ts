import type { AccountId, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { AccountRecord, SeatClaim, StateImage } from '../../replica/core/model/image.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { AccountChange, Update } from '../../replica/core/model/updates.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import {
  describeMailboxes,
  documentLines,
  mailboxLines,
  marksOf,
  pendingLines,
  type Marks,
} from './reference-mailbox.ts'

/**
 * What the state must be for a set of updates, written down as plainly as possible: no order, no joins, no pending
 * marks that become settled. Sorted lines, so that two of them can be compared and read.
 */
export const describeUpdates = (updates: Iterable<Update>): readonly string[] => {
  const all = [...updates]
  const deleted = new Set(all.flatMap(({ change }) => (change.kind === 'accountDeletion' ? [change.account] : [])))
  const ids = new Set(all.map(({ origin, sequence }) => updateId(origin, sequence)))
  const marks = marksOf(all)
  const lines = [
    ...[...deleted].map((account) => `deleted ${account}`),
    ...firstAccounts(all, deleted),
    ...pendingLines(marks, ids),
    ...documentLines(all, deleted),
  ]
  for (const update of all) lines.push(...linesOf(update, marks, deleted))
  return lines.sort()
}

/** The same lines from a replica's state. */
export const describeImage = (image: StateImage): readonly string[] =>
  [
    ...image.deletedAccounts.map((account) => `deleted ${account}`),
    ...image.accounts.map(accountLine),
    ...Array.from(mailRecords(image.mails), ({ origin, sequence, clock, from, to, marks }) =>
      mailLine(updateId(origin, sequence), clock, [from, ...to], marks),
    ),
    ...describeMailboxes(image),
    ...image.claims.map(({ origin, server, peer, clock }) => `seat ${server} ${origin} ${peer} ${clock}`),
    ...image.invites.flatMap(({ invite, expiresAtMs, admitted }) => [
      ...(expiresAtMs > 0 ? [`invite ${invite} ${expiresAtMs}`] : []),
      ...admitted.map(({ peer, server }) => `admitted ${invite} ${peer} ${server}`),
    ]),
  ].sort()

/** The updates that a vector names. */
export const updatesUpTo = (vector: VersionVector, known: ReadonlyMap<UpdateId, Update>): readonly Update[] =>
  [...known.values()].filter(({ origin, sequence }) => sequence <= heldFrom(vector, origin))

/** The claims that no other replaces, of each seat the earliest by clock, then peer id. */
export const holdersAmong = (claims: readonly SeatClaim[]): readonly SeatClaim[] => {
  const standing = claims.filter(({ origin }) => claims.every(({ replaces }) => replaces !== origin))
  const isBefore = (one: SeatClaim, two: SeatClaim): boolean =>
    one.clock < two.clock || (one.clock === two.clock && one.peer < two.peer)
  return standing.filter((claim) => !standing.some((other) => other.server === claim.server && isBefore(other, claim)))
}

/** Of several sign-ups of one account the earliest counts. */
const firstAccounts = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const first = new Map<AccountId, Update & { readonly change: AccountChange }>()
  for (const update of all) {
    if (!isSignUp(update) || deleted.has(update.change.account)) continue
    const before = first.get(update.change.account)
    const isEarlier =
      before === undefined ||
      update.clock < before.clock ||
      (update.clock === before.clock && splitUpdateId(updateId(update.origin, 1)).origin < before.origin)
    if (isEarlier) first.set(update.change.account, update)
  }
  return [...first.values()].map(({ change, clock, origin }) => accountLine({ ...change, clock, origin }))
}

const isSignUp = (update: Update): update is Update & { readonly change: AccountChange } =>
  update.change.kind === 'account'

const linesOf = (
  { origin, sequence, clock, change }: Update,
  marks: Marks,
  deleted: ReadonlySet<AccountId>,
): readonly string[] => {
  switch (change.kind) {
    case 'mail': {
      const id = updateId(origin, sequence)
      const owners = [change.account, ...change.to]
      const bits = owners.map(
        (owner) => (marks.get(id)?.get(owner)?.bits ?? 0) | (deleted.has(owner) ? markBits.deleted : 0),
      )
      const copies = owners.map((owner, copy) => ({ owner, isDeleted: ((bits[copy] ?? 0) & markBits.deleted) !== 0 }))
      if (copies.every(({ isDeleted }) => isDeleted)) return []
      return [mailLine(id, clock, owners, bits), ...mailboxLines(id, change.conversation, copies, marks)]
    }
    case 'seat':
      return [`seat ${change.server} ${origin} ${change.peer} ${clock}`]
    case 'invite':
      return [`invite ${change.invite} ${change.expiresAtMs}`]
    case 'admission':
      return [`admitted ${change.invite} ${change.peer} ${change.server}`]
    default:
      return []
  }
}

const accountLine = ({
  account,
  name,
  clock,
  origin,
}: Pick<AccountRecord, 'account' | 'name' | 'clock' | 'origin'>): string =>
  `account ${account} ${name} ${clock} ${origin}`

const mailLine = (id: UpdateId, clock: number, owners: readonly AccountId[], marks: readonly number[]): string =>
  `mail ${id} ${clock} ${owners.join()} ${marks.join()}`
