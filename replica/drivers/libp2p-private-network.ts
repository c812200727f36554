import type { ConnectionProtector, MultiaddrConnection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { randomBytes } from 'node:crypto'
import type { KeyRing } from './libp2p-key-ring.ts'
import { KeyedStream } from './libp2p-keyed-stream.ts'

const nonceBytes = 24
/** For the nonce of who comes in, which it sends at once, and then for the first bytes under a key, which take it the way there and back. */
const strangerMs = 1_000

/**
 * A private network (libp2p specs, pnet): without a key of the group nobody gets as far as the noise handshake. Who dials
 * uses one key; who listens takes the present one and former ones, and sees by the first bytes which it is.
 */
export const privateNetwork = (keys: KeyRing) => (): ConnectionProtector => ({
  protect: async (connection: MultiaddrConnection, options) => {
    const isOutbound = connection.direction === 'outbound'
    const noNonce = new AbortController()
    const nonceCame = isOutbound ? none : within(strangerMs, () => noNonce.abort(new Error('no nonce came')))
    const signal = options?.signal === undefined ? noNonce.signal : AbortSignal.any([options.signal, noNonce.signal])
    const localNonce = new Uint8Array(randomBytes(nonceBytes))
    const bytes = byteStream(connection)
    const [remoteNonce] = await Promise.all([
      bytes.read({ bytes: nonceBytes, signal }),
      bytes.write(localNonce, { signal }),
    ]).finally(nonceCame)
    const address = connection.remoteAddr.toString()
    const keyShown = isOutbound ? none : within(strangerMs, () => stream.abort(new Error('no key was shown')))
    const stream = new KeyedStream({
      connection: bytes.unwrap(),
      localNonce,
      remoteNonce: remoteNonce.subarray(),
      keys: isOutbound ? [keys.keyFor(address)] : keys.all(),
      onKey: (key) => {
        keyShown()
        keys.note(connection, key)
        if (isOutbound) keys.succeeded(address)
      },
    })
    stream.addEventListener('close', keyShown)
    return stream
  },
})

const none = (): void => undefined

/** Does `otherwise` unless what it returns is called in time. What has come while this process hung is read first. */
const within = (ms: number, otherwise: () => void): (() => void) => {
  let isDone = false
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!isDone) otherwise()
    })
  }, ms)
  timer.unref()
  return () => {
    isDone = true
    clearTimeout(timer)
  }
}
