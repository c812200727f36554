import type { PeerId } from '../core/model/ids.ts'
import type { ClockPort, LoggerPort } from '../host/ports.ts'
import { LocalDiscovery } from './local-discovery.ts'
import { serviceOf } from './local-messages.ts'

/** Members answer at once, or a second after they have answered somebody else. */
const answersMs = 1_500

/** Where members of a group say in the local network that they are, for one that has moved since an invite was made. */
export class NearbyMembers {
  readonly #clock: ClockPort
  readonly #heard = new Map<PeerId, readonly string[]>()
  readonly #discovery: LocalDiscovery
  #wake: () => void = () => undefined

  constructor(groupId: Uint8Array, clock: ClockPort, port?: number) {
    this.#clock = clock
    this.#discovery = new LocalDiscovery({
      ...{ service: serviceOf(groupId), clock, logger: noLog, addresses: () => [] },
      ...(port === undefined ? {} : { port }),
      onHeard: (peer, addresses) => {
        this.#heard.set(peer, [...new Set([...(this.#heard.get(peer) ?? []), ...addresses])])
        this.#wake()
      },
    })
    this.#discovery.start()
  }

  of(peer: PeerId): readonly string[] {
    return this.#heard.get(peer) ?? []
  }

  /** Fulfilled when one of them is heard, or after so long that none will be. */
  hears(peers: Iterable<PeerId>): Promise<void> {
    const wanted = [...peers]
    return new Promise((resolve) => {
      const cancel = this.#clock.after(answersMs, resolve)
      this.#wake = () => {
        if (!wanted.some((peer) => this.#heard.has(peer))) return
        cancel()
        resolve()
      }
      this.#wake()
    })
  }

  stop(): void {
    this.#discovery.stop()
  }
}

const ignore = (): void => undefined
/** Whoever asks has no log yet, and hears that nobody was reached. */
const noLog: LoggerPort = { debug: ignore, info: ignore, warn: ignore, error: ignore }
