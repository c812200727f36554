/**
 * What a request waits for, among those given before it: a `session` request for everything (and everything for it), a
 * `send` for session requests only (the client keeps the order of sends), a `change` for everything, a `deletion` for everything
 * but deletions (in whichever order they come, the same is gone), a `question` for sends, changes, deletions and readings, so that
 * it sees what they did, a `reading` (which marks what it reads, so it is a question and a change in one) for sends, changes and
 * deletions, and an `aside` for session requests only.
 */
export type RequestKind = 'session' | 'send' | 'change' | 'deletion' | 'question' | 'reading' | 'aside'

/** Lets pipelined requests overlap as far as each still sees the effects of those before it. */
export class RequestOrder {
  #session: Promise<unknown> = Promise.resolve()
  #changes: Promise<unknown> = Promise.resolve()
  #readings: Promise<unknown> = Promise.resolve()
  #allButDeletions: Promise<unknown> = Promise.resolve()
  #everything: Promise<unknown> = Promise.resolve()

  async run<Value>(kind: RequestKind, work: () => Promise<Value>): Promise<Value> {
    const running = this.#before(kind).then(work)
    const done = running.then(
      () => undefined,
      () => undefined,
    )
    this.#everything = Promise.all([this.#everything, done])
    if (kind !== 'deletion') this.#allButDeletions = Promise.all([this.#allButDeletions, done])
    if (kind === 'send' || kind === 'change' || kind === 'deletion') this.#changes = Promise.all([this.#changes, done])
    if (kind === 'reading') this.#readings = Promise.all([this.#readings, done])
    if (kind === 'session')
      this.#session = this.#changes = this.#readings = this.#allButDeletions = this.#everything = done
    return running
  }

  /** Fulfilled when all that was given in is done. */
  async idle(): Promise<void> {
    await this.#everything
  }

  #before(kind: RequestKind): Promise<unknown> {
    switch (kind) {
      case 'session':
      case 'change':
        return this.#everything
      case 'deletion':
        return this.#allButDeletions
      case 'question':
        return Promise.all([this.#changes, this.#readings])
      case 'reading':
        return this.#changes
      case 'send':
      case 'aside':
        return this.#session
    }
  }
}
