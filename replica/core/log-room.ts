import type { OriginId, PeerId, ServerId } from './model/ids.ts'
import { allServerIds, seatCount, seatOf } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { Batch } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'
import type { SeatTable } from './state/seat-table.ts'

/** What of the room for logs each seat has for itself. */
export const logsPerSeat = Math.floor((limits.logsBegun - limits.logsBegunFreely) / seatCount)

interface SeatRoom {
  /** Who has the seat, and what that was before it started over. */
  readonly line: ReadonlySet<OriginId>
  /** Logs held here that are of installs which those have let in, or became. */
  readonly logs: number
}

/**
 * The room for logs of others. Who may let machines in can make up as many installs as it likes. So from half of the room on only those logs
 * begin whose install was let in by the holder of a seat, or goes on for it, and each seat has a part of its own: whoever makes installs up
 * exhausts that of its seat, and machines join by the others.
 */
export class LogRoom {
  readonly #state: GroupState
  #revision = -1
  #rooms: ReadonlyMap<ServerId, SeatRoom> = new Map()
  #admitters: ReadonlyMap<PeerId, ReadonlySet<OriginId>> = new Map()

  constructor(state: GroupState) {
    this.#state = state
  }

  /** Whether there is room for a log of somebody else that begins with this batch. */
  mayBegin({ updates }: Batch): boolean {
    if (!this.#isScarce) return true
    const change = updates[0]?.change
    if (this.#isFull || change?.kind !== 'seat') return false
    this.#count()
    if (change.succession !== undefined && change.replaces !== null) return this.#hasRoom([change.replaces])
    return this.#hasRoom([...(this.#admitters.get(change.peer) ?? [])])
  }

  /** Whether there would be room for the log of an install that these let in: who admits it, and who made its invite. */
  mayLetIn(by: readonly OriginId[]): boolean {
    if (!this.#isScarce) return true
    if (this.#isFull) return false
    this.#count()
    return this.#hasRoom(by)
  }

  get #isScarce(): boolean {
    return this.#state.vector.size >= limits.logsBegunFreely
  }

  get #isFull(): boolean {
    return this.#state.vector.size >= limits.logsBegun
  }

  #hasRoom(by: readonly OriginId[]): boolean {
    const rooms = by.flatMap((origin) => {
      const room = this.#rooms.get(seatOf(origin))
      return room?.line.has(origin) === true ? [room] : []
    })
    return rooms.length > 0 && rooms.every(({ logs }) => logs < logsPerSeat)
  }

  /** Once for each state: somebody may send more and more logs for which there is no room. */
  #count(): void {
    const { seats, revision } = this.#state
    if (revision === this.#revision) return
    this.#revision = revision
    const admitters = admittersIn(seats)
    const letIn = seats.claims().map(({ peer }) => admitters.get(peer) ?? new Set<OriginId>())
    const roomOf = (server: ServerId): SeatRoom => {
      const line = lineOf(seats, server)
      return { line, logs: letIn.filter((by) => [...by].some((origin) => line.has(origin))).length }
    }
    this.#admitters = admitters
    this.#rooms = new Map(allServerIds.map((server) => [server, roomOf(server)]))
  }
}

const lineOf = (seats: SeatTable, server: ServerId): ReadonlySet<OriginId> => {
  const line = new Set<OriginId>()
  let claim = seats.holder(server)
  while (claim !== undefined && !line.has(claim.origin)) {
    line.add(claim.origin)
    claim = claim.replaces === null ? undefined : seats.claimOf(claim.replaces)
  }
  return line
}

/** Who has let each install in: who admitted it or became it, and who made the invite, which may have been used at another server. */
const admittersIn = (seats: SeatTable): ReadonlyMap<PeerId, ReadonlySet<OriginId>> => {
  const admitters = new Map<PeerId, Set<OriginId>>()
  const note = (peer: PeerId, by: OriginId): void => {
    admitters.set(peer, (admitters.get(peer) ?? new Set()).add(by))
  }
  for (const { peer, by } of seats.vouchers()) note(peer, by)
  const makers = new Map<string, OriginId[]>()
  for (const { invite, by } of seats.inviters()) makers.set(invite, [...(makers.get(invite) ?? []), by])
  for (const { invite, admitted } of seats.invites())
    for (const { peer } of admitted) for (const by of makers.get(invite) ?? []) note(peer, by)
  return admitters
}
