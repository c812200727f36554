import type { GroupInfo, ReplicaApi } from '../api/contract.ts'
import { QuintetError, type Failure } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientClock } from './client-ports.ts'

/** One connection of a client's link. */
export interface Connection {
  readonly api: ReplicaApi
  readonly group: GroupInfo
  /** Which server was asked for; null is the own one. */
  readonly asked: ServerId | null
  lost: Failure | null
  state: 'opening' | 'current' | 'left'
  /** Whose session was taken up on it last; null: nobody's. */
  preparedFor: object | null
  /** Being prepared anew: requests wait for it. */
  ready: Promise<void> | null
  /** Requests that wait for their answers. */
  calls: number
  idle: () => void
}

export const newConnection = (api: ReplicaApi, group: GroupInfo, asked: ServerId | null): Connection => ({
  api,
  group,
  asked,
  lost: null,
  state: 'opening',
  preparedFor: null,
  ready: null,
  calls: 0,
  idle: () => undefined,
})

/** What is asked of a server, with what was told of it when it was connected. */
export type Request<Value> = (api: ReplicaApi, server: GroupInfo) => Promise<Value>

/** Asks, and counts what waits for an answer. */
export const ask = async <Value>(connection: Connection, request: Request<Value>): Promise<Value> => {
  connection.calls += 1
  try {
    return await request(connection.api, connection.group)
  } finally {
    connection.calls -= 1
    if (connection.calls === 0) connection.idle()
  }
}

/**
 * How long servers have to answer: twice as long when none did in time, because the way there may be long, as over a satellite; then
 * twice what it took.
 */
export class Patience {
  readonly #clock: ClientClock
  #ms: number = limits.connectMs

  constructor(clock: ClientClock) {
    this.#clock = clock
  }

  /** TIMEOUT when it takes too long; what is fulfilled later is given to `late`. */
  within<Value>(work: Promise<Value>, late: (value: Value) => void): Promise<Value> {
    const [ms, begunMs] = [this.#ms, this.#clock.nowMs()]
    return new Promise((resolve, reject) => {
      let isOver = false
      const stop = this.#clock.after(ms, () => {
        isOver = true
        this.#set(Math.max(this.#ms, ms * 2))
        reject(new QuintetError('TIMEOUT', `The server did not answer within ${ms} ms.`))
      })
      work.then(
        (value) => {
          stop()
          if (isOver) late(value)
          else {
            this.#set((this.#clock.nowMs() - begunMs) * 2)
            resolve(value)
          }
        },
        (error: unknown) => {
          stop()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  #set(ms: number): void {
    this.#ms = Math.min(limits.connectMostMs, Math.max(limits.connectMs, ms))
  }
}

export const closeQuietly = ({ api }: Connection): void => {
  api.close().catch(() => undefined)
}

export const isUnreachable = (error: unknown): boolean => error instanceof QuintetError && error.code === 'UNREACHABLE'
