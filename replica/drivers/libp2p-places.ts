import type { Multiaddr } from '@multiformats/multiaddr'
import { Buffer } from 'node:buffer'

/** Something that others hold open here. */
export interface Held {
  readonly remoteAddr: Multiaddr
}

/**
 * Room for what others may begin and leave at that. Who comes when all places are taken gets that of the one who has been there longest, of
 * the network from which most have come: so a host that takes all places takes them from itself.
 */
export class Places<Holder extends Held> {
  readonly #most: number
  readonly #letGo: (holder: Holder) => void
  /** Oldest first, with the network that each comes from. */
  readonly #held = new Map<Holder, string>()

  constructor(most: number, letGo: (holder: Holder) => void) {
    this.#most = most
    this.#letGo = letGo
  }

  take(holder: Holder): void {
    this.#held.set(holder, networkOf(holder.remoteAddr.bytes))
    if (this.#held.size > this.#most) this.#giveUpOne()
  }

  leave(holder: Holder): void {
    this.#held.delete(holder)
  }

  holders(): readonly Holder[] {
    return [...this.#held.keys()]
  }

  #giveUpOne(): void {
    const counts = new Map<string, number>()
    for (const network of this.#held.values()) counts.set(network, (counts.get(network) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const found = [...this.#held].find(([, network]) => counts.get(network) === most)
    if (found === undefined) return
    const [holder] = found
    this.leave(holder)
    this.#letGo(holder)
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
