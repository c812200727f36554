import type { OriginId } from './model/ids.ts'

/** So long somebody else is waited for, once the one is here whose log it is. */
const patienceMs = 10_000

/**
 * Logs of which this machine has held another one than the others did, so that it started over. As a newcomer it takes such a log from others
 * than its owner, who may show each newcomer another log of its own, and be the first to come each time.
 */
export class FormerForks {
  /** Since when others are waited for; null as long as the log was not met. */
  readonly #sinceMs = new Map<OriginId, number | null>()

  note(origins: readonly OriginId[]): void {
    for (const origin of origins) this.#sinceMs.set(origin, null)
  }

  /** Whether its owner is not to be asked for this log yet, nor for a state that goes on from it. */
  isAwaited(nowMs: number, origin: OriginId): boolean {
    const known = this.#sinceMs.get(origin)
    if (known === undefined) return false
    const sinceMs = known ?? nowMs
    this.#sinceMs.set(origin, sinceMs)
    return nowMs - sinceMs < patienceMs
  }
}
