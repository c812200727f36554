import { QuintetError } from '../core/model/errors.ts'
import type { ClientClock } from './client-ports.ts'

/** A server that may be connected to; null is this machine's own. */
export interface Starter<Server> {
  readonly server: Server
  /** Milliseconds that those before it have for themselves; it starts at once when all of them have failed. */
  readonly afterMs: number
}

export interface RaceOptions<Server, Opened> {
  readonly starters: readonly Starter<Server>[]
  readonly clock: ClientClock
  readonly open: (server: Server) => Promise<Opened>
  /** Called for one at a time, in the order in which they were opened; the first that it takes wins. */
  readonly prepare: (opened: Opened) => Promise<void>
  readonly close: (opened: Opened) => void
}

/**
 * The first server that answers is the nearest: all are dialled beside each other, with a head start for the preferred one.
 * Rejects with the last failure when none answers.
 */
export const raceServers = <Server, Opened>(options: RaceOptions<Server, Opened>): Promise<Opened> =>
  new Promise((resolve, reject) => {
    new Race(options, resolve, reject).start()
  })

interface Waiting {
  readonly begin: () => void
  readonly stop: () => void
}

class Race<Server, Opened> {
  readonly #options: RaceOptions<Server, Opened>
  readonly #resolve: (opened: Opened) => void
  readonly #reject: (error: unknown) => void
  readonly #arrived: Opened[] = []
  #waiting: Waiting[] = []
  #running = 0
  #isPreparing = false
  #isOver = false
  #lastError: unknown = new QuintetError('UNREACHABLE', 'No server of the group is known here.')

  constructor(
    options: RaceOptions<Server, Opened>,
    resolve: (opened: Opened) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    const { starters, clock } = this.#options
    for (const { server, afterMs } of starters) {
      if (afterMs === 0) {
        this.#open(server)
        continue
      }
      const waiting: Waiting = {
        begin: () => this.#begin(waiting, server),
        stop: clock.after(afterMs, () => waiting.begin()),
      }
      this.#waiting.push(waiting)
    }
    this.#goOn()
  }

  #begin(waiting: Waiting, server: Server): void {
    if (!this.#waiting.includes(waiting)) return
    waiting.stop()
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
    this.#open(server)
  }

  #open(server: Server): void {
    const { open, close } = this.#options
    this.#running += 1
    open(server).then(
      (opened) => {
        this.#running -= 1
        if (this.#isOver) close(opened)
        else this.#arrived.push(opened)
        this.#goOn()
      },
      (error: unknown) => {
        this.#running -= 1
        this.#lastError = error
        this.#goOn()
      },
    )
  }

  #goOn(): void {
    if (this.#isOver || this.#isPreparing) return
    const opened = this.#arrived.shift()
    if (opened !== undefined) void this.#prepare(opened)
    else if (this.#running > 0) return
    else if (this.#waiting.length > 0) for (const { begin } of [...this.#waiting]) begin()
    else {
      this.#isOver = true
      this.#reject(this.#lastError)
    }
  }

  async #prepare(opened: Opened): Promise<void> {
    const { prepare, close } = this.#options
    this.#isPreparing = true
    try {
      await prepare(opened)
      this.#isOver = true
      for (const { stop } of this.#waiting) stop()
      for (const loser of this.#arrived) close(loser)
      this.#resolve(opened)
    } catch (error) {
      this.#lastError = error
      close(opened)
    } finally {
      this.#isPreparing = false
    }
    this.#goOn()
  }
}
