import { frameHeaderBytes, writeFrameHeader, type FrameTag } from './frames.ts'

/**
 * What one write carries at most. With yamux's header it just fits one noise message (65,519 bytes of plaintext):
 * many small writes are several times slower, and a longer one would be cut into a long and a short message.
 */
const chunkBytes = 65_507

interface QueuedFrame {
  readonly tag: FrameTag
  readonly frame: Uint8Array
  /** Called when the last byte has been taken. */
  readonly taken: (() => void) | null
}

/** Frames that wait to be written, handed out as chunks: small ones together, large ones in parts. */
export class SendQueue {
  #frames: QueuedFrame[] = []
  #first = 0
  #urgent: QueuedFrame[] = []
  #current: QueuedFrame | null = null
  /** How much of the current frame, its header included, is taken. */
  #offset = 0
  #bytes = 0

  /** What waits, headers included. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many frames wait that go before others. */
  get urgent(): number {
    return this.#urgent.length
  }

  push(tag: FrameTag, frame: Uint8Array, taken: (() => void) | null = null): void {
    this.#frames.push({ tag, frame, taken })
    this.#bytes += frame.length + frameHeaderBytes
  }

  /** Goes before every frame that has not begun. */
  pushUrgent(tag: FrameTag, frame: Uint8Array): void {
    this.#urgent.push({ tag, frame, taken: null })
    this.#bytes += frame.length + frameHeaderBytes
  }

  clear(): void {
    this.#frames = []
    this.#first = 0
    this.#urgent = []
    this.#current = null
    this.#offset = 0
    this.#bytes = 0
  }

  /** The next bytes to write, or null when nothing waits. */
  takeChunk(): Uint8Array | null {
    const size = Math.min(this.#bytes, chunkBytes)
    if (size === 0) return null
    const chunk = new Uint8Array(size)
    let filled = 0
    while (filled < size) {
      this.#current ??= this.#next()
      const current = this.#current
      if (current === null) break
      if (this.#offset === 0) {
        // A header is never cut in two: the rest of the chunk stays empty instead.
        if (size - filled < frameHeaderBytes) break
        writeFrameHeader(chunk, filled, current.tag, current.frame.length)
        filled += frameHeaderBytes
        this.#offset = frameHeaderBytes
      }
      const from = this.#offset - frameHeaderBytes
      const part = current.frame.subarray(from, from + size - filled)
      chunk.set(part, filled)
      filled += part.length
      this.#offset += part.length
      if (this.#offset === current.frame.length + frameHeaderBytes) {
        this.#current = null
        this.#offset = 0
        current.taken?.()
      }
    }
    this.#bytes -= filled
    return filled === size ? chunk : chunk.subarray(0, filled)
  }

  #next(): QueuedFrame | null {
    const urgent = this.#urgent.shift()
    if (urgent !== undefined) return urgent
    const frame = this.#frames[this.#first]
    if (frame === undefined) return null
    this.#first += 1
    // So nothing that is sent is held for longer than what waits behind it, and moving that up costs each frame one move.
    if (this.#first * 2 >= this.#frames.length) {
      this.#frames.splice(0, this.#first)
      this.#first = 0
    }
    return frame
  }
}
