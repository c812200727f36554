import type { Decision } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import type { Command } from './effects.ts'
import type { AccountId, Clock, UpdateId } from './model/ids.ts'
import type { CommandRecord } from './model/image.ts'
import type { DocumentChange, MarksChange } from './model/mailbox-changes.ts'
import { aimedAt, markedBy, type Meant, meantBy } from './model/meant.ts'
import type { PersonChange, SignedChange, SystemChange } from './model/updates.ts'
import { type Outcome, wishOf } from './state/execution-table.ts'
import type { GroupState } from './state/group-state.ts'
import { isUnset, noRegisters, registersOf } from './state/mark-registers.ts'

const needless = refuse('BAD_REQUEST', 'The others know of this already, or it has lost its meaning.')

/**
 * Decides on what a copy had that nobody else has: a wish that was carried out is not refused for what came meanwhile, unless
 * the same person's later word would be undone by writing it anew. `next`: the name that it gets if it is written.
 */
export const decideOnReissue = (
  state: GroupState,
  { change, clock, reason, deletions }: Extract<Command, { kind: 'reissue' }>,
  next: UpdateId,
): Decision => {
  if (!('payload' in change)) return isKnown(state, change) ? needless : write(change)
  if (reason === 'to have it once more') return write(change)
  const { account } = change.change
  if (change.aims !== undefined) {
    const rest = withoutOvertaken(state, change, clock)
    return rest !== null && wouldChange(state, rest.change, clock) ? write(rest) : needless
  }
  const before = carriedOut(state, change.change, clock)
  if (before !== null) return { kind: 'done', ...before }
  if (reason === 'to know its name') return needless
  // What a deleted account had sent still arrives; nothing else of it means anything.
  const readers = change.change.kind === 'mail' ? change.change.to : []
  const isForNobody = [account, ...readers].every((person) => state.accounts.isDeleted(person))
  const rest = isForNobody ? null : withoutOvertaken(state, change, clock)
  return rest === null ? needless : write(rest, ...(deletions?.(next) ?? []))
}

/**
 * What became of the same wish before; null when nothing did. That its command is known by name does not say so: somebody else, who had
 * seen it, may have used the name for something else.
 */
const carriedOut = (state: GroupState, change: PersonChange, clock: Clock): Outcome | null => {
  const outcome = state.executions.outcomeOf(change)
  if (outcome !== null) return outcome
  const before = state.commands.get(change.command)
  if (before === undefined) return null
  const isOther = wishOf(change) === null ? isMissing(state, change, clock) : isAnothers(state, before, change.account)
  return isOther ? null : { update: before.update, clock: before.clock }
}

/** Of what is neither here nor among the commands that are remembered for certain it cannot be told. */
const isAnothers = (
  { mails, posts, executions }: GroupState,
  { update, clock }: CommandRecord,
  account: AccountId,
): boolean => {
  const by = mails.find(update)?.from ?? posts.find(update)?.account
  return by === undefined ? !executions.mayHaveForgotten(clock) : by !== account
}

/** Whether the state does not show what the change says. Documents and follows are as they were said last. */
const isMissing = (state: GroupState, change: PersonChange, clock: Clock): boolean => {
  const { account } = change
  if (state.accounts.isDeleted(account)) return false
  switch (change.kind) {
    case 'account':
      return state.accounts.get(account) === undefined
    case 'accountDeletion':
      return true
    case 'accountKeys':
      return (state.accountKeys.get(account)?.generation ?? 0) < change.generation
    case 'document':
    case 'follow':
      return false
    case 'forgetting':
      return !state.documents.forgettings.knows(change)
    default:
      return wouldChange(state, change, clock)
  }
}

/**
 * What of a change its person has not said anew since: null when nothing is left. Of these the last word counts, and written anew
 * this one would become it.
 */
const withoutOvertaken = (state: GroupState, signed: SignedChange, clock: Clock): SignedChange | null => {
  const { change } = signed
  switch (change.kind) {
    case 'document':
      return isOvertakenDocument(state, change, clock) ? null : signed
    case 'follow':
      return state.follows.lastClock(change.account, change.whom) > clock ? null : signed
    case 'marks':
      return withoutOvertakenMarks(state, signed, change, clock)
    case 'forgetting':
      // What it would take away has come here by other ways: nobody has deleted it.
      return state.documents.forgettings.knows(change) || state.documents.wouldLose(change) ? null : signed
    case 'account':
    case 'accountDeletion':
    case 'accountKeys':
    case 'mail':
    case 'read':
    case 'deletion':
    case 'post':
    case 'postDeletion':
      return signed
  }
}

/** By what was said later, or by that what was said then is forgotten. */
const isOvertakenDocument = ({ documents }: GroupState, change: DocumentChange, clock: Clock): boolean =>
  documents.lastClock(change.account, change.document) > clock || !documents.forgettings.allows({ ...change, clock })

/** Mails that are marked by any name they may have cannot be left out (`aimedAt`): then all are, for the sake of one. */
const withoutOvertakenMarks = (
  state: GroupState,
  signed: SignedChange,
  change: MarksChange,
  clock: Clock,
): SignedChange | null => {
  const { mark, account } = change
  if (mark === 'delete') return signed
  const { read, star, trash } = registersOf(mark, clock)
  const isOvertaken = (meant: Meant): boolean => {
    const entry = state.mails.findMeant(meant)
    if (entry === undefined) return false
    const set = state.mails.registersOf(entry, account)
    return (read > 0 && set.read > read) || (star > 0 && set.star > star) || (trash > 0 && set.trash > trash)
  }
  const overtaken = markedBy(change).flatMap((meant) => (isOvertaken(meant) ? [meant.id] : []))
  if (overtaken.length === 0) return signed
  const rest = aimedAt(change, new Map(overtaken.map((id) => [id, null])))
  if (rest === null) return null
  const former = new Map([...(signed.aims ?? [])].map(([from, to]) => [to, from]))
  const aims = new Map([...(signed.aims ?? []), ...overtaken.map((id) => [former.get(id) ?? id, null] as const)])
  return { ...signed, change: rest, aims }
}

/**
 * Whether a mark that is aimed at what was written anew says something new. That its command is known says nothing: where it was
 * written first it meant a mail that is not there.
 */
const wouldChange = (state: GroupState, change: PersonChange, clock: Clock): boolean => {
  const { account } = change
  if (change.kind === 'postDeletion') return meantBy(change).some((meant) => state.posts.findMeant(meant) !== undefined)
  const sets = change.kind === 'marks' && change.mark !== 'delete' ? registersOf(change.mark, clock) : noRegisters
  return meantBy(change).some((meant) => {
    const mail = state.mails.findMeant(meant)
    if (mail === undefined || !state.mails.isOwnedBy(mail, account)) return false
    if (change.kind === 'read') return !state.mails.hasRead(mail, account)
    const { read, star, trash } = state.mails.registersOf(mail, account)
    return isUnset(sets) || sets.read > read || sets.star > star || sets.trash > trash
  })
}

const isKnown = (state: GroupState, change: SystemChange): boolean => {
  const { seats } = state
  switch (change.kind) {
    case 'invite':
      return seats.invite(change.invite)?.expiresAtMs === change.expiresAtMs
    case 'admission':
      return seats.invite(change.invite)?.admitted.some(({ peer }) => peer === change.peer) ?? false
    case 'clientAdmission':
      return seats.clients().some(({ peer }) => peer === change.peer)
    case 'revocation':
      return seats.invite(change.invite)?.revoked ?? false
    case 'retirement':
      return seats.hasRetired(change.retired)
    // Of the seat itself, and of names, what holds now is what the others know.
    case 'seat':
    case 'machineName':
    case 'group':
      return true
  }
}
