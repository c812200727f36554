import type { NetworkReport, NetworkSeat } from '../../replica/api/group-contract.ts'
import { serverId, type ServerId } from '../../replica/core/model/ids.ts'
import type { MemoryReplica } from './memory-replica.ts'

/** That of the other seat, if there is one. */
export const otherThan = (server: ServerId): ServerId => serverId(server === 5 ? 4 : 5)

/** What a replica in memory tells of its group: itself, and the other seat where that was heard or cannot be reached. */
export const networkOf = (replica: MemoryReplica): NetworkReport => {
  const { server, view, paused, isWhole, mails, accounts } = replica
  const lastSeenAt = replica.otherHeardAt()
  const nothing = { lagMs: null, lastSeenAt: null, clockOffMs: null, holds: {}, promised: null, behind: 0 }
  const here: NetworkSeat = { server, state: 'here', machine: 'memory', ...nothing }
  const state = isWhole ? 'connected' : 'unreachable'
  const other: NetworkSeat = { ...here, server: otherThan(server), state, lastSeenAt }
  const seats = isWhole && lastSeenAt === null ? [here] : [here, other]
  const none = { history: [], warnings: [], codedWarnings: [], diskBytes: 0, syncIntervalMs: 1_000 }
  const counts = { mails: mails.length, accounts: accounts.length }
  return { groupName: 'test', server, machine: 'memory', ownSeat: 'held', view, seats, paused, ...none, ...counts }
}
