import { QuintetError } from '../core/model/errors.ts'
import type { ClientClock } from './client-ports.ts'
import type { Patience } from './link-connection.ts'

interface Waiter<Connection> {
  readonly fits: (connection: Connection) => boolean
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: QuintetError) => void
}

/** Requests that wait for a connection, in order, up to `limits.reconnectWaitMs` each, and longer where the way is long. */
export class LinkWaiters<Connection> {
  readonly #clock: ClientClock
  readonly #patience: Pick<Patience, 'reconnectMs'>
  readonly #waiters = new Set<Waiter<Connection>>()

  constructor(clock: ClientClock, patience: Pick<Patience, 'reconnectMs'>) {
    this.#clock = clock
    this.#patience = patience
  }

  /** The next connection that fits. UNREACHABLE when none comes in time. */
  next(fits: (connection: Connection) => boolean): Promise<Connection> {
    const { reconnectMs } = this.#patience
    return new Promise((resolve, reject) => {
      const waiter: Waiter<Connection> = {
        fits,
        resolve: (connection) => {
          stop()
          resolve(connection)
        },
        reject: (error) => {
          stop()
          reject(error)
        },
      }
      const stop = this.#clock.after(reconnectMs, () => {
        this.#waiters.delete(waiter)
        const waited = `${Math.round(reconnectMs / 1_000)} s`
        reject(new QuintetError('UNREACHABLE', `The replica could not be reached for ${waited}; it is tried on.`))
      })
      this.#waiters.add(waiter)
    })
  }

  offer(connection: Connection): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.fits(connection)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(connection)
    }
  }

  refuse(error: QuintetError): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const { reject } of waiters) reject(error)
  }
}
