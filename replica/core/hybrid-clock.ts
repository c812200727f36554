import { msToClock } from './model/clock.ts'
import type { Clock } from './model/ids.ts'
import { limits } from './model/limits.ts'

/** How far a remote clock may run ahead of ours and still pull it along. One that is further off than this is told to people. */
export const maxDriftMs = 60_000

/** Some days before the last clock that there is. A wall clock beyond it is taken to stand here, so that there is room for what is written. */
const lastWall: Clock = limits.lastClock - 1_000_000_000_000

/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) in one integer of microseconds:
 * wall time where that is ahead, one more than the last value otherwise.
 */
export class HybridClock {
  #last: Clock = 0

  /** The last value given or observed. */
  get last(): Clock {
    return this.#last
  }

  /** A value for a new update, above everything given or observed. */
  next(nowMs: number): Clock {
    // Beyond the last one nobody would take the update.
    this.#last = Math.min(Math.max(this.#last + 1, Math.min(msToClock(nowMs), lastWall)), limits.lastClock)
    return this.#last
  }

  /** Takes note of another replica's value. A clock that is more than `maxDriftMs` ahead pulls ours along by no more than that. */
  observe(remote: Clock, nowMs: number): void {
    this.#last = Math.max(this.#last, Math.min(remote, msToClock(nowMs + maxDriftMs), lastWall))
  }

  /** At start: our own past values stand, wherever the wall clock is now. */
  restore(value: Clock): void {
    this.#last = Math.max(this.#last, value)
  }
}
