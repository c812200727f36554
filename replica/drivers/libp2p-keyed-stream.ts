import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { Buffer } from 'node:buffer'
import type { Uint8ArrayList } from 'uint8arraylist'
import xsalsa20 from 'xsalsa20'

type Cipher = ReturnType<typeof xsalsa20>

export interface KeyedStreamOptions {
  readonly connection: MultiaddrConnection
  readonly localNonce: Uint8Array
  readonly remoteNonce: Uint8Array
  /** The first one unless the other side's first bytes show that it uses another. */
  readonly keys: readonly Uint8Array[]
  /** Told once, when the other side has shown that it has this key. */
  readonly onKey: (key: Uint8Array) => void
}

/** What both sides of every libp2p connection send first (multistream-select). */
const greeting = Buffer.from('\x13/multistream/1.0.0\n')
/** Less than the ciphers' memory: beyond it, each cipher's growing makes every other one grow at its next use. */
const sliceBytes = 65_536

/**
 * A connection encrypted under a shared key. All ciphers of xsalsa20 live in one WebAssembly memory, so each one's place is
 * given back when the connection ends, and long writes are cut.
 */
export class KeyedStream extends AbstractMultiaddrConnection {
  readonly #options: KeyedStreamOptions
  readonly #connection: MultiaddrConnection
  /** What came before it was clear under which key. */
  #untold: Uint8Array[] = []
  #inbound: Cipher | null = null
  #outbound: Cipher | null = null
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
    connection.addEventListener('message', ({ data }) => {
      for (const piece of data instanceof Uint8Array ? [data] : data) this.#receive(piece)
    })
    connection.addEventListener('drain', () => {
      this.onMuxerDrain()
    })
    connection.addEventListener('close', ({ error, local }) => {
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
    const canSendMore = this.#connection.send(applied(this.#outbound, bytes))
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
    if (this.#inbound !== null) {
      this.onData(applied(this.#inbound, bytes))
      return
    }
    this.#untold.push(bytes)
    const first = Buffer.concat(this.#untold)
    if (first.length < greeting.length) return
    const key = this.#options.keys.find((candidate) => this.#opens(candidate, first))
    if (key === undefined) {
      this.abort(new Error('the other side has another group key'))
      return
    }
    this.#untold = []
    this.#options.onKey(key)
    this.#outbound ??= this.#cipher(this.#options.localNonce, key)
    this.#inbound = this.#cipher(this.#options.remoteNonce, key)
    this.onData(applied(this.#inbound, first))
  }

  #opens(key: Uint8Array, first: Uint8Array): boolean {
    const cipher = xsalsa20(this.#options.remoteNonce, key)
    const opened = cipher.update(first.subarray(0, greeting.length))
    cipher.finalize()
    return greeting.equals(opened)
  }

  #cipher(nonce: Uint8Array, key: Uint8Array | undefined): Cipher {
    if (key === undefined) throw new Error('a private network has a key')
    return xsalsa20(nonce, key)
  }

  #release(): void {
    this.#isOver = true
    this.#inbound?.finalize()
    this.#outbound?.finalize()
    this.#inbound = inert
    this.#outbound = inert
  }
}

/** For what is still sent or read when the connection is gone. */
const inert: Cipher = { update: (input) => input, finalize: () => undefined }

const applied = (cipher: Cipher, input: Uint8Array): Uint8Array => {
  if (input.length <= sliceBytes) return cipher.update(input)
  const output = new Uint8Array(input.length)
  for (let at = 0; at < input.length; at += sliceBytes) {
    cipher.update(input.subarray(at, at + sliceBytes), output.subarray(at, at + sliceBytes))
  }
  return output
}
