import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { Buffer } from 'node:buffer'
import type { Uint8ArrayList } from 'uint8arraylist'
import { systemCode } from './file-names.ts'
import { noteArrived, noteRoundTrip } from './libp2p-arrivals.ts'
import { createStreamCipher, type StreamCipher } from './xsalsa20-stream.ts'

export interface KeyedStreamOptions {
  readonly connection: MultiaddrConnection
  readonly localNonce: Uint8Array
  /** The first one unless the other side's first bytes show that it uses another. */
  readonly keys: readonly Uint8Array[]
  /** Told once, when the other side has shown that it has this key. */
  readonly onKey: (key: Uint8Array) => void
  /** Told when the other side, which began as a member does, has ended it without showing a key: as who does not know ours. */
  readonly onRefused: () => void
  /** Told once what the way there and back takes. */
  readonly onMeasured: (roundTripMs: number) => void
}

/** What both sides of every libp2p connection send first (multistream-select). */
const greeting = Buffer.from('\x13/multistream/1.0.0\n')

export const nonceBytes = 24

/**
 * A connection encrypted under a shared key. Each side sends its nonce first, and under it whatever it has to say: nobody waits for the
 * other's, which on a long way would be one more round trip in which who dials has shown no key.
 */
export class KeyedStream extends AbstractMultiaddrConnection {
  readonly #options: KeyedStreamOptions
  readonly #connection: MultiaddrConnection
  /** What came before it was clear under which key: the nonce, and the first bytes under it. */
  #untold: Uint8Array[] = []
  /** Null before anything was sent, and when the way there and back has been measured. */
  #askedMs: number | null = null
  #isMeasured = false
  #inbound: StreamCipher | null = null
  #outbound: StreamCipher | null = null
  #isOver = false

  constructor(options: KeyedStreamOptions) {
    const { connection } = options
    super({
      remoteAddr: connection.remoteAddr,
      direction: connection.direction,
      log: connection.log.newScope('private-network'),
    })
    this.#options = options
    this.#connection = connection
    connection.send(options.localNonce)
    connection.addEventListener('message', ({ data }) => {
      noteArrived(connection, data.byteLength)
      for (const piece of data instanceof Uint8Array ? [data] : data) this.#receive(piece)
    })
    connection.addEventListener('drain', () => {
      this.onMuxerDrain()
    })
    connection.addEventListener('close', ({ error, local }) => {
      // That the other side has reset it is an error of the system, and counts as of this side.
      const isByOther = error === undefined ? local !== true : systemCode(error) !== null
      if (isByOther && this.#hasNonceOnly) this.#options.onRefused()
      this.#release()
      if (error === undefined) this.onTransportClosed()
      else if (local === true) this.abort(error)
      else this.onRemoteReset()
    })
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    await this.#connection.close(options)
  }

  sendData(data: Uint8ArrayList): { readonly sentBytes: number; readonly canSendMore: boolean } {
    const bytes = data.subarray()
    this.#outbound ??= this.#cipher(this.#options.localNonce, this.#options.keys[0])
    if (!this.#isMeasured) this.#askedMs ??= performance.now()
    const canSendMore = this.#connection.send(this.#outbound.update(bytes, 'shared'))
    return { sentBytes: bytes.length, canSendMore }
  }

  sendReset(error: Error): void {
    this.#connection.abort(error)
  }

  sendPause(): void {
    this.#connection.pause()
  }

  sendResume(): void {
    this.#connection.resume()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#measure()
    if (this.#inbound !== null) {
      this.onData(this.#inbound.update(bytes, 'owned'))
      return
    }
    this.#untold.push(bytes)
    const first = Buffer.concat(this.#untold)
    if (first.length < nonceBytes + greeting.length) return
    const remoteNonce = first.subarray(0, nonceBytes)
    const greeted = first.subarray(nonceBytes)
    const key = this.#options.keys.find((candidate) => opens(candidate, remoteNonce, greeted))
    if (key === undefined) {
      this.abort(new Error('the other side has another group key'))
      return
    }
    this.#untold = []
    this.#options.onKey(key)
    this.#outbound ??= this.#cipher(this.#options.localNonce, key)
    this.#inbound = this.#cipher(remoteNonce, key)
    this.onData(this.#inbound.update(greeted, 'owned'))
  }

  get #hasNonceOnly(): boolean {
    return this.#inbound === null && this.#untold.reduce((bytes, { length }) => bytes + length, 0) === nonceBytes
  }

  /** Of what is said first under the key the answer comes at once: who dials greets, who listens answers, and is asked for its handshake. */
  #measure(): void {
    if (this.#askedMs === null) return
    const roundTripMs = performance.now() - this.#askedMs
    noteRoundTrip(this.#connection, roundTripMs)
    this.#options.onMeasured(roundTripMs)
    this.#askedMs = null
    this.#isMeasured = true
  }

  #cipher(nonce: Uint8Array, key: Uint8Array | undefined): StreamCipher {
    if (key === undefined) throw new Error('a private network has a key')
    return createStreamCipher(nonce, key)
  }

  #release(): void {
    this.#isOver = true
    this.#inbound?.end()
    this.#outbound?.end()
    this.#inbound = inert
    this.#outbound = inert
  }
}

const opens = (key: Uint8Array, remoteNonce: Uint8Array, greeted: Uint8Array): boolean => {
  const cipher = createStreamCipher(remoteNonce, key)
  const opened = cipher.update(greeted.subarray(0, greeting.length), 'shared')
  cipher.end()
  return greeting.equals(opened)
}

/** For what is still sent or read when the connection is gone. */
const inert: StreamCipher = { update: (input) => input, end: () => undefined }
