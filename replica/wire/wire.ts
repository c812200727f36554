import type { Result } from '../core/model/errors.ts'
import type { Hash, OriginId, Sequence } from '../core/model/ids.ts'
import type { StateImage } from '../core/model/image.ts'
import type { JoinAnswer, Message } from '../core/model/messages.ts'
import type { Batch, MakeBatch, Update } from '../core/model/updates.ts'
import type { InstallKey } from './batch-codec.ts'
import { decodeBatch, decodeStoredBatch, isProven, makeBatchWith } from './batch-codec.ts'
import { groupContext, startOfChain } from './group-context.ts'
import { decodeReceivedImageInParts } from './image-decode.ts'
import { decodeJoinReply } from './join-codec.ts'
import { decodeKeptBatch } from './kept-codec.ts'
import type { IsHeld } from './message-codec.ts'
import { decodeGossip, decodeMessage, decodeMessageAside } from './message-codec.ts'
import type { Trust } from './update-codec.ts'
import { decodeUpdate } from './update-codec.ts'

/** The decoders that need to know the group, because its id is in everything that is hashed or signed. */
export interface Wire {
  makeBatchWith(key: InstallKey): MakeBatch
  firstHash(origin: OriginId): Hash
  decodeBatch(bytes: Uint8Array): Result<Batch>
  decodeStoredBatch(bytes: Uint8Array, forged: readonly Sequence[]): Result<Batch>
  decodeKeptBatch(bytes: Uint8Array, forged: readonly Sequence[]): Result<Batch>
  /** Whether the batch's own signature holds: that of one which came along with later ones was not looked at. */
  isProven(batch: Batch): boolean
  decodeUpdate(origin: OriginId, sequence: Sequence, bytes: Uint8Array, trust: Trust): Result<Update>
  decodeMessage(bytes: Uint8Array, isHeld?: IsHeld): Result<Message | null>
  decodeMessageAside(bytes: Uint8Array, isHeld?: IsHeld): Result<Message | null> | Promise<Result<Message | null>>
  decodeGossip(bytes: Uint8Array, isHeld?: IsHeld): Result<readonly Batch[]>
  decodeJoinReply(bytes: Uint8Array): Result<JoinAnswer>
  /** In steps of some milliseconds. */
  decodeReceivedImageInParts(chunks: readonly string[]): Generator<undefined, Result<StateImage>>
}

/** The wire of the group with this id (16 bytes). What each method does stands at the function of its name. */
export function createWire({ groupId }: { readonly groupId: Uint8Array }): Wire {
  const context = groupContext(groupId)
  return {
    makeBatchWith: (key) => makeBatchWith(context, key),
    firstHash: (origin) => startOfChain(context, origin),
    decodeBatch: (bytes) => decodeBatch(context, bytes),
    decodeStoredBatch: (bytes, forged) => decodeStoredBatch(context, bytes, forged),
    decodeKeptBatch: (bytes, forged) => decodeKeptBatch(context, bytes, forged),
    decodeUpdate: (origin, sequence, bytes, trust) => decodeUpdate(context, origin, sequence, bytes, trust),
    decodeMessage: (bytes, isHeld) => decodeMessage(context, bytes, isHeld),
    decodeMessageAside: (bytes, isHeld) => decodeMessageAside(context, bytes, isHeld),
    isProven: (batch) => isProven(context, batch),
    decodeGossip: (bytes, isHeld) => decodeGossip(context, bytes, isHeld),
    decodeJoinReply: (bytes) => decodeJoinReply(context, bytes),
    decodeReceivedImageInParts: (chunks) => decodeReceivedImageInParts(context, chunks),
  }
}
