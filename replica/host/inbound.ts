import type { Failure, Result } from '../core/model/errors.ts'
import type { PeerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { HelloMessage, Message } from '../core/model/messages.ts'
import { originOf } from '../wire/keys.ts'
import type { IsHeld } from '../wire/message-codec.ts'
import type { Wire } from '../wire/wire.ts'
import type { LoggerPort, Transport } from './ports.ts'

interface InboundOptions {
  readonly wire: Pick<Wire, 'decodeMessageAside'>
  readonly transport: Pick<Transport, 'disconnect'>
  readonly logger: LoggerPort
}

/** Frames of one peer whose signatures are being verified, and those behind them. */
interface Line {
  bytes: number
  end: Promise<void>
}

const notItsOwn: Failure = { code: 'BAD_REQUEST', message: 'it says hello by the name of another machine, or seat' }

/** Whoever is connected has shown that it has the key of its peer id; an install's name is made of that and its seat. */
const isOf = (peer: PeerId, { origin, server }: HelloMessage): boolean => origin === originOf(server, peer)

/** Decodes the frames of the other replicas: those of one peer are given on in their order, though large ones are verified aside. */
export class Inbound {
  readonly #options: InboundOptions
  readonly #isHeld: IsHeld
  readonly #took: (peer: PeerId, message: Message) => void
  readonly #lines = new Map<PeerId, Line>()

  /** A peer whose frame is not valid, or that sends more than can be looked at, is disconnected. */
  constructor(options: InboundOptions, isHeld: IsHeld, took: (peer: PeerId, message: Message) => void) {
    this.#options = options
    this.#isHeld = isHeld
    this.#took = took
  }

  take(peer: PeerId, frame: Uint8Array): void {
    const line = this.#lines.get(peer)
    if ((line?.bytes ?? 0) + frame.length > limits.unverifiedBytes) {
      this.#refuse(peer, { code: 'TOO_LARGE', message: 'more came than can be verified' })
      return
    }
    const decoded = this.#options.wire.decodeMessageAside(frame, this.#isHeld)
    if (line === undefined && !(decoded instanceof Promise)) this.#conclude(peer, decoded)
    else this.#queue(peer, frame.length, Promise.resolve(decoded))
  }

  /** What is not verified yet of this peer's frames is dropped. */
  forget(peer: PeerId): void {
    this.#lines.delete(peer)
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

  #conclude(peer: PeerId, message: Result<Message | null>): void {
    if (!message.ok) this.#refuse(peer, message.failure)
    else if (message.value?.kind === 'hello' && !isOf(peer, message.value)) this.#refuse(peer, notItsOwn)
    else if (message.value !== null) this.#took(peer, message.value)
  }

  #refuse(peer: PeerId, failure: Failure): void {
    this.#lines.delete(peer)
    this.#options.logger.warn('a message was not valid; the peer is disconnected', { peer, ...failure })
    this.#options.transport.disconnect(peer)
  }
}
