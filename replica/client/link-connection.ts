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

/** TIMEOUT after `limits.connectMs`; what is fulfilled later is given to `late`. */
export const within = <Value>(clock: ClientClock, work: Promise<Value>, late: (value: Value) => void): Promise<Value> =>
  new Promise((resolve, reject) => {
    let isOver = false
    const stop = clock.after(limits.connectMs, () => {
      isOver = true
      reject(new QuintetError('TIMEOUT', `The server did not answer within ${limits.connectMs} ms.`))
    })
    work.then(
      (value) => {
        stop()
        if (isOver) late(value)
        else resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })

export const closeQuietly = ({ api }: Connection): void => {
  api.close().catch(() => undefined)
}

export const isUnreachable = (error: unknown): boolean => error instanceof QuintetError && error.code === 'UNREACHABLE'
