/**
 * Remembers values by key: `most` at most, and of those that were kept or asked for last at least half of that. In two generations, of which
 * the older one is dropped as a whole: so it costs next to nothing, and nothing at all before it is used.
 */
export class RecentValues<Value> {
  readonly #most: number
  #young = new Map<string, Value>()
  #old: ReadonlyMap<string, Value> = new Map()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: Value): void {
    this.#young.set(key, value)
    if (this.#young.size * 2 < this.#most) return
    this.#old = this.#young
    this.#young = new Map()
  }
}
