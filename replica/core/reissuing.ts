import type { Decision } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import type { Command } from './effects.ts'
import type { Clock } from './model/ids.ts'
import { markedBy, meantBy } from './model/meant.ts'
import type { PersonChange, SystemChange } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'
import { isUnset, noRegisters, registersOf } from './state/mark-registers.ts'

const needless = refuse('BAD_REQUEST', 'The others know of this already, or it has lost its meaning.')

/**
 * Decides on what a copy had that nobody else has: a wish that was carried out is not refused for what came meanwhile, unless
 * the same person's later word would be undone by writing it anew.
 */
export const decideOnReissue = (
  state: GroupState,
  { change, clock, reason }: Extract<Command, { kind: 'reissue' }>,
): Decision => {
  if (!('payload' in change)) return isKnown(state, change) ? needless : write(change)
  const { command, account } = change.change
  if (change.aims !== undefined) return wouldChange(state, change.change, clock) ? write(change) : needless
  const before = state.commands.get(command)
  if (before !== undefined) return { kind: 'done', update: before.update, clock: before.clock }
  if (reason === 'to know its name') return needless
  // What a deleted account had sent still arrives; nothing else of it means anything.
  const readers = change.change.kind === 'mail' ? change.change.to : []
  const isForNobody = [account, ...readers].every((person) => state.accounts.isDeleted(person))
  return isForNobody || isOvertaken(state, change.change, clock) ? needless : write(change)
}

/** Of these the last word counts, and written anew this one would become it. */
const isOvertaken = (state: GroupState, change: PersonChange, clock: Clock): boolean => {
  switch (change.kind) {
    case 'document':
      return state.documents.lastClock(change.account, change.document) > clock
    case 'follow':
      return state.follows.lastClock(change.account, change.whom) > clock
    case 'marks': {
      const { mark, account } = change
      if (mark === 'delete') return false
      const { read, star, trash } = registersOf(mark, clock)
      return markedBy(change).some((meant) => {
        const entry = state.mails.findMeant(meant)
        if (entry === undefined) return false
        const set = state.mails.registersOf(entry, account)
        return (read > 0 && set.read > read) || (star > 0 && set.star > star) || (trash > 0 && set.trash > trash)
      })
    }
    case 'account':
    case 'accountDeletion':
    case 'accountKeys':
    case 'mail':
    case 'read':
    case 'deletion':
    case 'post':
    case 'postDeletion':
      return false
  }
}

/**
 * Whether a mark that is aimed at what was written anew says something new. That its command is known says nothing: where it was
 * written first it meant a mail that is not there.
 */
const wouldChange = (state: GroupState, change: PersonChange, clock: Clock): boolean => {
  const { account } = change
  if (isOvertaken(state, change, clock)) return false
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
      return seats.isRetired(change.retired)
    // Of the seat itself, and of names, what holds now is what the others know.
    case 'seat':
    case 'machineName':
    case 'group':
      return true
  }
}
