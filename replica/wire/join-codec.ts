import type { Result } from '../core/model/errors.ts'
import { inviteId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { JoinAnswer, JoinRequest } from '../core/model/messages.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import { readBatch } from './batch-codec.ts'
import type { CborReader } from './cbor.ts'
import { encodeCbor, malformed, readWhole } from './cbor.ts'
import { failureFields, readFailure } from './failure-codec.ts'
import type { GroupContext } from './group-context.ts'
import { tokenBytes } from './invite-codec.ts'
import { keyBytes } from './keys.ts'
import { readLabel, readPeer } from './update-codec.ts'
import { readVouchers } from './vouchers.ts'

const joinFormat = 1
const refused = 0
const admitted = 1

export const encodeJoinRequest = ({ token, peer, server, machine }: JoinRequest): Uint8Array =>
  encodeCbor([joinFormat, token, peer, server, machine])

/** BAD_REQUEST, TOO_LARGE. */
export const decodeJoinRequest = (bytes: Uint8Array): Result<JoinRequest> =>
  readWhole(bytes, (reader) => {
    reader.tuple(5)
    if (reader.uint() !== joinFormat) malformed('a request to join has a format that is not known here')
    return {
      token: reader.bytes(tokenBytes).slice(),
      peer: readPeer(reader),
      server: reader.orNull(() => reader.server()),
      machine: readLabel(reader, 0, limits.machineNameChars, 'machine name'),
    }
  })

export function encodeJoinReply(reply: Result<JoinAnswer>): Uint8Array {
  if (!reply.ok) return encodeCbor([refused, ...failureFields(reply.failure)])
  const { server, groupName, invite, admission, vouchers } = reply.value
  const proofs = vouchers.map(({ bytes }) => bytes)
  return encodeCbor([admitted, server, groupName, fromBase64Url(invite), admission.bytes, proofs])
}

/** The member's answer, or its refusal as the failure. Beside that the failures of `decodeBatch`. */
export function decodeJoinReply(context: GroupContext, bytes: Uint8Array): Result<JoinAnswer> {
  const reply = readWhole(bytes, (reader) => readReply(context, reader))
  return reply.ok ? reply.value : reply
}

function readReply(context: GroupContext, reader: CborReader): Result<JoinAnswer> {
  const fields = reader.list(3, 6, 'fields')
  const outcome = reader.uint()
  if (outcome === refused && fields === 3) return { ok: false, failure: readFailure(reader) }
  if (outcome !== admitted || fields !== 6) return malformed('an answer to a request to join has the wrong form')
  const server = reader.server()
  const groupName = readLabel(reader, 1, limits.groupNameChars, 'group name')
  const invite = inviteId(toBase64Url(reader.bytes(keyBytes)))
  const admission = readBatch(context, reader.bytesUpTo(limits.batchFrameBytes, 'batch'), () => 'check')
  const vouchers = readVouchers(context, reader)
  return { ok: true, value: { server, groupName, invite, admission, vouchers } }
}
