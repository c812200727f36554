import type { Damage } from '../host/ports.ts'

/** Damage that was found, each stretch told once, until its log has been written to again. */
export class DamageBook {
  readonly #told = new Set<string>()
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
    this.#told.clear()
    this.#found = []
    this.#isCollecting = true
  }

  tell(): void {
    this.#isCollecting = false
  }

  report(damage: Damage): void {
    const key = `${damage.origin}:${damage.first}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    if (this.#isCollecting) this.#found.push(damage)
    else for (const listener of this.#listeners) listener(damage)
  }

  /** What an origin's log holds has changed: the same damage found again is news. */
  forget(origin: string): void {
    for (const key of this.#told) if (key.startsWith(`${origin}:`)) this.#told.delete(key)
  }
}
