import type { Result } from '../core/model/errors.ts'
import type { PeerId, ServerId } from '../core/model/ids.ts'
import { seatCount } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { CborReader } from './cbor.ts'
import { encodeCbor, malformed, readWhole } from './cbor.ts'
import { failureFields, readFailure } from './failure-codec.ts'
import { tokenBytes } from './invite-codec.ts'
import { addressList, readAddressList } from './knowledge-codec.ts'
import { readLabel, readPeer } from './update-codec.ts'

/** What somebody with an invite asks who does not want a seat (yet). */
export type VisitRequest =
  /** Which seats are taken? The invite stays unused. */
  | { readonly kind: 'look'; readonly token: Uint8Array }
  /** Lets a client in that keeps no replica: the invite is spent. */
  | { readonly kind: 'client'; readonly token: Uint8Array; readonly peer: PeerId; readonly machine: string }

export interface VisitedSeat {
  readonly server: ServerId
  /** Null when the seat is free; without a name where it is promised to a machine that has not come yet. */
  readonly holder: { readonly peer: PeerId; readonly machine: string; readonly addresses: readonly string[] } | null
}

export interface VisitAnswer {
  readonly groupName: string
  /** All of them, ascending. */
  readonly seats: readonly VisitedSeat[]
}

const visitFormat = 1
const look = 0
const client = 1
const refused = 0
const answered = 1

export const encodeVisitRequest = (request: VisitRequest): Uint8Array =>
  request.kind === 'look'
    ? encodeCbor([visitFormat, look, request.token])
    : encodeCbor([visitFormat, client, request.token, request.peer, request.machine])

/** BAD_REQUEST, TOO_LARGE. */
export const decodeVisitRequest = (bytes: Uint8Array): Result<VisitRequest> =>
  readWhole(bytes, (reader) => {
    const fields = reader.list(3, 5, 'fields')
    if (reader.uint() !== visitFormat) malformed('a visit has a format that is not known here')
    const kind = reader.uint()
    const token = reader.bytes(tokenBytes).slice()
    if (kind === look && fields === 3) return { kind: 'look', token }
    if (kind !== client || fields !== 5) return malformed('a visit has the wrong form')
    const peer = readPeer(reader)
    return { kind: 'client', token, peer, machine: readLabel(reader, 0, limits.machineNameChars, 'machine name') }
  })

export function encodeVisitReply(reply: Result<VisitAnswer>): Uint8Array {
  if (!reply.ok) return encodeCbor([refused, ...failureFields(reply.failure)])
  const { groupName, seats } = reply.value
  const rows = seats.map(({ server, holder }) =>
    holder === null ? [server] : [server, holder.peer, holder.machine, addressList(holder.addresses)],
  )
  return encodeCbor([answered, groupName, rows])
}

/** The member's answer, or its refusal as the failure; BAD_REQUEST, TOO_LARGE. */
export function decodeVisitReply(bytes: Uint8Array): Result<VisitAnswer> {
  const reply = readWhole(bytes, (reader): Result<VisitAnswer> => {
    reader.tuple(3)
    if (reader.uint() === refused) return { ok: false, failure: readFailure(reader) }
    const groupName = readLabel(reader, 1, limits.groupNameChars, 'group name')
    const seats: VisitedSeat[] = []
    for (let rest = reader.list(0, seatCount, 'seats'); rest > 0; rest--) seats.push(readSeat(reader))
    return { ok: true, value: { groupName, seats } }
  })
  return reply.ok ? reply.value : reply
}

function readSeat(reader: CborReader): VisitedSeat {
  const fields = reader.list(1, 4, 'fields')
  const server = reader.server()
  if (fields === 1) return { server, holder: null }
  if (fields !== 4) return malformed('a seat has the wrong form')
  const peer = readPeer(reader)
  const machine = readLabel(reader, 0, limits.machineNameChars, 'machine name')
  return { server, holder: { peer, machine, addresses: readAddressList(reader) } }
}
