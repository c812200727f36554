import type { OriginId, Sequence } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { KnowledgeRows, VersionVector } from './model/messages.ts'
import { covers, heldFrom, meetVectors, raise } from './version-vector.ts'

const nothing: VersionVector = new Map()

/**
 * The knowledge matrix: what each install is known to hold durably (Wuu and Bernstein, "Efficient Solutions to
 * the Replicated Log and Dictionary Problems", 1984). What others say of an install merges by maximum; what it says itself stands.
 */
export class KnowledgeMatrix {
  readonly #rows = new Map<OriginId, Map<OriginId, Sequence>>()

  row(holder: OriginId): VersionVector {
    return this.#rows.get(holder) ?? nothing
  }

  rows(): KnowledgeRows {
    return this.#rows
  }

  /** A copy of these installs' rows only: what is worth telling others. */
  rowsOf(holders: Iterable<OriginId>): KnowledgeRows {
    const chosen = new Map<OriginId, VersionVector>()
    for (const holder of holders) chosen.set(holder, new Map(this.row(holder)))
    return chosen
  }

  /** Whether there are as many rows as a message can have: of installs that nobody knows no more are wanted. */
  get isFull(): boolean {
    return this.#rows.size >= limits.matrixRows
  }

  /**
   * Idempotent, commutative and associative, so that it does not matter who heard of what from whom. Tells whether anything of it was new.
   * Of more logs than a replica holds nothing is believed.
   */
  mergeRow(holder: OriginId, row: VersionVector): boolean {
    const known = this.#mutableRow(holder)
    if (known.size + row.size <= limits.vectorEntries) return raise(known, row)
    const room = Math.max(0, limits.vectorEntries - known.size)
    const unknown = [...row.keys()].filter((origin) => !known.has(origin))
    const passedOver = new Set(unknown.slice(room))
    return raise(known, new Map([...row].filter(([origin]) => !passedOver.has(origin))))
  }

  /** What an install says of itself: less than was known when an old copy of it was restored. Tells whether it is another row than before. */
  setRow(holder: OriginId, row: VersionVector): boolean {
    const before = this.row(holder)
    if (covers(before, row) && covers(row, before)) return false
    this.#rows.set(holder, new Map(row))
    return true
  }

  raise(holder: OriginId, origin: OriginId, sequence: Sequence): void {
    const row = this.#mutableRow(holder)
    if (sequence > heldFrom(row, origin)) row.set(origin, sequence)
  }

  /**
   * Per origin the last update that all `holders` hold durably. Up to there logs may be discarded: no seat,
   * not even one that is cut off now, can still ask for it.
   */
  stable(holders: readonly OriginId[]): VersionVector {
    const [first, ...others] = holders
    if (first === undefined) return nothing
    return others.reduce<VersionVector>((met, holder) => meetVectors(met, this.row(holder)), new Map(this.row(first)))
  }

  #mutableRow(holder: OriginId): Map<OriginId, Sequence> {
    let row = this.#rows.get(holder)
    if (row === undefined) {
      row = new Map()
      this.#rows.set(holder, row)
    }
    return row
  }
}
