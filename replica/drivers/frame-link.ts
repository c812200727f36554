import { QuintetError } from '../core/model/errors.ts'
import type { ClockPort } from '../host/ports.ts'
import type { ByteStream } from './byte-stream.ts'
import { FrameDecoder, frameTags, type FrameTag } from './frames.ts'
import { SendQueue } from './send-queue.ts'

/** How often life is looked for; silence is counted in ticks, so that a clock that jumps or sleeps kills no connection. */
const tickMs = 250
/** After so long without a byte sent the other side gets one: it listens for life, too. */
const pingTicks = 4
/** However much is sent, the round trip is measured so often. */
const measureTicks = 20
/** 2,500 ms without a single byte: the connection is half open. */
const silentTicks = 10
/**
 * So long bytes may come of which none can be read: on a slow line a message of 64 KiB, which is read when all of it has come, takes
 * many seconds, and where others share it half a minute. A connection on which only others are heard must not keep a stream that is half open.
 */
const unreadTicks = 480
/** More than heartbeats, and little beside the slowest of lines. */
const arrivingBytes = 512
const arrivingTicks = 4
const closeTimeoutMs = 1_000
/**
 * On a long way silence says less: what is lost there is sent again only when the other side has said that it misses it, which takes two
 * or three ways there and back, and all that follows waits for it. A way as short as this changes nothing.
 */
const shortWayMs = 100
const silentRoundTrips = 6
const mostWayTicks = 50
/** Of so many measurements the shortest counts: others were held up by what was being sent, or by a process that was busy. */
const measurementsKept = 4
const pingNumberBytes = 4
/** Of the driver's own frames, so many wait at most: as many pings as come in a quarter of an hour. */
const mostUrgent = 1_024
/** What goes through every way; more, in one packet, is lost where a tunnel makes packets longer than the way takes and nobody says so. */
const smallBytes = 1_200

/** Clients and servers are patient with each other, because what is given again costs more than waiting. */
export const clientPatience: Patience = { silentTicks: 40, doubtTicks: 8 }
const replicaPatience: Patience = { silentTicks, doubtTicks: silentTicks }

export interface Patience {
  /** Ticks of silence after which the stream is ended; more where the way is long. */
  readonly silentTicks: number
  /** Ticks of silence after which `silent` is told; more where the way is long. */
  readonly doubtTicks: number
}

export interface LinkListener {
  data(frame: Uint8Array): void
  /** Frames by which two replicas agree on the stream that they keep. */
  control(tag: FrameTag, frame: Uint8Array): void
  /** Once, last. `ended` means that the other side closed the stream itself. */
  over(end: 'ended' | 'lost', reason: string): void
  /** Nothing was heard for so long; null: it is heard again. */
  silent?(forMs: number | null): void
  /** Bytes came, and for a second no whole frame of the layer above. */
  arriving?(): void
  /** After what came was taken in. */
  read?(): void
}

/**
 * Frames over one stream of bytes: coalesced writes, back-pressure, and a heartbeat that finds a half-open connection within
 * 3 s. Every byte that arrives counts as life, also one that cannot be read yet.
 */
export class FrameLink {
  readonly #stream: ByteStream
  readonly #clock: ClockPort
  readonly #listener: LinkListener
  readonly #patience: Patience
  readonly #decoder: FrameDecoder
  readonly #queue = new SendQueue()
  readonly #stopTicking: () => void
  readonly #waiting = new Set<(error: Error) => void>()
  #drained: (() => void) | null = null
  #pumpPlanned = false
  #pumping = false
  #paused = false
  #over = false
  #ticks = 0
  #ticksSinceSent = pingTicks
  #silent = 0
  #unread = 0
  #arrived = 0
  #arrivedBefore = 0
  #ticksSinceFrame = 0
  #pinged: { readonly number: number; readonly atMs: number } | null = null
  #lagMs: number | null = null
  /** The last measurements of the way there and back, in milliseconds, the handshake's before there are others. */
  #ways: readonly number[]
  #isDoubted = false
  /** When something larger than every way takes was first sent; null: never. */
  #largeSentTick: number | null = null
  #largePackets: 'unknown' | 'through' = 'unknown'

  constructor(
    stream: ByteStream,
    clock: ClockPort,
    maxFrameBytes: number,
    listener: LinkListener,
    patience: Patience = replicaPatience,
  ) {
    this.#patience = patience
    this.#ways = [stream.roundTripMs ?? 0]
    this.#stream = stream
    this.#clock = clock
    this.#listener = listener
    this.#decoder = new FrameDecoder(maxFrameBytes)
    this.#stopTicking = clock.every(tickMs, () => {
      this.#tick()
    })
    stream.listen({
      read: (chunks) => {
        this.#read(chunks)
      },
      drained: () => {
        this.#planPump()
      },
      ended: () => {
        this.#finish('ended', 'the other side closed the stream')
      },
      closed: (reason) => {
        this.#finish('lost', reason)
      },
    })
    if (!stream.isOpen)
      queueMicrotask(() => {
        this.#finish('lost', 'the stream was closed before it was used')
      })
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** Of a frame of which only a part has come. */
  get keptBytes(): number {
    return this.#decoder.keptBytes
  }

  /** From now on frames may be as long as this. */
  allow(maxFrameBytes: number): void {
    this.#decoder.maxFrameBytes = maxFrameBytes
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Round trip of the last heartbeat. */
  get lagMs(): number | null {
    return this.#lagMs
  }

  /**
   * Whether packets came through that are as large as packets usually are; `lost`: such were sent, and nothing that was asked since has been
   * answered.
   */
  get largePackets(): 'lost' | 'through' | 'unknown' {
    return this.#largePackets === 'unknown' && this.#largeSentTick !== null ? 'lost' : this.#largePackets
  }

  /** Queues a frame; `over` tells when it could not be delivered. */
  push(frame: Uint8Array): void {
    if (this.#over) return
    this.#queue.push(frameTags.data, frame)
    this.#planPump()
  }

  pushControl(tag: FrameTag, frame: Uint8Array): void {
    if (this.#over) return
    this.#queue.pushUrgent(tag, frame)
    this.#planPump()
  }

  /** Queues a frame and waits until it is handed over. Throws UNREACHABLE when the stream is gone. */
  send(frame: Uint8Array): Promise<void> {
    if (this.#over) return Promise.reject(unreachable('the connection is gone'))
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      this.#queue.push(frameTags.data, frame, () => {
        this.#waiting.delete(reject)
        resolve()
      })
      this.#planPump()
    })
  }

  /** Stops reading, so that the other side is slowed down, until `resume`. */
  pause(): void {
    if (this.#paused || this.#over || !this.#stream.isOpen) return
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#silent = 0
    this.#unread = 0
    if (!this.#over) this.#stream.resume()
  }

  /** Sends what is queued, then closes the stream; gives up after a second. */
  async close(): Promise<void> {
    if (this.#over) return
    try {
      await this.#flushed()
      if (this.#stream.isOpen) await this.#stream.close(closeTimeoutMs)
      this.#finish('ended', 'closed here')
    } catch (error) {
      this.abort(error instanceof Error ? error.message : 'could not be closed')
    }
  }

  /** Ends the stream at once; what is queued is lost. */
  abort(reason: string): void {
    this.#finish('lost', reason)
    this.#stream.abort(reason)
  }

  #flushed(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(closeTimeoutMs, resolve)
      this.#drained = () => {
        cancel()
        resolve()
      }
      this.#planPump()
    })
  }

  #planPump(): void {
    if (this.#pumpPlanned || this.#over) return
    this.#pumpPlanned = true
    queueMicrotask(() => {
      this.#pumpPlanned = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (!this.#over && this.#stream.canSend) {
        const chunk = this.#queue.takeChunk()
        if (chunk === null) break
        this.#stream.send(chunk)
        this.#ticksSinceSent = 0
        if (chunk.length > smallBytes) this.#largeSentTick ??= this.#ticks
      }
      if (this.#queue.bytes === 0) this.#drained?.()
    } catch (error) {
      this.abort(error instanceof Error ? error.message : 'the stream could not be written')
    } finally {
      this.#pumping = false
    }
  }

  #read(chunks: Iterable<Uint8Array>): void {
    this.#unread = 0
    this.#heard()
    for (const chunk of chunks) {
      if (this.#over) return
      const refusal = this.#decoder.push(chunk, (tag, frame) => {
        this.#receive(tag, frame)
      })
      if (refusal !== null) this.abort(refusal)
    }
    this.#listener.read?.()
  }

  #receive(tag: FrameTag, frame: Uint8Array): void {
    if (this.#over) return
    switch (tag) {
      case frameTags.data:
        this.#ticksSinceFrame = 0
        if (frame.length > smallBytes) this.#largePackets = 'through'
        this.#listener.data(frame)
        return
      case frameTags.ping:
        this.#answerPing(frame)
        return
      case frameTags.pong:
        this.#answered(frame)
        return
      case frameTags.offer:
      case frameTags.accept:
      case frameTags.refuse:
      case frameTags.replaced:
        this.#listener.control(tag, frame)
        return
    }
  }

  #tick(): void {
    this.#ticks += 1
    this.#countSilence()
    this.#tellArriving()
    const wayTicks = this.#wayTicks
    if (!this.#isDoubted && this.#silent >= this.#patience.doubtTicks + wayTicks) {
      this.#isDoubted = true
      this.#listener.silent?.(this.#silent * tickMs)
    }
    if (this.#silent >= this.#patience.silentTicks + wayTicks) {
      this.abort(`nothing was heard for ${this.#silent * tickMs} ms`)
      return
    }
    this.#ticksSinceSent += 1
    if (this.#ticksSinceSent < pingTicks && this.#ticks % measureTicks !== 1) return
    this.#ping()
  }

  /** The one that is measured bears a number, which comes back with its answer: on a long way others are under way meanwhile. */
  #ping(): void {
    const isMeasured = this.#pinged === null
    if (isMeasured) this.#pinged = { number: this.#ticks, atMs: performance.now() }
    const frame = new Uint8Array(isMeasured ? pingNumberBytes : 0)
    if (isMeasured) numberIn(frame).setUint32(0, this.#ticks)
    this.pushControl(frameTags.ping, frame)
  }

  /** How much longer than usual silence is borne with. */
  get #wayTicks(): number {
    const overMs = Math.min(...this.#ways) - shortWayMs
    return Math.max(0, Math.min(mostWayTicks, Math.floor((overMs * silentRoundTrips) / tickMs)))
  }

  /** Pings come once a second. Whoever sends more, and reads no answer, would take all memory. */
  #answerPing(ping: Uint8Array): void {
    if (this.#queue.urgent < mostUrgent) this.pushControl(frameTags.pong, ping)
    else this.abort('the other side asks and does not read')
  }

  #answered(pong: Uint8Array): void {
    const pinged = this.#pinged
    if (pinged === null || pong.length !== pingNumberBytes || numberIn(pong).getUint32(0) !== pinged.number) return
    this.#pinged = null
    if (this.#largeSentTick !== null && pinged.number > this.#largeSentTick) this.#largePackets = 'through'
    const ms = performance.now() - pinged.atMs
    this.#ways = [...this.#ways, ms].slice(-measurementsKept)
    this.#lagMs = Math.round(ms)
  }

  #countSilence(): void {
    // Nothing can be heard while reading is paused; the other side's own heartbeat watches meanwhile.
    if (this.#paused) return
    const arrived = this.#stream.arrivedBytes
    const isMore = arrived > this.#arrived
    this.#arrived = arrived
    this.#unread += 1
    if (isMore && this.#unread < unreadTicks) this.#heard()
    else this.#silent += 1
  }

  #tellArriving(): void {
    this.#ticksSinceFrame += 1
    if (this.#ticks % arrivingTicks !== 0) return
    const bytes = this.#arrived - this.#arrivedBefore
    this.#arrivedBefore = this.#arrived
    const isPart = this.#decoder.keptBytes > 0 || this.#unread > arrivingTicks
    if (isPart && bytes >= arrivingBytes && this.#ticksSinceFrame > arrivingTicks) this.#listener.arriving?.()
  }

  #heard(): void {
    if (this.#isDoubted) this.#listener.silent?.(null)
    this.#isDoubted = false
    this.#silent = 0
  }

  #finish(end: 'ended' | 'lost', reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#stopTicking()
    this.#queue.clear()
    for (const reject of this.#waiting) reject(unreachable(reason))
    this.#waiting.clear()
    this.#drained?.()
    this.#listener.over(end, reason)
    if (end === 'ended' && this.#stream.isOpen) {
      this.#stream.close(closeTimeoutMs).catch((error: unknown) => {
        this.#stream.abort(error instanceof Error ? error.message : 'could not be closed')
      })
    }
  }
}

const numberIn = (frame: Uint8Array): DataView => new DataView(frame.buffer, frame.byteOffset, frame.byteLength)

const unreachable = (reason: string): QuintetError =>
  new QuintetError('UNREACHABLE', `The connection with the other server was lost: ${reason}.`)
