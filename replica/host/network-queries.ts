import { maxDriftMs } from '../core/hybrid-clock.ts'
import type { InviteId, OriginId, Sequence, ServerId } from '../core/model/ids.ts'
import { allServerIds } from '../core/model/ids.ts'
import type { InviteRecord, SeatClaim } from '../core/model/image.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { GreetedPeer } from '../core/peers.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { heldFrom } from '../core/version-vector.ts'
import type { PeerLink } from './ports.ts'

const nothing: VersionVector = new Map()

/** All seats, those that are free included, as the group knows them here. */
export const networkSeats = (core: ReplicaCore, links: readonly PeerLink[], nowMs: number) => {
  const known = knownSequences(core)
  const promised = core.state.seats.promised(nowMs)
  return allServerIds.map((server) => {
    const holder = core.state.seats.holder(server)
    return holder === undefined ? freeSeat(server, promised.get(server) ?? null) : takenSeat(core, holder, known, links)
  })
}

const freeSeat = (server: ServerId, promised: InviteId | null) => ({
  server,
  state: 'free' as const,
  machine: null,
  promised,
  lagMs: null,
  lastSeenAt: null,
  clockOffMs: null,
  holds: {},
  behind: 0,
})

const takenSeat = (
  core: ReplicaCore,
  holder: SeatClaim,
  known: ReadonlyMap<SeatClaim, Sequence>,
  links: readonly PeerLink[],
) => {
  const { server, origin, peer } = holder
  const row = core.rows().get(origin) ?? nothing
  const session = core.peers.allGreeted().find((greeted) => greeted.peer === peer)
  const offMs = Math.round(session?.clockOffsetMs ?? 0)
  const behind = [...known].reduce((sum, [claim, most]) => sum + Math.max(0, most - heldFrom(row, claim.origin)), 0)
  return {
    server,
    state: stateOf(core, holder, session),
    machine: core.state.seats.machineOf(holder),
    promised: null,
    lagMs: links.find((link) => link.peer === peer)?.lagMs ?? null,
    lastSeenAt: core.seenMs.get(server) ?? null,
    clockOffMs: Math.abs(offMs) > maxDriftMs ? offMs : null,
    holds: Object.fromEntries([...known.keys()].map((claim) => [claim.server, heldFrom(row, claim.origin)])),
    behind,
  }
}

const stateOf = (core: ReplicaCore, { server, origin }: SeatClaim, session: GreetedPeer | undefined) => {
  if (origin === core.identity.origin) return 'here' as const
  if (core.paused.includes(server)) return 'paused' as const
  return session === undefined ? ('unreachable' as const) : ('connected' as const)
}

/** How much is known to exist of each seat's origin. */
const knownSequences = (core: ReplicaCore): ReadonlyMap<SeatClaim, Sequence> => {
  const rows = [...core.rows().values()]
  const most = (origin: OriginId): Sequence => Math.max(0, ...rows.map((row) => heldFrom(row, origin)))
  return new Map(core.state.seats.holders().map((claim) => [claim, most(claim.origin)]))
}

/**
 * What became of an invite; one that let a machine with a seat in before it was revoked was used. `clients` are the invites
 * that let clients without a replica in.
 */
const inviteState = (invite: InviteRecord, clients: ReadonlySet<InviteId>, nowMs: number) => {
  if (invite.admitted.length > 0) return 'used' as const
  if (invite.revoked) return 'revoked' as const
  if (clients.has(invite.invite)) return 'used' as const
  return invite.expiresAtMs <= nowMs ? ('expired' as const) : ('open' as const)
}

/** The invites that are known here, newest first. */
export const inviteList = (core: ReplicaCore, nowMs: number) => {
  const { seats } = core.state
  const clients = new Set(seats.clients().map(({ invite }) => invite))
  return seats
    .invites()
    .filter(({ expiresAtMs }) => expiresAtMs > 0)
    .sort((left, right) => right.expiresAtMs - left.expiresAtMs)
    .map((record) => ({ ...record, revoked: seats.isBarred(record.invite) }))
    .map((record) => ({
      invite: record.invite satisfies InviteId,
      expiresAt: record.expiresAtMs,
      state: inviteState(record, clients, nowMs),
      usedBy: record.admitted[0]?.server ?? null,
    }))
}

/** Seats that are free and promised to a machine that was let in and has not come yet, ascending, with the invites. */
export const promisedSeats = (core: ReplicaCore, nowMs: number) => {
  const promised = core.state.seats.promised(nowMs)
  return allServerIds.flatMap((server) => {
    const invite = promised.get(server)
    return invite === undefined || core.state.seats.holder(server) !== undefined ? [] : [{ server, invite }]
  })
}

/** Whether this install has its seat, as far as is known here. */
export const ownSeat = (core: ReplicaCore) => {
  if (core.isRetired) return 'retired' as const
  return core.hasLostSeat ? ('lost' as const) : ('held' as const)
}
