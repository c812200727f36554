/** How long background work may hold the event loop at a time. */
const sliceMs = 6
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
    if (workedMs < sliceMs) return
    await new Promise<void>((over) => this.#after(Math.min(sliceMs, workedMs * restShare), over))
    this.#beganMs = performance.now()
  }

  /** Something else was waited for: a new slice begins. */
  begin(): void {
    this.#beganMs = performance.now()
  }
}
