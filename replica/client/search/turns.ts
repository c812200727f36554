/** How long background work may hold the event loop at a time: with the piece of work that is the last of a slice, and a collection of garbage, 10 ms. */
const sliceMs = 4
/** Of the processor's time background work takes at most about half, so that a machine with one core stays usable. */
const restShare = 1

/** Lets long work in the background give way to everything else, by time and not by count: mails differ in size. */
export class Turns {
  readonly #after: (delayMs: number, task: () => void) => () => void
  #beganMs = performance.now()

  constructor(after: (delayMs: number, task: () => void) => () => void) {
    this.#after = after
  }

  /** Fulfilled at once while the present slice lasts; otherwise after a rest. */
  async pass(): Promise<void> {
    const workedMs = performance.now() - this.#beganMs
    if (workedMs >= sliceMs) await this.#rest(Math.min(sliceMs, workedMs * restShare))
  }

  /** After a wait for an answer: what brought and decoded it has held the event loop already, so the work goes on in a turn of its own. */
  async afresh(): Promise<void> {
    await this.#rest(0)
  }

  /** Something else was waited for: a new slice begins. */
  begin(): void {
    this.#beganMs = performance.now()
  }

  async #rest(delayMs: number): Promise<void> {
    await new Promise<void>((over) => this.#after(delayMs, over))
    this.begin()
  }
}
