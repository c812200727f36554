/** What is sent, told apart by what it is for. */
export const trafficKinds = [
  'hello',
  'knowledge',
  'fresh batches',
  'requests',
  'batches asked for',
  'gossip',
  'pings',
  'other',
] as const
export type TrafficKind = (typeof trafficKinds)[number]

/** TCP and IP headers of a segment, and half an acknowledgement. */
const packetHeaderBytes = 52 + 26
/** yamux's header, and noise's length and tag, around what is written at once. */
const writeHeaderBytes = 12 + 18
const segmentBytes = 1_448

export interface Counted {
  readonly messages: number
  readonly bytes: number
}

/** Messages and bytes by kind. Bytes are those of frames, as the encoders make them. */
export class Traffic {
  readonly #counts = new Map<TrafficKind, { messages: number; bytes: number }>()
  #headerBytes = 0

  note(kind: TrafficKind, bytes: number): void {
    const count = this.#counts.get(kind) ?? { messages: 0, bytes: 0 }
    count.messages += 1
    count.bytes += bytes
    this.#counts.set(kind, count)
    this.#headerBytes += writeHeaderBytes + Math.ceil((bytes + writeHeaderBytes) / segmentBytes) * packetHeaderBytes
  }

  of(kind: TrafficKind): Counted {
    return { ...(this.#counts.get(kind) ?? { messages: 0, bytes: 0 }) }
  }

  get bytes(): number {
    return [...this.#counts.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get messages(): number {
    return [...this.#counts.values()].reduce((sum, { messages }) => sum + messages, 0)
  }

  /** What the layers below add when every frame is written by itself: no more than this. */
  get headerBytes(): number {
    return this.#headerBytes
  }

  byKind(): Readonly<Record<string, Counted>> {
    return Object.fromEntries(trafficKinds.map((kind) => [kind, this.of(kind)]))
  }
}
