import type { Command } from './effects.ts'
import type { Decision, Writer } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import { namesOf, splitUpdateId } from './model/ids.ts'
import type { GroupState } from './state/group-state.ts'

/** What members decide about the group and its machines. */
export type GroupCommand = Extract<
  Command,
  { kind: 'retire' | 'disown' | 'shutOut' | 'revoke' | 'renameGroup' | 'renameMachine' }
>

/** Decides on a command about the group against the state; `self` is who carries it out. */
export const decideOnGroup = (state: GroupState, command: GroupCommand, self: Writer): Decision => {
  switch (command.kind) {
    case 'retire':
      return retire(state, command, self)
    case 'disown':
      return disown(state, command, self)
    case 'shutOut':
      return shutOut(state, command, self)
    case 'revoke':
      return revoke(state, command)
    case 'renameGroup':
      return renameGroup(state, command.name)
    case 'renameMachine':
      return write({ kind: 'machineName', name: command.name })
  }
}

const retire = (state: GroupState, { machine }: Extract<Command, { kind: 'retire' }>, self: Writer): Decision => {
  const claim = state.seats.claimOf(machine)
  if (claim === undefined || state.seats.holder(claim.server)?.origin !== machine)
    return refuse('NO_SUCH_SERVER', 'This machine has no seat any more: it was retired or replaced meanwhile.')
  if (claim.peer === self.peer)
    return refuse('BAD_REQUEST', `Server ${claim.server} is this machine: ask another member to retire it.`)
  return write({ kind: 'retirement', retired: machine })
}

/** Before its log comes, by which it could take a seat where nobody sits any more. */
const disown = ({ seats }: GroupState, { machine }: Extract<Command, { kind: 'disown' }>, self: Writer): Decision => {
  if (namesOf(machine).includes(splitUpdateId(self.next).origin) || seats.isRetired(machine))
    return refuse('BAD_REQUEST', 'This machine is in use, or was retired already.')
  return write({ kind: 'retirement', retired: machine })
}

/** By each name that it can go by, whatever seat it says that it has: so those understand it, too, who know of retirements only. */
const shutOut = (state: GroupState, { machine }: Extract<Command, { kind: 'shutOut' }>, self: Writer): Decision => {
  const names = namesOf(machine)
  if (names.includes(splitUpdateId(self.next).origin))
    return refuse('BAD_REQUEST', 'This is the machine that was asked: ask another member to shut it out.')
  const wanted = names.filter((name) => !state.seats.hasRetired(name))
  if (wanted.length === 0) return refuse('NO_SUCH_SERVER', 'This machine has been shut out already.')
  return write(...wanted.map((retired) => ({ kind: 'retirement', retired }) as const))
}

/** A newcomer takes anybody's word for what group it is in, until it knows a group: by a name of its own it would let nobody in. */
const renameGroup = ({ seats }: GroupState, name: string): Decision =>
  seats.group === null
    ? refuse('BUSY', 'This machine has not met the others of its group yet. Try again when it has.')
    : write({ kind: 'group', name })

const revoke = (state: GroupState, { invite: id }: Extract<Command, { kind: 'revoke' }>): Decision => {
  const invite = state.seats.invite(id)
  if (invite === undefined || invite.expiresAtMs === 0) return refuse('BAD_INVITE', 'There is no such invite.')
  // Used on two sides of a partition, it may have let a client in as well, which has no other way to be shut out.
  const hasClients = state.seats.clients().some((client) => client.invite === id)
  const hasCome = invite.admitted.some(({ peer }) => state.seats.claims().some((claim) => claim.peer === peer))
  if (hasCome && !hasClients)
    return refuse('INVITE_USED', 'This invite has been used already: to shut the machine out, retire it.')
  return write({ kind: 'revocation', invite: id })
}
