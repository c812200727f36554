const peerPattern = /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/

/** The peer id at the end of a multiaddr, if there is one; the rest is looked at when it is dialled. Needs nothing of libp2p. */
export const peerOf = (address: string): string | null => peerPattern.exec(address)?.[1] ?? null
