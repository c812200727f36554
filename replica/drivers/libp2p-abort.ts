import type { Connection } from '@libp2p/interface'

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
