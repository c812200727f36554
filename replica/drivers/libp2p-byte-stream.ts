import type { Connection, Stream } from '@libp2p/interface'
import type { ByteStream, ByteStreamListener } from './byte-stream.ts'
import { arrivedOn, roundTripOn } from './libp2p-arrivals.ts'

/** What may stand in libp2p's own buffer, beyond which its back-pressure is waited for. */
const streamBufferBytes = 131_072

/**
 * A libp2p stream. libp2p's own `onDrain()` is fulfilled for ever after the first drain (@libp2p/utils 7.4.1), so its state and
 * events are used instead.
 */
export class Libp2pByteStream implements ByteStream {
  readonly #stream: Stream
  readonly #connection: Connection
  #remoteEnded = false

  /** `connection`: the one that the stream is of. */
  constructor(stream: Stream, connection: Connection) {
    this.#stream = stream
    this.#connection = connection
  }

  get isOpen(): boolean {
    return this.#stream.status === 'open'
  }

  get arrivedBytes(): number {
    return arrivedOn(this.#connection)
  }

  get roundTripMs(): number | null {
    return roundTripOn(this.#connection)
  }

  get canSend(): boolean {
    return !this.#stream.writableNeedsDrain && this.#stream.writeBufferLength < streamBufferBytes
  }

  listen(listener: ByteStreamListener): void {
    const stream = this.#stream
    stream.addEventListener('remoteCloseWrite', () => {
      this.#remoteEnded = true
    })
    stream.addEventListener('end', () => {
      if (this.#remoteEnded) listener.ended()
    })
    stream.addEventListener('close', (event) => {
      listener.closed(event.error?.message ?? 'the connection was closed')
    })
    const drained = (): void => {
      listener.drained()
    }
    stream.addEventListener('drain', drained)
    stream.addEventListener('idle', drained)
    stream.addEventListener('message', (event) => {
      listener.read(event.data instanceof Uint8Array ? [event.data] : event.data)
    })
  }

  send(chunk: Uint8Array): void {
    this.#stream.send(chunk)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#stream.close({ signal: AbortSignal.timeout(timeoutMs) })
  }

  abort(reason: string): void {
    this.#stream.abort(new Error(reason))
  }
}
