import type { LetIn, LetInBy } from '../client/contract/group.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import type { InviteId, ServerId } from '../core/model/ids.ts'
import type { Layout } from './mail-view.ts'
import { fitted, printableLine } from './text-width.ts'

type Network = Awaited<ReturnType<MailClient['network']>>
type Seat = Network['seats'][number]
type Change = Network['history'][number]
type Invite = Awaited<ReturnType<MailClient['invites']>>['invites'][number]

const machineColumns = 20
const stateColumns = 24
const letInColumns = 24
const shownChanges = 10
const inviteChars = 8
const msPerSecond = 1_000

/** The group's machines and what happened to the view, for people. */
export const networkLines = (network: Network, { style, nowMs }: Layout): readonly string[] => [
  `${style.bold(printableLine(network.groupName))}, seen from server ${network.server} (${printableLine(network.machine)}); notes are compared every ${network.syncIntervalMs} ms`,
  ...network.seats.map((seat) => seatLine(seat, nowMs)),
  ...(network.history.length === 0 ? [] : ['', 'What happened, newest first:']),
  ...network.history.slice(0, shownChanges).map((change) => `  ${changeLine(change)}`),
  ...network.warnings.map((warning) => style.warning(`! ${printableLine(warning)}`)),
]

const seatLine = (seat: Seat, nowMs: number): string => {
  const name = fitted(printableLine(seat.machine ?? '-'), machineColumns)
  return `  ${seat.server}  ${name}  ${fitted(stateText(seat, nowMs), stateColumns)}  ${behindText(seat)}`.trimEnd()
}

const stateText = ({ state, promised, lagMs, lastSeenAt }: Seat, nowMs: number): string => {
  switch (state) {
    case 'free':
      return promised === null ? 'free' : 'promised'
    case 'here':
      return 'this server'
    case 'paused':
      return 'paused'
    case 'connected':
      return lagMs === null ? 'connected' : `connected, ${Math.round(lagMs)} ms away`
    case 'unreachable':
      return lastSeenAt === null ? 'not reachable' : `last seen ${agoText(nowMs - lastSeenAt)} ago`
  }
}

const behindText = ({ server, state, promised, behind, clockOffMs }: Seat): string => {
  if (promised !== null) return promiseText(server, promised)
  if (state === 'free') return ''
  const behindOf = behind === 0 ? 'has everything' : `${behind} updates behind`
  const clock = clockOffMs === null ? '' : `, clock ${Math.round(clockOffMs / msPerSecond)} s off`
  return behindOf + clock
}

/** For whom a seat is kept, and how it becomes free. */
export const promiseText = (server: ServerId, invite: InviteId): string =>
  `to a machine that was let in (invite ${invite.slice(0, inviteChars)}) and has not come yet; if it is gone for good, retire ${server} frees the seat`

const agoText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / msPerSecond))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}

/** "merged with 3, 4: 27 mails came in". */
const changeText = ({ joined, left, mailsIn }: Omit<Change, 'at' | 'number' | 'servers'>): string => {
  const parts = [
    ...(left.length > 0 ? [`split from ${left.join(', ')}`] : []),
    ...(joined.length > 0 ? [`merged with ${joined.join(', ')}`] : []),
  ]
  const mails = mailsIn === 0 ? '' : `: ${mailsIn} ${mailsIn === 1 ? 'mail' : 'mails'} came in`
  return parts.join(', ') + mails
}

const changeLine = (change: Change): string =>
  `${new Date(change.at).toISOString().slice(0, 19).replace('T', ' ')}  ${changeText(change)}`

/** An invite with its number in the list, for people. */
export const inviteLine = ({ expiresAt, state, usedBy }: Invite, number: number): string => {
  const used = usedBy === null ? '' : ` by server ${usedBy}`
  return `${String(number).padStart(3)}  ${fitted(`${state}${used}`, stateColumns)}  until ${new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ')}`
}

/** What a machine is called that was let in. */
export const letInName = ({ name, machine, server }: Pick<LetIn, 'name' | 'machine' | 'server'>): string => {
  const called = printableLine(name ?? machine ?? '-')
  return server === null ? called : `${called} (server ${server})`
}

const letInStates: Readonly<Record<LetIn['state'], string>> = {
  without: 'without a seat',
  client: 'client, no replica',
  seat: 'has its seat',
  superseded: 'has started over since',
  retired: 'retired',
}

/** A machine that was let in, with its number in the list, for people. */
export const letInLine = (one: LetIn, number: number, nowMs: number): string => {
  const state = one.here ? 'this server' : letInStates[one.state]
  const by = one.by.map((member: LetInBy) => letInName(member))
  const more = [
    ...(by.length === 0 ? [] : [`let in by ${by.join(' and ')}`]),
    ...(one.at === null ? [] : [`${agoText(nowMs - one.at)} ago`]),
    ...(one.connected ? ['connected now'] : []),
  ]
  const line = `${String(number).padStart(3)}  ${fitted(letInName(one), letInColumns)}  ${fitted(state, stateColumns)}`
  return `${line}  ${more.join(', ')}`.trimEnd()
}
