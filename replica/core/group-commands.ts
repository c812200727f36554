import type { Command } from './effects.ts'
import type { Decision } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import type { PeerId } from './model/ids.ts'
import type { SystemChange } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'

/** What members decide about the group and its machines. */
export type GroupCommand = Extract<Command, { kind: 'retire' | 'revoke' | 'renameGroup' | 'renameMachine' | 'reissue' }>

/** Decides on a command about the group against the state; `self` is who carries it out. */
export const decideOnGroup = (state: GroupState, command: GroupCommand, self: PeerId): Decision => {
  switch (command.kind) {
    case 'retire':
      return retire(state, command, self)
    case 'revoke':
      return revoke(state, command)
    case 'renameGroup':
      return write({ kind: 'group', name: command.name })
    case 'renameMachine':
      return write({ kind: 'machineName', name: command.name })
    case 'reissue':
      return reissue(state, command.change)
  }
}

const retire = (state: GroupState, { machine }: Extract<Command, { kind: 'retire' }>, self: PeerId): Decision => {
  const claim = state.seats.claimOf(machine)
  if (claim === undefined || state.seats.holder(claim.server)?.origin !== machine)
    return refuse('NO_SUCH_SERVER', 'This machine has no seat any more: it was retired or replaced meanwhile.')
  if (claim.peer === self)
    return refuse('BAD_REQUEST', `Server ${claim.server} is this machine: ask another member to retire it.`)
  return write({ kind: 'retirement', retired: machine })
}

const revoke = (state: GroupState, { invite: id }: Extract<Command, { kind: 'revoke' }>): Decision => {
  const invite = state.seats.invite(id)
  if (invite === undefined || invite.expiresAtMs === 0) return refuse('BAD_INVITE', 'There is no such invite.')
  if (invite.admitted.length > 0)
    return refuse('INVITE_USED', 'This invite has been used already: to shut the machine out, retire it.')
  return write({ kind: 'revocation', invite: id })
}

const needless = refuse('BAD_REQUEST', 'The others know of this already, or it has lost its meaning.')

/** What a copy had that nobody else has is written anew: a wish that was carried out is not refused for what came meanwhile. */
const reissue = (state: GroupState, change: Extract<Command, { kind: 'reissue' }>['change']): Decision => {
  if (!('payload' in change)) return isKnown(state, change) ? needless : write(change)
  const { command, account } = change.change
  const before = state.commands.get(command)
  if (before !== undefined) return { kind: 'done', update: before.update, clock: before.clock }
  // What a deleted account had sent still arrives; nothing else of it means anything.
  const readers = change.change.kind === 'mail' ? change.change.to : []
  return [account, ...readers].every((person) => state.accounts.isDeleted(person)) ? needless : write(change)
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
