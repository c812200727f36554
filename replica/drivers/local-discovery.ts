import type { PeerId } from '../core/model/ids.ts'
import type { ClockPort, LoggerPort } from '../host/ports.ts'
import { heardAt } from './libp2p-addresses.ts'
import { decodeLocal, encodeAnswer, encodeQuestion } from './local-messages.ts'
import { MulticastSocket, type MulticastFamily } from './multicast-socket.ts'
import { byPeer } from './peer-in-address.ts'

/** How often the others are asked for. */
const askEveryMs = 10_000
/** However many ask: an answer goes to all. */
const answerEveryMs = 1_000
const usualPort = 5_353

export interface LocalDiscoveryOptions {
  /** The name of the group's service, as DNS has it. */
  readonly service: string
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** Where this install listens, with its peer id; nowhere for who only looks. */
  readonly addresses: () => readonly string[]
  /** Told at every announcement that is heard, of known peers as well. */
  readonly onHeard: (peer: PeerId, addresses: readonly string[]) => void
  readonly port?: number
}

/** Finds members in the local network, and lets them find this one: by mDNS, on all of its interfaces. */
export class LocalDiscovery {
  readonly #options: LocalDiscoveryOptions
  #sockets: readonly MulticastSocket[] = []
  #stopAsking: () => void = () => undefined
  #cancelAnswer: (() => void) | null = null
  #isAskedAgain = false
  /** So a port that is taken is told of once. */
  readonly #told = new Set<string>()

  constructor(options: LocalDiscoveryOptions) {
    this.#options = options
  }

  start(): void {
    this.#stopAsking = this.#options.clock.every(askEveryMs, () => {
      this.#ask()
    })
    this.renew()
  }

  stop(): void {
    this.#stopAsking()
    this.#cancelAnswer?.()
    this.#close()
  }

  /** The interfaces are others, or the machine has slept: then what was joined may be joined no more. Asks at once. */
  renew(): void {
    this.#close()
    this.#sockets = (['udp4', 'udp6'] as const).map((family) => this.#open(family))
    this.#ask()
  }

  #open(family: MulticastFamily): MulticastSocket {
    const { port = usualPort, logger } = this.#options
    const socket = new MulticastSocket({
      family,
      port,
      onMessage: (bytes, from) => {
        this.#take(bytes, from)
      },
      onError: (error) => {
        if (this.#told.has(family)) return
        this.#told.add(family)
        logger.warn('members cannot be looked for in the local network', { family, port, error: error.message })
      },
    })
    return socket
  }

  #close(): void {
    for (const socket of this.#sockets) socket.close()
    this.#sockets = []
  }

  #ask(): void {
    const question = encodeQuestion(this.#options.service)
    for (const socket of this.#sockets) socket.send(question)
  }

  #take(bytes: Uint8Array, from: string): void {
    const message = decodeLocal(this.#options.service, bytes)
    if (message?.kind === 'question' && this.#options.addresses().length > 0) this.#answerSoon()
    if (message?.kind !== 'answer') return
    const [announced] = byPeer(message.addresses)
    if (announced === undefined) return
    const [peer, addresses] = announced
    this.#options.onHeard(peer, heardAt(from, addresses))
  }

  /** At once, and then not before a second is over. */
  #answerSoon(): void {
    if (this.#cancelAnswer !== null) {
      this.#isAskedAgain = true
      return
    }
    this.#isAskedAgain = false
    this.#answer()
    this.#cancelAnswer = this.#options.clock.after(answerEveryMs, () => {
      this.#cancelAnswer = null
      if (this.#isAskedAgain) this.#answerSoon()
    })
  }

  #answer(): void {
    const { service, addresses } = this.#options
    const answer = encodeAnswer(service, addresses())
    for (const socket of this.#sockets) socket.send(answer)
  }
}
