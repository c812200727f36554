import type { Command } from './effects.ts'
import type { Decision } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import type { PeerId } from './model/ids.ts'
import type { GroupState } from './state/group-state.ts'

/** What members decide about the group and its machines. */
export type GroupCommand = Extract<Command, { kind: 'retire' | 'revoke' | 'renameGroup' | 'renameMachine' }>

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
