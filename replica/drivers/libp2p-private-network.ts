import type { AbortOptions, ConnectionProtector, MultiaddrConnection } from '@libp2p/interface'
import { randomBytes } from 'node:crypto'
import type { KeyRing } from './libp2p-key-ring.ts'
import { KeyedStream, nonceBytes } from './libp2p-keyed-stream.ts'
import { fewProposals } from './libp2p-proposals.ts'
import { type ProgressOptions, tellReached, tellRefused } from './libp2p-dial-patience.ts'

/**
 * For the nonce of who comes in and its first bytes under a key: it sends both at once. Versions before this one wait for the other side's
 * nonce in between, which takes the way there and back.
 */
const strangerMs = 1_500

/**
 * A private network (libp2p specs, pnet): without a key of the group nobody gets as far as the noise handshake. Who dials
 * uses one key; who listens takes the present one and former ones, and sees by the first bytes which it is.
 */
export const privateNetwork = (keys: KeyRing) => (): ConnectionProtector => ({
  protect: (connection: MultiaddrConnection, options?: AbortOptions & ProgressOptions) => {
    const isOutbound = connection.direction === 'outbound'
    if (isOutbound) tellReached(options, null)
    const address = connection.remoteAddr.toString()
    const keyShown = isOutbound ? none : within(strangerMs, () => stream.abort(new Error('no key was shown')))
    const dialled = isOutbound ? keys.keyFor(address) : null
    const stream = new KeyedStream({
      connection,
      localNonce: new Uint8Array(randomBytes(nonceBytes)),
      keys: dialled === null ? keys.all() : [dialled],
      onKey: (key) => {
        keyShown()
        keys.note(connection, key)
        if (isOutbound) keys.succeeded(address)
      },
      // Of a former key that says nothing: the next try is by the present one.
      onRefused: () => {
        if (dialled === keys.present) tellRefused(options)
      },
      onMeasured: (roundTripMs) => {
        if (isOutbound) tellReached(options, roundTripMs)
      },
    })
    stream.addEventListener('close', keyShown)
    return Promise.resolve(fewProposals(stream))
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
