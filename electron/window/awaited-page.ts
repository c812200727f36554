/** A page asks the program for what it shows as soon as its script runs; one that has not by then does not come by itself. */
const comesWithinMs = 20_000
/** What kept a load from succeeding is often over a moment later. */
const restMs = 500

export interface LoadedPage {
  /** Rejects when it cannot be loaded. */
  load(): Promise<void>
  /** The load has failed, or the page stays blank. */
  missing(): void
  /** Returns the function that calls it off. */
  readonly after: (delayMs: number, act: () => void) => () => void
}

/** Notices that a page does not come, whatever keeps it: nobody would say so in a window that stays blank. */
export class AwaitedPage {
  readonly #page: LoadedPage
  #callOff: () => void = () => undefined

  constructor(page: LoadedPage) {
    this.#page = page
  }

  /** Loads the page; a load before this one is not waited for any more. */
  load(): void {
    this.#callOff()
    let isAwaited = true
    const missing = (): void => {
      this.#callOff()
      this.#page.missing()
    }
    let callOffTimer = this.#page.after(comesWithinMs, missing)
    this.#callOff = () => {
      isAwaited = false
      callOffTimer()
    }
    this.#page.load().catch(() => {
      if (!isAwaited) return
      callOffTimer()
      callOffTimer = this.#page.after(restMs, missing)
    })
  }

  /** The page has asked for something. */
  isThere(): void {
    this.#callOff()
  }

  /** Its window is gone. */
  end(): void {
    this.#callOff()
  }
}
