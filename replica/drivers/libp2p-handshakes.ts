import type { MultiaddrConnection } from '@libp2p/interface'
import { Buffer } from 'node:buffer'

/** Of who dials us, this many may be in the middle of their handshakes. */
const mostHandshakes = 64

type Incoming = Pick<MultiaddrConnection, 'remoteAddr' | 'abort' | 'addEventListener'>

/**
 * Room for handshakes that were begun by others. Anybody can begin one and leave it at that, so who comes when all places are taken gets
 * that of the one who has been at it longest, of the network from which most have come. A member needs a moment; a host that takes all
 * places takes them from itself.
 */
export class Handshakes {
  /** Oldest first, with the network that each comes from. */
  readonly #pending = new Map<Incoming, string>()

  begin(connection: Incoming): void {
    this.#pending.set(connection, networkOf(connection.remoteAddr.bytes))
    connection.addEventListener('close', () => {
      this.end(connection)
    })
    if (this.#pending.size > mostHandshakes) this.#giveUpOne()
  }

  end(connection: Incoming): void {
    this.#pending.delete(connection)
  }

  #giveUpOne(): void {
    const counts = new Map<string, number>()
    for (const network of this.#pending.values()) counts.set(network, (counts.get(network) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const found = [...this.#pending].find(([, network]) => counts.get(network) === most)
    if (found === undefined) return
    const [connection] = found
    this.end(connection)
    connection.abort(new Error('others wait for a place'))
  }
}

/** The codes of multiaddrs. */
const [ip4, ip6] = [0x04, 0x29]
const mappedIp4 = Buffer.from('00000000000000000000ffff', 'hex')

/** Whose address it is: one of IPv4, and the 64 bits of IPv6 that one host has to itself. `bytes`: of a multiaddr. */
const networkOf = (bytes: Uint8Array): string => {
  const [code, address] = [bytes[0], Buffer.from(bytes.subarray(1))]
  const ip4Of = (start: number): string => `${ip4} ${address.toString('hex', start, start + 4)}`
  if (code === ip4) return ip4Of(0)
  if (code !== ip6) return 'elsewhere'
  return mappedIp4.equals(address.subarray(0, 12)) ? ip4Of(12) : `${ip6} ${address.toString('hex', 0, 8)}`
}
