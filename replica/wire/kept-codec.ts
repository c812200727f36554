import type { Result } from '../core/model/errors.ts'
import type { Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch } from '../core/model/updates.ts'
import { follow, readHead } from './batch-codec.ts'
import { attempt, CborReader, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { startOfChain } from './group-context.ts'
import { readUpdate } from './update-codec.ts'

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

/** Where an update's bytes stand in those of its batch. */
export interface UpdateSpan {
  readonly start: number
  readonly length: number
}

/** The places of a verified batch's updates, so that one of them can be read without the others. */
export function updateSpans({ bytes, updates }: Pick<Batch, 'bytes' | 'updates'>): readonly UpdateSpan[] {
  const spans = updates.map((update) => spanWithin(bytes, update.bytes))
  return spans.every((span) => span !== null) ? spans : readSpans(bytes)
}

/** Of a batch that was decoded, each update's bytes are a view of the batch's; null for any others. */
const spanWithin = (batch: Uint8Array, { buffer, byteOffset, length }: Uint8Array): UpdateSpan | null => {
  const start = byteOffset - batch.byteOffset
  return buffer === batch.buffer && start >= 0 && start + length <= batch.length ? { start, length } : null
}

function readSpans(batch: Uint8Array): readonly UpdateSpan[] {
  const reader = new CborReader(batch)
  const { count } = readHead(reader)
  return Array.from({ length: count }, () => {
    const { length } = reader.bytesUpTo(limits.updateBytes, 'update')
    return { start: reader.position - length, length }
  })
}
