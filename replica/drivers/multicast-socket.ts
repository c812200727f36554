import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'

const families = {
  udp4: { family: 'IPv4', group: '224.0.0.251' },
  udp6: { family: 'IPv6', group: 'ff02::fb' },
} as const

export type MulticastFamily = keyof typeof families

export interface MulticastOptions {
  readonly family: MulticastFamily
  readonly port: number
  /** `from`: where it came from, of IPv6 with the interface where that is needed (`fe80::1%eth0`). */
  readonly onMessage: (bytes: Uint8Array, from: string) => void
  readonly onError: (error: Error) => void
}

/**
 * The group of mDNS on every interface. Left to itself the system sends to one alone: that of the default route, so into the tunnel of a VPN, and
 * nowhere where there is no default route, as with a cable between two machines or a switch without a router.
 */
export class MulticastSocket {
  readonly #socket: Socket
  readonly #options: MulticastOptions
  readonly #joined: string[] = []
  /** What is sent before it listens waits for that. */
  #sending: Promise<void>
  #isOpen = true

  constructor(options: MulticastOptions) {
    this.#options = options
    this.#socket = createSocket({ type: options.family, reuseAddr: true, ipv6Only: options.family === 'udp6' })
    this.#socket.on('error', options.onError)
    this.#socket.on('message', (bytes: Buffer, { address }: RemoteInfo) => {
      if (this.#isOpen) options.onMessage(bytes, address)
    })
    this.#sending = new Promise((resolve) => {
      this.#socket.once('error', () => {
        resolve()
      })
      this.#socket.once('listening', () => {
        this.#join()
        resolve()
      })
    })
    this.#socket.bind({ port: options.port })
  }

  /** To everybody who listens on any of the interfaces. What cannot be sent is not sent. */
  send(bytes: Uint8Array): void {
    this.#sending = this.#sending.then(async () => {
      for (const place of this.#joined) await this.#sendTo(place, bytes)
    })
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.close()
  }

  #join(): void {
    const { group } = families[this.#options.family]
    for (const place of placesOf(this.#options.family)) {
      try {
        this.#socket.addMembership(group, place)
        this.#joined.push(place)
      } catch {
        // An interface that cannot do it, or is gone again.
      }
    }
    try {
      this.#socket.setMulticastLoopback(true)
      this.#socket.setMulticastTTL(255)
    } catch {
      // What the system does without being told has to do.
    }
  }

  #sendTo(place: string, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isOpen) {
        resolve()
        return
      }
      try {
        this.#socket.setMulticastInterface(place)
        this.#socket.send(bytes, this.#options.port, families[this.#options.family].group, () => {
          resolve()
        })
      } catch {
        resolve()
      }
    })
  }
}

/** The interfaces as multicast wants them named: by an address, or with IPv6 by themselves. */
const placesOf = (family: MulticastFamily): readonly string[] =>
  Object.entries(networkInterfaces()).flatMap(([name, found]) => {
    const first = found?.find((one) => one.family === families[family].family)
    if (first === undefined) return []
    if (first.family === 'IPv4') return [first.address]
    return [`::%${process.platform === 'win32' ? first.scopeid : name}`]
  })
