interface Planned {
  readonly atMs: number
  readonly order: number
  readonly task: () => void
}

/** Simulated time: tasks in the order of their time, then of their planning. A binary heap. */
export class Timeline {
  readonly #heap: Planned[] = []
  #nowMs = 0
  #order = 0

  /** Milliseconds since the history began. */
  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): void {
    this.#order += 1
    this.#heap.push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, task })
    this.#rise(this.#heap.length - 1)
  }

  /** Runs what is planned up to `endMs`, or until `isDone`. */
  run(endMs: number, isDone: () => boolean): void {
    while (!isDone()) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs
        return
      }
      this.#removeFirst()
      this.#nowMs = next.atMs
      next.task()
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const child = this.#isEarlier(right, left) ? right : left
      if (!this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #isEarlier(index: number, other: number): boolean {
    const one = this.#heap[index]
    const two = this.#heap[other]
    if (one === undefined || two === undefined) return false
    return one.atMs < two.atMs || (one.atMs === two.atMs && one.order < two.order)
  }

  #swapIfEarlier(index: number, other: number): boolean {
    const one = this.#heap[index]
    const two = this.#heap[other]
    if (one === undefined || two === undefined || !this.#isEarlier(index, other)) return false
    this.#heap[index] = two
    this.#heap[other] = one
    return true
  }
}
