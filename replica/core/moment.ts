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
