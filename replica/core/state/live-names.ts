import type { OriginId, Sequence } from '../model/ids.ts'
import type { LiveSource } from './live-updates.ts'

/** Names of updates whose bytes a table needs. */
export class LiveNames implements LiveSource {
  readonly #byOrigin = new Map<OriginId, Set<Sequence>>()

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#byOrigin.get(origin)?.has(sequence) ?? false
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return this.#byOrigin
  }

  add({ origin, sequence }: Name): void {
    const sequences = this.#byOrigin.get(origin)
    if (sequences === undefined) this.#byOrigin.set(origin, new Set([sequence]))
    else sequences.add(sequence)
  }

  remove({ origin, sequence }: Name): void {
    const sequences = this.#byOrigin.get(origin)
    sequences?.delete(sequence)
    if (sequences?.size === 0) this.#byOrigin.delete(origin)
  }
}

interface Name {
  readonly origin: OriginId
  readonly sequence: Sequence
}
