import type { Connection, Libp2p } from '@libp2p/interface'
import type { ClockPort } from '../host/ports.ts'

const stopTimeoutMs = 1_500

/**
 * Ends a connection at once. libp2p throws when it cannot say goodbye any more, and then leaves the socket open; a second call
 * finds the multiplexer closed and goes on to the socket.
 */
export const abortConnection = (connection: Connection, reason: string): void => {
  try {
    connection.abort(new Error(reason))
  } catch {
    connection.abort(new Error(reason))
  }
}

/** Ends every connection and stops the node, in a bounded time. */
export const stopNode = (node: Libp2p, clock: ClockPort): Promise<void> => {
  for (const connection of node.getConnections()) abortConnection(connection, 'stopping')
  return new Promise((resolve, reject) => {
    const cancel = clock.after(stopTimeoutMs, resolve)
    Promise.resolve(node.stop()).then(
      () => {
        cancel()
        resolve()
      },
      (error: unknown) => {
        cancel()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
