/** The two times of one step. */
export interface Moment {
  /** What the machine's clock says: people may set it, forwards and back. */
  readonly wallMs: number
  /** For waiting: never goes back. */
  readonly steadyMs: number
}

/** Makes a time that never goes back out of one that may: what the clock was set back by does not count. */
export class SteadyTime {
  #wallMs: number | null = null
  #steadyMs = 0

  at(wallMs: number): Moment {
    this.#steadyMs += this.#wallMs === null ? wallMs : Math.max(0, wallMs - this.#wallMs)
    this.#wallMs = wallMs
    return { wallMs, steadyMs: this.#steadyMs }
  }
}

/** A view change means a merge may be going on for this long: what is missing is then asked for at once. */
const mergeMs = 1_000

/** How eagerly what is missing is asked for. */
export class Haste {
  #mergeUntilMs = 0

  begin(nowMs: number): void {
    this.#mergeUntilMs = nowMs + mergeMs
  }

  at(nowMs: number): 'merge' | 'ordinary' {
    return nowMs < this.#mergeUntilMs ? 'merge' : 'ordinary'
  }
}
