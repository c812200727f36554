import type { Result } from '../core/model/errors.ts'
import { fail } from '../core/model/errors.ts'
import type { InviteId } from '../core/model/ids.ts'
import { inviteId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { concat, fromBase64Url, sameBytes, sha256, toBase64Url } from './bytes.ts'
import type { CborReader } from './cbor.ts'
import { encodeCbor, malformed, readWhole } from './cbor.ts'
import { groupIdBytes } from './group-context.ts'
import { keyBytes } from './keys.ts'
import { addressList, readAddressList } from './knowledge-codec.ts'
import { readLabel } from './update-codec.ts'

/** What a new install must know to reach the group and be let in. */
export interface Invite {
  /** 16 bytes. */
  readonly groupId: Uint8Array
  readonly groupName: string
  /** 32 bytes: the private network's key. */
  readonly groupKey: Uint8Array
  /** 16 bytes, good for one install. */
  readonly token: Uint8Array
  readonly expiresAtMs: number
  /** Multiaddrs of members. */
  readonly addresses: readonly string[]
}

export const tokenBytes = 16
const scheme = 'quintet://join/'
const inviteFormat = 1
const checksumBytes = 4

/** The invite as a link of letters, digits, `-` and `_`: it survives being copied, mailed and drawn as a QR code. */
export function encodeInvite(invite: Invite): string {
  const { groupId, groupName, groupKey, token, expiresAtMs, addresses } = invite
  const body = encodeCbor([inviteFormat, groupId, groupName, groupKey, token, expiresAtMs, addressList(addresses)])
  return scheme + toBase64Url(concat([body, checksum(body)]))
}

/** Reads an invite however it was wrapped on its way. It may have expired. BAD_INVITE tells what is wrong with it. */
export function decodeInvite(text: string): Result<Invite> {
  if (text.length > limits.inviteChars) return fail('BAD_INVITE', 'This is too long to be an invite.')
  const link = text.replaceAll(/\s/g, '')
  if (!link.startsWith(scheme)) return fail('BAD_INVITE', `This is not an invite: an invite begins with ${scheme}`)
  const code = link.slice(scheme.length)
  if (!/^[\w-]*$/.test(code)) return fail('BAD_INVITE', 'This invite has characters that no invite has: copy it again.')
  const bytes = fromBase64Url(code)
  const body = bytes.subarray(0, -checksumBytes)
  if (bytes.length <= checksumBytes || !sameBytes(checksum(body), bytes.subarray(-checksumBytes))) {
    return fail('BAD_INVITE', 'This invite is incomplete or mistyped: copy it again, from beginning to end.')
  }
  if (body[1] !== inviteFormat)
    return fail('BAD_INVITE', 'This invite was made by a newer version: update this install first.')
  const invite = readWhole(body, readInvite)
  return invite.ok ? invite : fail('BAD_INVITE', 'This invite is not well-formed: ask for a new one.')
}

/** How the group knows an invite: SHA-256 of its token, so that who reads the log cannot use it. */
export const inviteIdOf = (token: Uint8Array): InviteId => inviteId(toBase64Url(sha256(token)))

const checksum = (body: Uint8Array): Uint8Array => sha256(body).subarray(0, checksumBytes)

function readInvite(reader: CborReader): Invite {
  reader.tuple(7)
  if (reader.uint() !== inviteFormat) malformed('an invite has a format that is not known here')
  return {
    groupId: reader.bytes(groupIdBytes).slice(),
    groupName: readLabel(reader, 1, limits.groupNameChars, 'group name'),
    groupKey: reader.bytes(keyBytes).slice(),
    token: reader.bytes(tokenBytes).slice(),
    expiresAtMs: reader.uint(),
    addresses: readAddressList(reader),
  }
}
