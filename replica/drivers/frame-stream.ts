import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { PeerId } from '../core/model/ids.ts'
import type { ClockPort, FrameStream } from '../host/ports.ts'
import type { ByteStream } from './byte-stream.ts'
import type { EarlyBytes } from './early-bytes.ts'
import { clientPatience, FrameLink, type LinkListener } from './frame-link.ts'

/** A stream of bytes as the `FrameStream` that a client's calls go over. */
export class LinkFrameStream implements FrameStream {
  readonly remote: PeerId
  readonly frames: AsyncIterable<Uint8Array>
  readonly #link: FrameLink
  readonly #onOver: () => void
  #read: Uint8Array[] = []
  #readBytes = 0
  #onSilence: (forMs: number | null) => void = () => undefined
  /** Null once the other side has shown who it is, or where it need not. */
  #early: EarlyBytes | null
  #end: { readonly error: QuintetError | null } | null = null
  #wake: (() => void) | null = null

  /** `onOver` is called once, when the stream has ended either way. `early`: where what comes counts until `trust`. */
  constructor(
    stream: ByteStream,
    remote: PeerId,
    clock: ClockPort,
    onOver: () => void,
    early: EarlyBytes | null = null,
  ) {
    this.remote = remote
    this.#early = early
    this.#onOver = onOver
    const listener: LinkListener = {
      data: (frame) => {
        this.#accept(frame)
      },
      control: () => undefined,
      over: (end, reason) => {
        this.#finish(end === 'ended' ? null : new QuintetError('UNREACHABLE', `The connection was lost: ${reason}.`))
      },
      silent: (forMs) => {
        this.#onSilence(forMs)
      },
      read: () => {
        this.#count()
      },
    }
    const maxFrameBytes = early === null ? limits.frameBytes : limits.earlyFrameBytes
    this.#link = new FrameLink(stream, clock, maxFrameBytes, listener, clientPatience)
    this.frames = { [Symbol.asyncIterator]: () => this.#iterate() }
  }

  send(frame: Uint8Array): Promise<void> {
    if (frame.length > limits.frameBytes) {
      return Promise.reject(
        new QuintetError('TOO_LARGE', `A frame has ${frame.length} bytes, the limit is ${limits.frameBytes}.`),
      )
    }
    return this.#link.send(frame)
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  onSilence(listener: (forMs: number | null) => void): void {
    this.#onSilence = listener
  }

  trust(): void {
    this.#early?.note(this, 0)
    this.#early = null
    this.#link.allow(limits.frameBytes)
  }

  abort(reason: string): void {
    this.#link.abort(reason)
  }

  #count(): void {
    if (this.#end === null) this.#early?.note(this, this.#readBytes + this.#link.keptBytes)
  }

  #accept(frame: Uint8Array): void {
    this.#read.push(frame)
    this.#readBytes += frame.length
    const most = this.#early === null ? limits.clientReadBytes : limits.earlyFrameBytes
    if (this.#readBytes > most) this.#link.pause()
    this.#wakeReader()
  }

  #finish(error: QuintetError | null): void {
    this.#end = { error }
    this.#early?.note(this, 0)
    this.#wakeReader()
    this.#onOver()
  }

  #wakeReader(): void {
    this.#wake?.()
    this.#wake = null
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frames = this.#read
      this.#read = []
      for (const frame of frames) {
        this.#readBytes -= frame.length
        this.#count()
        yield frame
      }
      if (this.#read.length > 0) continue
      // Only now: resuming delivers at once what libp2p kept, and a second pause from within that would be undone.
      this.#link.resume()
      if (this.#read.length > 0) continue
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error
        return
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
