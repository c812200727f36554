import type { AccountId, OriginId, Tag, UpdateId } from '../../replica/core/model/ids.ts'
import { anyTag, splitUpdateId, tagOf, tagsAgree, updateId } from '../../replica/core/model/ids.ts'
import type { AccountKeysRecord, AccountRecord, SeatClaim, StateImage } from '../../replica/core/model/image.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { mailRecords } from '../../replica/core/model/mail-columns.ts'
import { markedBy, type Meant, meantBy } from '../../replica/core/model/meant.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { AccountChange, MailChange, Update } from '../../replica/core/model/updates.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import {
  describeMailboxes,
  documentLines,
  mailboxLines,
  marksOf,
  pendingLines,
  type Marks,
} from './reference-mailbox.ts'
import { describeSocial, socialLines } from './reference-social.ts'

/**
 * What the state must be for a set of updates, written down as plainly as possible: no order, no joins, no pending
 * marks that become settled. Sorted lines, so that two of them can be compared and read.
 */
export const describeUpdates = (updates: Iterable<Update>): readonly string[] => {
  const all = [...updates]
  const deleted = new Set(all.flatMap(({ change }) => (change.kind === 'accountDeletion' ? [change.account] : [])))
  const mails = mailsOf(all)
  const marks = marksOf(withStandingNames(withoutMistaken(all), mails), idsOf(all))
  const lines = [
    ...[...deleted].map((account) => `deleted ${account}`),
    ...firstAccounts(all, deleted),
    ...lastKeys(all, deleted),
    ...pendingLines(marks),
    ...documentLines(all, deleted),
    ...socialLines(all, deleted),
    ...nameLines(all),
  ]
  for (const names of mails) lines.push(...mailLines(names, marks, deleted))
  for (const update of all) lines.push(...linesOf(update))
  return lines.sort()
}

/** The same lines from a replica's state. */
export const describeImage = (image: StateImage): readonly string[] =>
  [
    ...image.deletedAccounts.map((account) => `deleted ${account}`),
    ...image.accounts.map(accountLine),
    ...image.accountKeys.map(keysLine),
    ...Array.from(mailRecords(image.mails), ({ origin, sequence, clock, from, to, marks }) =>
      mailLine(updateId(origin, sequence), clock, [from, ...to], marks),
    ),
    ...describeMailboxes(image),
    ...describeSocial(image),
    ...image.claims.map(({ origin, server, peer, clock }) => `seat ${server} ${origin} ${peer} ${clock}`),
    ...image.retired.map(({ origin }) => `retired ${origin}`),
    ...(image.group === null ? [] : [`group ${image.group.name} ${image.group.clock}`]),
    ...image.machineNames.map(({ origin, name }) => `machine ${origin} ${name}`),
    ...image.clients.map(({ invite, peer, machine }) => `client ${invite} ${peer} ${machine}`),
    ...image.invites.flatMap(({ invite, expiresAtMs, admitted, revoked }) => [
      ...(revoked ? [`revoked ${invite}`] : []),
      ...(expiresAtMs > 0 ? [`invite ${invite} ${expiresAtMs}`] : []),
      ...admitted.map(({ peer, server }) => `admitted ${invite} ${peer} ${server}`),
    ]),
  ].sort()

/** The updates that a vector names. */
export const updatesUpTo = (vector: VersionVector, known: ReadonlyMap<UpdateId, Update>): readonly Update[] =>
  [...known.values()].filter(({ origin, sequence }) => sequence <= heldFrom(vector, origin))

interface Seats {
  claims(): readonly SeatClaim[]
  retired(): readonly OriginId[]
}

/** The claims that no other replaces, of machines that nobody retired by any of their claims, of each seat the earliest by clock, then peer id. */
export const holdersAmong = (seats: Seats): readonly SeatClaim[] => {
  const claims = seats.claims()
  const retired = claims.filter(({ origin }) => seats.retired().includes(origin)).map(({ peer }) => peer)
  const standing = claims.filter(
    ({ origin, peer }) => !retired.includes(peer) && claims.every(({ replaces }) => replaces !== origin),
  )
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

/** Of several changes of one account's keys the last counts: by generation, clock, origin. */
const lastKeys = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const changes = all.flatMap(({ change, clock, origin }) =>
    change.kind === 'accountKeys' && !deleted.has(change.account) ? [{ ...change, clock, origin }] : [],
  )
  const ascending = changes.sort(
    (one, two) => one.generation - two.generation || one.clock - two.clock || (one.origin < two.origin ? -1 : 1),
  )
  return [...new Map(ascending.map((keys) => [keys.account, keysLine(keys)])).values()]
}

/** The last name of the group, and of each machine. */
const nameLines = (all: readonly Update[]): readonly string[] => {
  const ascending = all.toSorted((one, two) => one.clock - two.clock || (one.origin < two.origin ? -1 : 1))
  const lines = new Map<string, string>()
  for (const { origin, clock, change } of ascending) {
    if (change.kind === 'group') lines.set('group', `group ${change.name} ${clock}`)
    if (change.kind === 'machineName') lines.set(origin, `machine ${origin} ${change.name}`)
  }
  return [...lines.values()]
}

const keysLine = ({ account, generation, clock, origin }: Omit<AccountKeysRecord, 'sealedKeys' | 'bytes'>): string =>
  `keys ${account} ${generation} ${clock} ${origin}`

const isSignUp = (update: Update): update is Update & { readonly change: AccountChange } =>
  update.change.kind === 'account'

type MailUpdate = Update & { readonly change: MailChange }

const isMail = (update: Update): update is MailUpdate => update.change.kind === 'mail'

/** One command is one mail, however many updates it became. Each list is ascending by clock, origin, sequence. */
const mailsOf = (all: readonly Update[]): readonly (readonly MailUpdate[])[] => {
  const mails = new Map<string, MailUpdate[]>()
  for (const update of all.filter(isMail)) {
    const { account, command, to, conversation } = update.change
    const wish = `${account} ${command} ${to.join()} ${conversation ?? ''}`
    mails.set(wish, [...(mails.get(wish) ?? []), update])
  }
  const isBefore = (one: Update, two: Update): number =>
    one.clock - two.clock ||
    (one.origin === two.origin ? one.sequence - two.sequence : one.origin < two.origin ? -1 : 1)
  return [...mails.values()].map((names) => names.sort(isBefore))
}

const idsOf = (all: readonly Update[]): ReadonlySet<UpdateId> =>
  new Set(all.map(({ origin, sequence }) => updateId(origin, sequence)))

/** A mark whose name is that of another mail than the one that it means marks nothing. */
const withoutMistaken = (all: readonly Update[]): readonly Update[] => {
  const tags = new Map<UpdateId, Tag>()
  for (const { origin, sequence, change } of all)
    if (change.kind === 'mail') tags.set(updateId(origin, sequence), tagOf(change.command))
  const isMeant = ({ id, tag }: Meant): boolean => tagsAgree(tag, tags.get(id) ?? anyTag)
  return all.flatMap((update): readonly Update[] => {
    const { change } = update
    if (change.kind === 'read' || change.kind === 'deletion') return meantBy(change).every(isMeant) ? [update] : []
    if (change.kind !== 'marks') return [update]
    const meant = markedBy(change).filter(isMeant)
    const [mails, meantTags] = [meant.map(({ id }) => id), meant.map(({ tag }) => tag)]
    return [{ ...update, change: { ...change, mails, tags: meantTags } }]
  })
}

/** The updates with every mark on the name under which its mail stands. */
const withStandingNames = (all: readonly Update[], mails: readonly (readonly MailUpdate[])[]): readonly Update[] => {
  const standing = new Map<UpdateId, UpdateId>()
  const idOf = ({ origin, sequence }: Update): UpdateId => updateId(origin, sequence)
  for (const names of mails) {
    const last = names.at(-1)
    if (last !== undefined) for (const name of names) standing.set(idOf(name), idOf(last))
  }
  const stands = (id: UpdateId): UpdateId => standing.get(id) ?? id
  return all.map((update): Update => {
    const { change } = update
    if (change.kind === 'marks') return { ...update, change: { ...change, mails: change.mails.map(stands) } }
    if (change.kind !== 'read' && change.kind !== 'deletion') return update
    return { ...update, change: { ...change, mail: stands(change.mail) } }
  })
}

/** The latest name stands, at the earliest time, with the marks on all names. */
const mailLines = (names: readonly MailUpdate[], marks: Marks, deleted: ReadonlySet<AccountId>): readonly string[] => {
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return []
  const owners = [last.change.account, ...last.change.to]
  const id = updateId(last.origin, last.sequence)
  const bits = owners.map(
    (owner) => (marks.get(id)?.get(owner)?.bits ?? 0) | (deleted.has(owner) ? markBits.deleted : 0),
  )
  const copies = owners.map((owner, copy) => ({ owner, isDeleted: ((bits[copy] ?? 0) & markBits.deleted) !== 0 }))
  if (copies.every(({ isDeleted }) => isDeleted)) return []
  return [mailLine(id, first.clock, owners, bits), ...mailboxLines(id, last.change.conversation, copies, marks)]
}

const linesOf = ({ origin, clock, change }: Update): readonly string[] => {
  switch (change.kind) {
    case 'seat':
      return [`seat ${change.server} ${origin} ${change.peer} ${clock}`]
    case 'invite':
      return [`invite ${change.invite} ${change.expiresAtMs}`]
    case 'revocation':
      return [`revoked ${change.invite}`]
    case 'clientAdmission':
      return [`client ${change.invite} ${change.peer} ${change.machine}`]
    case 'retirement':
      return [`retired ${change.retired}`]
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
