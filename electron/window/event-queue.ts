/** Hands events over in arrays, a few milliseconds' worth at a time: a merge brings thousands, and one message each would hold up the window. */
export class EventQueue<Event> {
  readonly #send: (events: readonly Event[]) => void
  #waiting: Event[] = []
  #timer: NodeJS.Timeout | null = null

  constructor(send: (events: readonly Event[]) => void) {
    this.#send = send
  }

  push(event: Event): void {
    this.#waiting.push(event)
    this.#timer ??= setTimeout(() => this.#flush(), pauseMs)
    if (this.#waiting.length >= eventsAtOnce) this.#flush()
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const events = this.#waiting
    this.#waiting = []
    this.#send(events)
  }
}

const pauseMs = 8
const eventsAtOnce = 500
