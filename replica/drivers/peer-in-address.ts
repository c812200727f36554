import { peerId, type PeerId } from '../core/model/ids.ts'

const peerPattern = /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/

/** The peer id at the end of a multiaddr, if there is one; the rest is looked at when it is dialled. Needs nothing of libp2p. */
export const peerOf = (address: string): string | null => peerPattern.exec(address)?.[1] ?? null

/** The multiaddrs that end with a peer id, by that. */
export const byPeer = (addresses: readonly string[]): ReadonlyMap<PeerId, readonly string[]> => {
  const found = new Map<PeerId, readonly string[]>()
  for (const address of addresses) {
    const name = peerOf(address)
    if (name !== null) found.set(peerId(name), [...(found.get(peerId(name)) ?? []), address])
  }
  return found
}
