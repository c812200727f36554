import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'

interface Watched {
  readonly sequence: Sequence
  readonly writtenMs: number
}

/** How long mails take: until all hold them, and until their writer knows that. */
export class Spread {
  readonly heldMs: number[] = []
  readonly knownMs: number[] = []
  /** By update: when it was written, and how many do not hold it yet. */
  readonly #missing = new Map<string, { readonly writtenMs: number; left: number }>()
  /** By writer, in the order of their sequences: what it does not know to be held by all. */
  readonly #unknown = new Map<OriginId, Watched[]>()

  /** `others` are to hold it, too. */
  watch(origin: OriginId, sequence: Sequence, writtenMs: number, others: number): void {
    this.#missing.set(updateId(origin, sequence), { writtenMs, left: others })
    const unknown = this.#unknown.get(origin) ?? []
    unknown.push({ sequence, writtenMs })
    this.#unknown.set(origin, unknown)
  }

  get isDone(): boolean {
    return this.#missing.size === 0 && [...this.#unknown.values()].every(({ length }) => length === 0)
  }

  holds(holder: OriginId, batches: readonly Batch[], nowMs: number): void {
    if (this.#missing.size === 0) return
    for (const { origin, updates } of batches) {
      if (origin === holder) continue
      for (const { sequence } of updates) this.#holdsOne(updateId(origin, sequence), nowMs)
    }
  }

  /** To be called after each step of a writer. */
  settled({ identity, matrix, state }: ReplicaCore, nowMs: number): void {
    const unknown = this.#unknown.get(identity.origin)
    if (unknown === undefined || unknown.length === 0) return
    const others = state.seats.holders().filter(({ origin }) => origin !== identity.origin)
    const known = Math.min(...others.map(({ origin }) => heldFrom(matrix.row(origin), identity.origin)))
    for (let first = unknown[0]; first !== undefined && first.sequence <= known; first = unknown[0]) {
      this.knownMs.push(nowMs - first.writtenMs)
      unknown.shift()
    }
  }

  #holdsOne(update: string, nowMs: number): void {
    const missing = this.#missing.get(update)
    if (missing === undefined) return
    missing.left -= 1
    if (missing.left > 0) return
    this.heldMs.push(nowMs - missing.writtenMs)
    this.#missing.delete(update)
  }
}

/** The value below which this share of them is. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
