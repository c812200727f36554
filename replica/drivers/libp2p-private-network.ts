import type { ConnectionProtector, MultiaddrConnection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { randomBytes } from 'node:crypto'
import type { KeyRing } from './libp2p-key-ring.ts'
import { KeyedStream } from './libp2p-keyed-stream.ts'

const nonceBytes = 24
const handshakeMs = 1_000

/**
 * A private network (libp2p specs, pnet): without a key of the group nobody gets as far as the noise handshake. Who dials
 * uses one key; who listens takes the present one and former ones, and sees by the first bytes which it is.
 */
export const privateNetwork = (keys: KeyRing) => (): ConnectionProtector => ({
  protect: async (connection: MultiaddrConnection, options) => {
    const signal = options?.signal ?? AbortSignal.timeout(handshakeMs)
    const localNonce = new Uint8Array(randomBytes(nonceBytes))
    const bytes = byteStream(connection)
    const [remoteNonce] = await Promise.all([
      bytes.read({ bytes: nonceBytes, signal }),
      bytes.write(localNonce, { signal }),
    ])
    const address = connection.remoteAddr.toString()
    const isOutbound = connection.direction === 'outbound'
    return new KeyedStream({
      connection: bytes.unwrap(),
      localNonce,
      remoteNonce: remoteNonce.subarray(),
      keys: isOutbound ? [keys.keyFor(address)] : keys.all(),
      onKey: (key) => {
        keys.note(connection, key)
        if (isOutbound) keys.succeeded(address)
      },
    })
  },
})
