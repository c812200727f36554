import type { OriginId, Sequence } from '../core/model/ids.ts'
import type { Damage } from '../host/ports.ts'

/** Damage that was found, each stretch told once, until its log has been written to again. */
export class DamageBook {
  #told: Damage[] = []
  readonly #listeners: ((damage: Damage) => void)[] = []
  #found: Damage[] = []
  #isCollecting = false

  /** What has been found since `collect`. */
  get found(): readonly Damage[] {
    return this.#found
  }

  listen(listener: (damage: Damage) => void): void {
    this.#listeners.push(listener)
  }

  /** From now on, until `tell`, damage is kept in `found` instead of being told to the listeners. */
  collect(): void {
    this.#told = []
    this.#found = []
    this.#isCollecting = true
  }

  tell(): void {
    this.#isCollecting = false
  }

  report(damage: Damage): void {
    const isTold = this.#told.some(
      ({ origin, first, last }) => origin === damage.origin && first <= damage.first && last >= damage.last,
    )
    if (isTold) return
    this.#told.push(damage)
    if (this.#isCollecting) this.#found.push(damage)
    else for (const listener of this.#listeners) listener(damage)
  }

  /** These sequences have been written again: if they are found damaged again, that is news. */
  forget(origin: OriginId, first: Sequence, last: Sequence): void {
    this.#told = this.#told.filter((told) => told.origin !== origin || told.last < first || told.first > last)
  }
}
