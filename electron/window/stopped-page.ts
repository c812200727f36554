/** So often within `withinMs` a page that stopped, or did not come, is loaded again by itself: one that does so at each load would go on for ever. */
const loadsMost = 3
const withinMs = 120_000

/** What can be done about the page of a window. */
export interface StoppablePage {
  /** Whether a person has the window before them. */
  readonly isSeen: () => boolean
  load(): void
  /** Takes the window away; it is made anew when it is asked for. */
  close(): void
  /** Says that the window does not work. `close`: the person has decided nothing. */
  ask(): Promise<'load' | 'quit' | 'close'>
  quit(): void
  /** Milliseconds of a clock that is never put back. */
  readonly nowMs: () => number
}

/** What becomes of a page whose process has ended, or that does not come; the replica, in the program's own, goes on meanwhile. */
export class StoppedPage {
  readonly #page: StoppablePage
  #loadedAtMs: readonly number[] = []

  constructor(page: StoppablePage) {
    this.#page = page
  }

  /** To be called each time that it has, or has not come. */
  stopped(): void {
    const now = this.#page.nowMs()
    const lately = this.#loadedAtMs.filter((at) => now - at < withinMs)
    if (lately.length < loadsMost) {
      this.#loadedAtMs = [...lately, now]
      this.#page.load()
      return
    }
    this.#loadedAtMs = []
    // Nobody is interrupted by a window that they have put away.
    if (this.#page.isSeen()) void this.#ask()
    else this.#page.close()
  }

  async #ask(): Promise<void> {
    const wanted = await this.#page.ask().catch(() => 'close' as const)
    this.#page[wanted]()
  }
}
