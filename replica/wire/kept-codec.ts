import type { Result } from '../core/model/errors.ts'
import type { Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import { follow, readHead } from './batch-codec.ts'
import { attempt, CborReader, malformed, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { startOfChain } from './group-context.ts'
import type { Trust } from './update-codec.ts'
import { readUpdate } from './update-codec.ts'

/** What a verification found of a person's signature. */
export type KnownTrust = Exclude<Trust, 'check'>

/**
 * As `decodeStoredBatch`, for bytes that a checksum proves to be those that were verified: signatures are taken as known,
 * the chain value is computed, so that the next batch can be held against it. BAD_REQUEST, BAD_SIGNATURE.
 */
export const decodeKeptBatch = (context: GroupContext, bytes: Uint8Array, forged: readonly Sequence[]): Result<Batch> =>
  attempt(() => {
    const reader = new CborReader(bytes)
    const { origin, first, previousHash, count } = readHead(reader)
    if (first === 1 && previousHash !== startOfChain(context, origin)) {
      refuse('BAD_SIGNATURE', `the log of ${origin} does not begin as one of this group`)
    }
    const encoded: Uint8Array[] = []
    while (encoded.length < count) encoded.push(reader.bytesUpTo(limits.updateBytes, 'update'))
    const updates = encoded.map((update, index) =>
      readUpdate(context, origin, first + index, update, forged.includes(first + index) ? 'forged' : 'genuine'),
    )
    const last = first + count - 1
    return { origin, first, last, previousHash, lastHash: follow(previousHash, encoded), updates, bytes }
  })

/** One update out of a batch whose bytes a checksum proves, without the cost of the others. BAD_REQUEST. */
export const decodeKeptUpdate = (
  context: GroupContext,
  batch: Uint8Array,
  sequence: Sequence,
  trust: KnownTrust,
): Result<Update> =>
  attempt(() => {
    const reader = new CborReader(batch)
    const { origin, first, count } = readHead(reader)
    if (sequence < first || sequence >= first + count) malformed(`update ${sequence} is not in this batch`)
    for (let before = first; before < sequence; before++) reader.bytesUpTo(limits.updateBytes, 'update')
    return readUpdate(context, origin, sequence, reader.bytesUpTo(limits.updateBytes, 'update'), trust)
  })
