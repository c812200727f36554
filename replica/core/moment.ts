import type { Haste } from './anti-entropy.ts'

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

/** Whether a merge may be going on. */
export class MergeTime {
  #untilMs = 0

  begin(nowMs: number): void {
    this.#untilMs = nowMs + mergeMs
  }

  hasteAt(nowMs: number): Haste {
    return nowMs < this.#untilMs ? 'merge' : 'ordinary'
  }
}
