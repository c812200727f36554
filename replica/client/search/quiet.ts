/** What somebody waits for goes first: while things are asked for, or mails come in, background work rests until it is quiet for so long. */
const quietMs = 150
/** But not for longer, or it would never get on beside much traffic. */
const mostRestMs = 2_000
/** Somebody who has searched so shortly ago wants to find everything: then it does not rest. */
const searchingMs = 5_000

/** Knows when background work may go on. Times are by `performance.now()`. */
export class Quiet {
  readonly #askedMs: () => number
  #arrivedMs = -Infinity
  #searchedMs = -Infinity

  /** `askedMs`: when the person last asked for something. */
  constructor(askedMs: () => number) {
    this.#askedMs = askedMs
  }

  arrived(): void {
    this.#arrivedMs = performance.now()
  }

  searched(): void {
    this.#searchedMs = performance.now()
  }

  /** How many milliseconds work that has rested since `sinceMs` is to rest on; 0: it may go on. */
  restMs(sinceMs: number): number {
    const nowMs = performance.now()
    if (nowMs <= this.#searchedMs + searchingMs) return 0
    const quietAtMs = Math.max(this.#askedMs(), this.#arrivedMs) + quietMs
    return Math.max(0, Math.min(quietAtMs, sinceMs + mostRestMs) - nowMs)
  }
}
