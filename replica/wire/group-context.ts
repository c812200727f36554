import { assert } from '../core/model/errors.ts'
import type { Hash, OriginId, PeerId, Sequence, ServerId } from '../core/model/ids.ts'
import { hash } from '../core/model/ids.ts'
import { concat, fromBase64Url, sha256, toBase64Url, uint64, utf8 } from './bytes.ts'
import type { Verifier } from './signatures.ts'
import { verifyAtOnce } from './signatures.ts'

export const groupIdBytes = 16

/**
 * What stands before everything that is hashed or signed in one group, so that nothing can be carried into another; and who
 * judges the signatures of what is decoded.
 */
export interface GroupContext {
  readonly update: Uint8Array
  readonly bundle: Uint8Array
  readonly header: Uint8Array
  readonly batch: Uint8Array
  readonly log: Uint8Array
  readonly succession: Uint8Array
  readonly verifier: Verifier
}

const madeContexts = new WeakMap<Uint8Array, GroupContext>()

export function groupContext(groupId: Uint8Array): GroupContext {
  const made = madeContexts.get(groupId)
  if (made !== undefined) return made
  assert(groupId.length === groupIdBytes, 'a group id has 16 bytes')
  const context = {
    update: concat([utf8('quintet/1/update'), groupId]),
    bundle: concat([utf8('quintet/1/bundle'), groupId]),
    header: concat([utf8('quintet/1/header'), groupId]),
    batch: concat([utf8('quintet/1/batch'), groupId]),
    log: concat([utf8('quintet/1/log'), groupId]),
    succession: concat([utf8('quintet/1/succession'), groupId]),
    verifier: verifyAtOnce,
  }
  madeContexts.set(groupId, context)
  return context
}

/** The chain value before an origin's first update. */
export const startOfChain = (context: GroupContext, origin: OriginId): Hash =>
  hash(toBase64Url(sha256(context.log, utf8(origin))))

/** What a person signs. */
export const signedByPerson = (context: GroupContext, type: number, payload: Uint8Array): Uint8Array =>
  concat(partsSignedByPerson(context, type, payload))

export const partsSignedByPerson = (
  context: GroupContext,
  type: number,
  payload: Uint8Array,
): readonly Uint8Array[] => [context.update, new Uint8Array([type]), payload]

/** What an origin signs of a batch that ends with `last` and chain value `lastHash`. */
export const signedByOrigin = (context: GroupContext, origin: OriginId, last: Sequence, lastHash: Hash): Uint8Array =>
  concat([context.batch, utf8(origin), uint64(last), fromBase64Url(lastHash)])

/** What the former holder of a seat signs, so that the install with the id `peer` may go on in it. */
export const signedByFormer = (context: GroupContext, server: ServerId, peer: PeerId): Uint8Array =>
  concat([context.succession, new Uint8Array([server]), utf8(peer)])
