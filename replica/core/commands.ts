import type { Command } from './effects.ts'
import { msToClock } from './model/clock.ts'
import type { AccountId, CommandId, InviteId, ServerId, UpdateId } from './model/ids.ts'
import { allServerIds, seatCount, splitUpdateId, tagsAgree } from './model/ids.ts'
import { limits } from './model/limits.ts'
import { type Meant, meantBy } from './model/meant.ts'
import type { DocumentChange, ForgettingChange } from './model/mailbox-changes.ts'
import type { FollowChange, PostDeletionChange } from './model/social-changes.ts'
import type { PersonChange, SignedChange } from './model/updates.ts'
import { foldName } from './model/fold-name.ts'
import type { Decision, Writer } from './decisions.ts'
import { refuse, write } from './decisions.ts'
import { decideOnGroup } from './group-commands.ts'
import { LogRoom } from './log-room.ts'
import { decideOnReissue } from './reissuing.ts'
import type { Outcome } from './state/execution-table.ts'
import type { GroupState } from './state/group-state.ts'

/** What commands of the same step, not applied yet, have taken. */
export interface Reserved {
  readonly names: Set<string>
  /** By whom each was given. */
  readonly commands: Map<CommandId, AccountId>
  readonly seats: Set<ServerId>
  readonly invites: Set<InviteId>
}

export const nothingReserved = (): Reserved => ({
  names: new Set(),
  commands: new Map(),
  seats: new Set(),
  invites: new Set(),
})

/** Decides on a command against the state and what this step has reserved. */
export const decide = (
  state: GroupState,
  command: Command,
  nowMs: number,
  writer: Writer,
  reserved: Reserved,
): Decision => {
  switch (command.kind) {
    case 'found':
      return write(
        { kind: 'seat', server: command.server, peer: writer.peer, machine: command.machine, replaces: null },
        { kind: 'group', name: command.groupName },
      )
    case 'claim':
      return write({
        kind: 'seat',
        server: command.server,
        peer: writer.peer,
        machine: command.machine,
        replaces: command.replaces,
      })
    case 'invite':
      return write({ kind: 'invite', invite: command.invite, expiresAtMs: command.expiresAtMs })
    case 'admit':
      return admit(state, command, { nowMs, writer, reserved })
    case 'admitClient':
      return admitClient(state, command, nowMs, reserved)
    case 'submit':
      return submit(state, command.signed, nowMs, reserved)
    case 'retire':
    case 'disown':
    case 'shutOut':
    case 'revoke':
    case 'renameGroup':
    case 'renameMachine':
      return decideOnGroup(state, command, writer)
    case 'reissue':
      return reissue(state, command, writer.next, reserved)
  }
}

const reissue = (
  state: GroupState,
  command: Extract<Command, { kind: 'reissue' }>,
  next: UpdateId,
  reserved: Reserved,
): Decision => {
  if (!('payload' in command.change)) return decideOnReissue(state, command, next)
  const { change } = command.change
  const given = givenInThisStep(change, reserved)
  if (given !== null) return given
  const decision = decideOnReissue(state, command, next)
  if (decision.kind === 'write') reserved.commands.set(change.command, change.account)
  return decision
}

const unknownInvite = refuse(
  'BAD_INVITE',
  'This member does not know that invite. Ask for a new one, or try again when the member that made it is reachable.',
)
const revokedInvite = refuse('INVITE_REVOKED', 'This invite has been revoked. Ask a member for a new one.')
const usedInvite = refuse(
  'INVITE_USED',
  'This invite has been used. Each invite lets one machine in; ask for a new one.',
)
const expiredInvite = refuse('INVITE_EXPIRED', 'This invite has expired. Ask a member for a new one.')

const noRoom = refuse(
  'TOO_MANY',
  `This server, or the one that made the invite, has let in more machines than the others have room for: the group holds the logs of ${limits.logsBegun} at most. Join by an invite of another server, at that server, and see in the list of who was let in who lets in so many.`,
)

/** When, who carries the command out, and what its step has reserved. */
interface Occasion {
  readonly nowMs: number
  readonly writer: Writer
  readonly reserved: Reserved
}

const admit = (
  state: GroupState,
  command: Extract<Command, { kind: 'admit' }>,
  { nowMs, writer, reserved }: Occasion,
): Decision => {
  const invite = state.seats.invite(command.invite)
  if (invite === undefined || invite.expiresAtMs === 0) return unknownInvite
  if (state.seats.retiredAs(command.peer) !== undefined)
    return refuse(
      'RETIRED',
      'This machine was retired: start it with --reset and the invite, so that it joins as another one.',
    )
  const before = invite.admitted.find((admitted) => admitted.peer === command.peer)
  if (before === undefined && state.seats.isBarred(command.invite)) return revokedInvite
  if (before !== undefined) {
    // Its answer was lost on the way, and it asks again, here or elsewhere.
    const change = { kind: 'admission', invite: command.invite, peer: command.peer, server: before.server } as const
    return { kind: 'write', changes: [change], server: before.server }
  }
  const isClients = state.seats.clients().some((client) => client.invite === command.invite)
  if (invite.admitted.length > 0 || isClients || reserved.invites.has(command.invite)) return usedInvite
  if (invite.expiresAtMs <= nowMs) return expiredInvite
  const promised = state.seats.promised(nowMs)
  const isFree = (server: ServerId): boolean =>
    state.seats.holder(server) === undefined && !promised.has(server) && !reserved.seats.has(server)
  const server = command.server ?? allServerIds.find(isFree)
  if (server === undefined) return refuse('NO_SEAT_FREE', noSeatMessage([...promised.keys()]))
  if (!isFree(server)) return refuse('SEAT_TAKEN', seatTakenMessage(state, server, isFree))
  const makers = state.seats.inviters().flatMap(({ invite: made, by }) => (made === command.invite ? [by] : []))
  if (!new LogRoom(state).mayLetIn([splitUpdateId(writer.next).origin, ...makers])) return noRoom
  reserved.seats.add(server)
  reserved.invites.add(command.invite)
  return { kind: 'write', changes: [{ kind: 'admission', invite: command.invite, peer: command.peer, server }], server }
}

/** As `admit`, without a seat: all servers are the client's. */
const admitClient = (
  state: GroupState,
  { invite: id, peer, machine }: Extract<Command, { kind: 'admitClient' }>,
  nowMs: number,
  reserved: Reserved,
): Decision => {
  const invite = state.seats.invite(id)
  if (invite === undefined || invite.expiresAtMs === 0) return unknownInvite
  const clients = state.seats.clients().filter((client) => client.invite === id)
  const isHere = clients.some((client) => client.peer === peer)
  if (invite.revoked || (!isHere && state.seats.isBarred(id))) return revokedInvite
  if (!isHere) {
    const isUsed = invite.admitted.length > 0 || clients.length > 0 || reserved.invites.has(id)
    if (isUsed) return usedInvite
    if (invite.expiresAtMs <= nowMs) return expiredInvite
  }
  reserved.invites.add(id)
  return write({ kind: 'clientAdmission', invite: id, peer, machine })
}

const seatTakenMessage = (state: GroupState, server: ServerId, isFree: (server: ServerId) => boolean): string => {
  const holder = state.seats.holder(server)
  const free = allServerIds.filter(isFree)
  const choice = free.length === 0 ? 'No seat is free.' : `Free seats: ${free.join(', ')}.`
  const whose = holder === undefined ? promisedTo : `taken by ${state.seats.machineOf(holder)}.`
  return `Server id ${server} is ${whose} ${choice}`
}

const promisedTo = 'promised to a machine that was let in and has not come yet: if it is gone for good, retire it.'

const noSeatMessage = (promised: readonly ServerId[]): string => {
  const taken = `All ${seatCount} seats of this group are taken.`
  return promised.length === 0 ? taken : `${taken} Server id ${promised.join(', ')} is ${promisedTo}`
}

const submit = (state: GroupState, signed: SignedChange, nowMs: number, reserved: Reserved): Decision => {
  const { change } = signed
  const before = executedBefore(state, change)
  if (before !== null) return { kind: 'done', ...before }
  const refused = givenInThisStep(change, reserved) ?? checkChange(state, change, nowMs, reserved)
  if (refused !== null) return refused
  reserved.commands.set(change.command, change.account)
  if (change.kind === 'account') reserved.names.add(foldName(change.name))
  return { kind: 'write', changes: [signed], server: null }
}

/** Null when nobody has given a command of this name in this step. */
const givenInThisStep = ({ command, account }: PersonChange, reserved: Reserved): Decision | null => {
  const by = reserved.commands.get(command)
  if (by === undefined) return null
  if (by === account) return { kind: 'joins', command }
  return refuse('BUSY', 'Somebody else has just given a command of the same name. Try again in a moment.')
}

/**
 * What became of the same command when this person gave it before, here or at another server whose update has come; null when they
 * did not.
 */
export const executedBefore = (state: GroupState, change: PersonChange): Outcome | null => {
  const outcome = state.executions.outcomeOf(change)
  if (outcome !== null) return outcome
  const before = state.commands.get(change.command)
  if (before === undefined || isAnothers(state, before.update, change.account)) return null
  return { update: before.update, clock: before.clock }
}

/** A mail or post of somebody else, who used this command's name: not what became of the command. */
const isAnothers = ({ mails, posts }: GroupState, update: UpdateId, account: AccountId): boolean => {
  const by = mails.find(update)?.from ?? posts.find(update)?.account
  return by !== undefined && by !== account
}

/** Null when the change may be written. */
const checkChange = (state: GroupState, change: PersonChange, nowMs: number, reserved: Reserved): Decision | null => {
  if (change.kind === 'account') return checkAccount(state, change.account, change.name, reserved)
  if (state.accounts.get(change.account) === undefined)
    return refuse('NO_SUCH_ACCOUNT', 'This account does not exist (any more).')
  switch (change.kind) {
    case 'accountDeletion':
    case 'accountKeys':
      return null
    case 'mail': {
      const unknown = change.to.filter((account) => state.accounts.get(account) === undefined)
      return unknown.length === 0
        ? null
        : refuse('NO_SUCH_ACCOUNT', `${unknown.length} of the recipients do not exist (any more).`)
    }
    case 'read':
    case 'deletion':
    case 'marks':
      return checkOwned(state, change.account, meantBy(change))
    case 'document':
      return checkDocument(state, change)
    case 'forgetting':
      return checkForgetting(state, change, nowMs)
    case 'post':
      return null
    case 'postDeletion':
      return checkPost(state, change)
    case 'follow':
      return checkFollow(state, change)
  }
}

const checkAccount = (state: GroupState, account: AccountId, name: string, reserved: Reserved): Decision | null => {
  const isTaken = state.accounts.named(name) !== undefined || reserved.names.has(foldName(name))
  if (isTaken) return refuse('NAME_TAKEN', `The name "${name}" is taken. Choose another one, or log in.`)
  if (state.accounts.isDeleted(account))
    return refuse('NO_SUCH_ACCOUNT', 'This account was deleted; sign up again with new keys.')
  return null
}

/** Of several mails some may have been deleted meanwhile, by another client of this person; but all must have come here. */
const checkOwned = (state: GroupState, account: AccountId, mails: readonly Meant[]): Decision | null => {
  let owned = 0
  for (const { id, tag } of mails) {
    const mail = state.mails.find(id)
    if (mail !== undefined && !tagsAgree(mail.tag, tag)) return isAnother(id)
    if (mail !== undefined && state.mails.isOwnedBy(mail, account)) owned += 1
    if (!hasCome(state, id)) return noSuchMail(state, id)
  }
  return owned > 0 ? null : noSuchMail(state, mails[0]?.id)
}

/** A log has forked: an old copy of a machine was restored and written to. */
const isAnother = (id: UpdateId): Decision =>
  refuse(
    'NO_SUCH_MAIL',
    `The mail ${id} that was looked at is not here: by this name the server has another one. Look at the list again.`,
  )

const noSuchMail = (state: GroupState, id: UpdateId | undefined): Decision =>
  refuse('NO_SUCH_MAIL', id === undefined ? 'No mail is named.' : missingMail(state, id))

const hasCome = (state: GroupState, id: UpdateId): boolean => {
  const { origin, sequence } = splitUpdateId(id)
  return sequence <= state.held(origin)
}

/** Why a person who asks for this mail is told NO_SUCH_MAIL. What has not come here may well be at another server. */
export const missingMail = (state: GroupState, id: UpdateId): string =>
  hasCome(state, id)
    ? `There is no mail ${id} in your mailbox.`
    : `There is no mail ${id} here: it has not come to this server yet, or never was.`

const checkDocument = (state: GroupState, { account, document, state: after }: DocumentChange): Decision | null => {
  const isNew = after === 'written' && state.documents.get(account, document) === undefined
  if (!isNew || state.documents.countOf(account) < limits.documentsPerAccount) return null
  const most = limits.documentsPerAccount
  return refuse('TOO_MANY', `You can keep ${most} drafts and waiting mails at most. Send or discard some.`)
}

const checkForgetting = (state: GroupState, change: ForgettingChange, nowMs: number): Decision | null => {
  // Until then nothing could be written: each document would have to be said later than that.
  if (change.saidUpTo > msToClock(nowMs))
    return refuse('BAD_REQUEST', 'What is yet to come cannot be forgotten: a clock is wrong, here or at the server.')
  if (!state.documents.wouldLose(change)) return null
  return refuse('BAD_REQUEST', 'Drafts or waiting mails would be forgotten that are here and were not deleted.')
}

const checkPost = (state: GroupState, { account, post, tag }: PostDeletionChange): Decision | null => {
  const found = state.posts.findMeant({ id: post, tag })
  if (found === undefined) return refuse('NO_SUCH_POST', `There is no post ${post} (any more).`)
  return found.account === account ? null : refuse('NOT_ALLOWED', 'Only its author can take a post back.')
}

const checkFollow = (state: GroupState, { account, whom, state: after }: FollowChange): Decision | null => {
  if (account === whom && after === 'follows')
    return refuse('BAD_REQUEST', 'You cannot follow yourself; your own posts can be shown with those of others.')
  if (state.accounts.get(whom) !== undefined) return null
  return refuse('NO_SUCH_ACCOUNT', 'This account does not exist (any more).')
}
