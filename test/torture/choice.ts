/**
 * What one person set again and again, and at several servers that may not know of each other: any of what was acknowledged since
 * all of them agreed may be what stands in the end, and what got no answer may, too.
 */
export class Choice<Value> {
  #settled: Value
  readonly #acknowledged: Value[] = []
  readonly #unanswered: Value[] = []

  constructor(settled: Value) {
    this.#settled = settled
  }

  ask(value: Value): void {
    this.#unanswered.push(value)
  }

  acknowledge(value: Value): void {
    const at = this.#unanswered.indexOf(value)
    if (at >= 0) this.#unanswered.splice(at, 1)
    this.#acknowledged.push(value)
  }

  /** What may stand now, the latest first. */
  get allowed(): readonly Value[] {
    const base = this.#acknowledged.length === 0 ? [this.#settled] : []
    return [...new Set([...base, ...this.#unanswered, ...this.#acknowledged].reverse())]
  }

  /** Also what does not stand any more everywhere. */
  get all(): readonly Value[] {
    return [...new Set([...this.allowed, this.#settled])]
  }

  get hasChanged(): boolean {
    return this.#acknowledged.length + this.#unanswered.length > 0
  }

  /** Everybody agrees on `value`. */
  settle(value: Value): void {
    this.#settled = value
    this.#acknowledged.length = 0
    this.#unanswered.length = 0
  }
}
