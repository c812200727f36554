import type { Hash, OriginId } from './model/ids.ts'
import type { Batch } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'

/** Batches kept that came before the one that they follow on, per origin. */
const earlyBatches = 64
const earlyBytes = 2_097_152
/** Origins of which some are kept. */
const earlyOrigins = 64

/** `fork`: two different contents for one update id. */
export type Intake = 'accepted' | 'duplicate' | 'early' | 'fork'

/**
 * Decides which batches follow on what is held. One that comes a little early waits for the ones before it, so that
 * reordering between gossip and direct streams costs no repair.
 */
export class LogIntake {
  readonly #state: GroupState
  readonly #firstHash: (origin: OriginId) => Hash
  readonly #early = new Map<OriginId, Map<number, Batch>>()

  constructor(state: GroupState, firstHash: (origin: OriginId) => Hash) {
    this.#state = state
    this.#firstHash = firstHash
  }

  /** Where a batch stands to what is held. */
  judge(batch: Batch): Intake {
    const held = this.#state.held(batch.origin)
    if (batch.last < held) return 'duplicate'
    if (batch.last === held) return batch.lastHash === this.#state.lastHash(batch.origin) ? 'duplicate' : 'fork'
    if (batch.first > held + 1) return 'early'
    return batch.first === held + 1 && batch.previousHash === this.headHash(batch.origin) ? 'accepted' : 'fork'
  }

  /** Chain value that the next batch of `origin` must follow on. */
  headHash(origin: OriginId): Hash {
    return this.#state.lastHash(origin) ?? this.#firstHash(origin)
  }

  /** One that is proven only by a later one is not kept: without that one nobody else would take it. */
  keepEarly(batch: Batch): void {
    if (batch.provenBy === 'next') return
    const waiting = this.#early.get(batch.origin) ?? new Map<number, Batch>()
    if (waiting.size === 0 && this.#early.size >= earlyOrigins) return
    let bytes = batch.bytes.length
    for (const other of waiting.values()) bytes += other.bytes.length
    if (waiting.size >= earlyBatches || bytes > earlyBytes) return
    waiting.set(batch.first, batch)
    this.#early.set(batch.origin, waiting)
  }

  /** Takes out the waiting batch that follows on what is held now, dropping those that are held already. */
  takeNext(origin: OriginId): Batch | null {
    const waiting = this.#early.get(origin)
    if (waiting === undefined) return null
    const held = this.#state.held(origin)
    for (const [first, batch] of waiting) if (batch.last <= held) waiting.delete(first)
    const next = waiting.get(held + 1) ?? null
    if (next !== null) waiting.delete(held + 1)
    if (waiting.size === 0) this.#early.delete(origin)
    return next
  }
}
