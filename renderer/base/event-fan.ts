/** Spreads one stream of events over the parts of the page that listen: events of a merge cross into the page once, not once for each of them. */
export class EventFan<Event> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** Returns the function that ends it. */
  listen(listener: (event: Event) => void): () => void {
    // A listener may be given twice.
    const own = (event: Event): void => {
      listener(event)
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  tell(events: readonly Event[]): void {
    for (const event of events) for (const listener of this.#listeners) listener(event)
  }
}
