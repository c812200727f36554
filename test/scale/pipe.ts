import type { Random } from '../simulation/random.ts'
import type { Timeline } from '../simulation/timeline.ts'
import type { ScaleOptions } from './options.ts'

/** What a TCP segment carries on Ethernet with time stamps. */
const segmentBytes = 1_448
/** Mathis et al., "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm" (1997): of periodic loss, no delayed acks. */
const mathisConstant = 1.22
/** A lost segment is noticed and sent again; the last ones of a message later than others, since nothing follows them. */
const recoveryRoundTrips = 1.5
const bitsPerByte = 8
const msPerSecond = 1_000

/** Bytes a millisecond that one TCP connection carries: the link's, or what loss and the round trip leave of it. */
export const streamRate = ({ delayMs, lossPercent, linkMbit }: ScaleOptions): number => {
  const link = mbitRate(linkMbit)
  if (delayMs === 0 || lossPercent === 0) return link
  return Math.min(link, (mathisConstant * segmentBytes) / (2 * delayMs * Math.sqrt(lossPercent / 100)))
}

const mbitRate = (mbit: number): number => (mbit * 1_000_000) / bitsPerByte / msPerSecond

/** What a machine sends goes out one after the other. */
export class Uplink {
  readonly #rate: number
  #freeMs = 0

  constructor({ uplinkMbit }: ScaleOptions) {
    this.#rate = mbitRate(uplinkMbit)
  }

  /** When the last of these bytes has left, of those that may begin at `fromMs`. */
  leaves(fromMs: number, bytes: number): number {
    this.#freeMs = Math.max(this.#freeMs, fromMs) + bytes / this.#rate
    return this.#freeMs
  }
}

/** One direction of a stream: in order, at the rate that TCP reaches, with a stall where a segment is lost. */
export class Pipe {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #options: ScaleOptions
  readonly #uplink: Uplink
  readonly #rate: number
  #freeMs = 0
  #arrivalMs = 0
  #waiting = 0
  #arrivedMs = 0

  constructor(timeline: Timeline, random: Random, options: ScaleOptions, uplink: Uplink) {
    this.#timeline = timeline
    this.#random = random
    this.#options = options
    this.#uplink = uplink
    this.#rate = streamRate(options)
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether something has been coming for a second, of which nothing is whole. */
  get isPartial(): boolean {
    return this.#waiting > 0 && this.#timeline.nowMs - this.#arrivedMs >= msPerSecond
  }

  push(bytes: number, deliver: () => void): void {
    const { nowMs } = this.#timeline
    this.#freeMs = Math.max(this.#freeMs, nowMs) + bytes / this.#rate
    const leavesMs = Math.max(this.#freeMs, this.#uplink.leaves(nowMs, bytes))
    this.#arrivalMs = Math.max(this.#arrivalMs, leavesMs + this.#options.delayMs + this.#stallMs(bytes))
    this.#waiting += bytes
    this.#timeline.after(leavesMs - nowMs, () => {
      this.#waiting -= bytes
    })
    this.#timeline.after(this.#arrivalMs - nowMs, () => {
      this.#arrivedMs = this.#timeline.nowMs
      deliver()
    })
  }

  /** Segments of one message that are lost are sent again together; what is sent again may be lost again. */
  #stallMs(bytes: number): number {
    const loss = this.#options.lossPercent / 100
    let lost = Math.ceil(bytes / segmentBytes)
    let stallMs = 0
    for (;;) {
      lost = this.#lostOf(lost, loss)
      if (lost === 0) return stallMs
      stallMs += recoveryRoundTrips * 2 * this.#options.delayMs
    }
  }

  #lostOf(segments: number, loss: number): number {
    let lost = 0
    for (let segment = 0; segment < segments; segment += 1) if (this.#random.chance(loss)) lost += 1
    return lost
  }
}
