import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { FrameStream } from '../host/ports.ts'

interface Waiting {
  readonly message: Uint8Array
  readonly handedOver: () => void
  readonly lost: (error: QuintetError) => void
}

/**
 * Sends messages in order on a stream. What waits while the stream is busy goes out together, up to
 * `limits.apiFrameBytes` a frame: small sends are many times slower a byte than large ones.
 */
export class MessageWriter {
  readonly #stream: FrameStream
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #sending: Promise<void> | null = null
  #failure: QuintetError | null = null

  constructor(stream: FrameStream) {
    this.#stream = stream
  }

  /** Bytes that are not handed over to the stream yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Fulfilled when the message is handed over to the stream. UNREACHABLE when the stream is gone. */
  send(message: Uint8Array): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((handedOver, lost) => {
      this.#waiting.push({ message, handedOver, lost })
      this.#waitingBytes += message.length
      // Begun a turn later, so that messages of the same turn share a frame.
      this.#sending ??= Promise.resolve().then(() => this.#sendAll())
    })
  }

  /** Fulfilled when nothing waits, or the stream is gone. */
  async drained(): Promise<void> {
    while (this.#sending !== null) await this.#sending
  }

  /** Refuses what waits and what comes. */
  stop(failure: QuintetError): void {
    this.#failure ??= failure
    const refused = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { lost } of refused) lost(this.#failure)
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const frame = this.#nextFrame()
        await this.#stream.send(joined(frame))
        if (this.#failure !== null) return
        this.#waiting.splice(0, frame.length)
        for (const { message, handedOver } of frame) {
          this.#waitingBytes -= message.length
          handedOver()
        }
      }
    } catch (error) {
      this.stop(asUnreachable(error))
    } finally {
      this.#sending = null
    }
  }

  #nextFrame(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    for (const { message } of this.#waiting) {
      if (count > 0 && bytes + message.length > limits.apiFrameBytes) break
      bytes += message.length
      count += 1
    }
    return this.#waiting.slice(0, count)
  }
}

/** What a lost stream is to those who wait for it. */
export const asUnreachable = (error: unknown): QuintetError =>
  error instanceof QuintetError
    ? error
    : new QuintetError('UNREACHABLE', `The connection was lost: ${reasonOf(error)}.`)

const joined = (frame: readonly Waiting[]): Uint8Array => {
  const [only] = frame
  if (frame.length === 1 && only !== undefined) return only.message
  const bytes = new Uint8Array(frame.reduce((sum, { message }) => sum + message.length, 0))
  let position = 0
  for (const { message } of frame) {
    bytes.set(message, position)
    position += message.length
  }
  return bytes
}
