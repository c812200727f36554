import type { CoreEvent } from '../core/effects.ts'
import type { Failure, Result } from '../core/model/errors.ts'
import type { PeerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { HelloMessage, Message } from '../core/model/messages.ts'
import { TokenBucket } from '../core/token-bucket.ts'
import { originOf } from '../wire/keys.ts'
import { type IsHeld, tellsWhoItIs } from '../wire/message-codec.ts'
import type { Wire } from '../wire/wire.ts'
import type { ClockPort, LoggerPort, Transport } from './ports.ts'

interface InboundOptions {
  readonly wire: Pick<Wire, 'decodeMessageAside' | 'decodeGossip'>
  readonly transport: Pick<Transport, 'disconnect'>
  readonly logger: LoggerPort
  readonly clock: Pick<ClockPort, 'nowMs'>
  readonly isHeld: IsHeld
  /** Whether it has said hello, and was let in. */
  readonly isGreeted: (peer: PeerId) => boolean
  /** `done` is to be called when the core has dealt with it. */
  readonly took: (event: Heard, done: (() => void) | null) => void
}

/** What the others say. */
type Heard = Extract<CoreEvent, { kind: 'message' | 'gossip' }>
/** Frames of one peer whose signatures are being verified, and those behind them. */
interface Line {
  bytes: number
  end: Promise<void>
}

/** Frames of one peer behind its hello, which has not been judged yet. */
interface Waiting {
  bytes: number
  readonly frames: Uint8Array[]
}

const notItsOwn: Failure = { code: 'BAD_REQUEST', message: 'it says hello by the name of another machine, or seat' }

const tooMuch: Failure = { code: 'TOO_LARGE', message: 'more came than can be verified' }

/** Whoever is connected has shown that it has the key of its peer id; an install's name is made of that and its seat. */
const isOf = (peer: PeerId, { origin, server }: HelloMessage): boolean => origin === originOf(server, peer)

/**
 * Decodes the frames of the other replicas: those of one peer are given on in their order, though large ones are verified aside. Anybody
 * with the group's key can connect, and verifying what it sends would keep everybody else waiting: of who was not let in only what says who it
 * is is looked at.
 */
export class Inbound {
  readonly #options: InboundOptions
  readonly #lines = new Map<PeerId, Line>()
  readonly #waiting = new Map<PeerId, Waiting>()
  readonly #gossip = new TokenBucket(limits.gossipBytesASecond * 2, limits.gossipBytesASecond)

  /** A peer whose frame is not valid, or that sends more than can be looked at, is disconnected. */
  constructor(options: InboundOptions) {
    this.#options = options
  }

  take(peer: PeerId, frame: Uint8Array): void {
    const waiting = this.#waiting.get(peer)
    if (waiting !== undefined) this.#keep(peer, waiting, frame)
    else if (this.#options.isGreeted(peer)) this.#look(peer, frame)
    else if (tellsWhoItIs(frame)) {
      this.#waiting.set(peer, { bytes: 0, frames: [] })
      this.#look(peer, frame)
    }
  }

  gossip(peer: PeerId, frame: Uint8Array): void {
    const { wire, logger, clock, isHeld, took } = this.#options
    // What is passed over comes from members, over their own streams.
    if (!this.#gossip.take(frame.length, clock.nowMs())) return
    const batches = wire.decodeGossip(frame, isHeld)
    if (!batches.ok) logger.warn('a gossip message was not valid', { peer, ...batches.failure })
    else if (batches.value.length > 0) took({ kind: 'gossip', batches: batches.value }, null)
  }

  /** What is not verified yet of this peer's frames is dropped. */
  forget(peer: PeerId): void {
    this.#lines.delete(peer)
    this.#waiting.delete(peer)
  }

  #keep(peer: PeerId, waiting: Waiting, frame: Uint8Array): void {
    waiting.bytes += frame.length
    waiting.frames.push(frame)
    if (waiting.bytes > limits.frameBytes) this.#refuse(peer, tooMuch)
  }

  #look(peer: PeerId, frame: Uint8Array): void {
    const line = this.#lines.get(peer)
    if ((line?.bytes ?? 0) + frame.length > limits.unverifiedBytes) {
      this.#refuse(peer, tooMuch)
      return
    }
    const decoded = this.#options.wire.decodeMessageAside(frame, this.#options.isHeld)
    if (line === undefined && !(decoded instanceof Promise)) this.#conclude(peer, decoded)
    else this.#queue(peer, frame.length, Promise.resolve(decoded))
  }

  #queue(peer: PeerId, bytes: number, decoded: Promise<Result<Message | null>>): void {
    const line = this.#lines.get(peer) ?? { bytes: 0, end: Promise.resolve() }
    this.#lines.set(peer, line)
    line.bytes += bytes
    const end = line.end.then(async () => {
      const message = await decoded
      line.bytes -= bytes
      if (this.#lines.get(peer) !== line) return
      if (line.end === end) this.#lines.delete(peer)
      this.#conclude(peer, message)
    })
    line.end = end
  }

  #conclude(peer: PeerId, decoded: Result<Message | null>): void {
    if (!decoded.ok) {
      this.#refuse(peer, decoded.failure)
      return
    }
    const { value: message } = decoded
    const waiting = this.#waiting.get(peer)
    const judged = (): void => this.#goOn(peer, waiting)
    if (message?.kind === 'hello' && !isOf(peer, message)) this.#refuse(peer, notItsOwn)
    else if (message?.kind === 'hello') this.#options.took({ kind: 'message', peer, message }, judged)
    else {
      if (message !== null) this.#options.took({ kind: 'message', peer, message }, null)
      judged()
    }
  }

  #goOn(peer: PeerId, waiting: Waiting | undefined): void {
    if (waiting === undefined || this.#waiting.get(peer) !== waiting) return
    this.#waiting.delete(peer)
    for (const frame of waiting.frames) this.take(peer, frame)
  }

  #refuse(peer: PeerId, failure: Failure): void {
    this.forget(peer)
    this.#options.logger.warn('a message was not valid; the peer is disconnected', { peer, ...failure })
    this.#options.transport.disconnect(peer)
  }
}
