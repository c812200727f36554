/**
 * Frames on a byte stream: length (4 bytes, big endian), tag (1 byte), then that many bytes. The tag keeps the driver's
 * own small frames apart from what the layers above send.
 */

/** What a frame is: `data` belongs to the layer above, everything else stays inside the driver. */
export const frameTags = { data: 0, ping: 1, pong: 2, offer: 3, accept: 4, refuse: 5, replaced: 6 } as const
export type FrameTag = (typeof frameTags)[keyof typeof frameTags]

export const frameHeaderBytes = 5
/** The driver's own frames are tiny; a longer one is not ours. */
const controlFrameBytes = 64

const isFrameTag = (value: number): value is FrameTag => value <= frameTags.replaced

/** Writes a frame's header at `offset`. */
export const writeFrameHeader = (target: Uint8Array, offset: number, tag: FrameTag, length: number): void => {
  new DataView(target.buffer, target.byteOffset, target.byteLength).setUint32(offset, length)
  target[offset + 4] = tag
}

/**
 * Puts frames together again from chunks of any size. Each frame is a copy, so that keeping a part of one does not
 * keep a whole network buffer alive.
 */
export class FrameDecoder {
  /** Of the frames that begin from now on. */
  maxFrameBytes: number
  readonly #header = new Uint8Array(frameHeaderBytes)
  #headerFilled = 0
  #tag: FrameTag = frameTags.data
  #frame: Uint8Array | null = null
  #frameFilled = 0

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes
  }

  /** What is kept for a frame of which only a part has come. */
  get keptBytes(): number {
    return this.#frame?.length ?? 0
  }

  /**
   * Hands every frame that `chunk` completes to `deliver`. Returns null, or why the stream cannot be read any further:
   * a frame that is too long is refused by its header, before any of it is kept.
   */
  push(chunk: Uint8Array, deliver: (tag: FrameTag, frame: Uint8Array) => void): string | null {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === null) {
        const part = chunk.subarray(at, at + frameHeaderBytes - this.#headerFilled)
        this.#header.set(part, this.#headerFilled)
        this.#headerFilled += part.length
        at += part.length
        if (this.#headerFilled < frameHeaderBytes) return null
        const refusal = this.#beginFrame()
        if (refusal !== null) return refusal
      } else {
        const part = chunk.subarray(at, at + this.#frame.length - this.#frameFilled)
        this.#frame.set(part, this.#frameFilled)
        this.#frameFilled += part.length
        at += part.length
      }
      this.#deliverWhole(deliver)
    }
    return null
  }

  #beginFrame(): string | null {
    const length = new DataView(this.#header.buffer).getUint32(0)
    const tag = this.#header[4] ?? 255
    if (!isFrameTag(tag)) return `a frame with the unknown tag ${tag} came`
    const limit = tag === frameTags.data ? this.maxFrameBytes : controlFrameBytes
    if (length > limit) return `a frame of ${length} bytes came, the limit is ${limit}`
    this.#tag = tag
    this.#headerFilled = 0
    this.#frameFilled = 0
    this.#frame = new Uint8Array(length)
    return null
  }

  #deliverWhole(deliver: (tag: FrameTag, frame: Uint8Array) => void): void {
    const frame = this.#frame
    if (frame === null || this.#frameFilled < frame.length) return
    this.#frame = null
    deliver(this.#tag, frame)
  }
}
