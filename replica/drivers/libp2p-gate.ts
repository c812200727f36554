import type { Connection, ConnectionGater } from '@libp2p/interface'
import { peerId, type PeerId } from '../core/model/ids.ts'
import { abortConnection } from './libp2p-abort.ts'
import type { KeyRing } from './libp2p-key-ring.ts'
import { Places } from './libp2p-places.ts'

/** Of those who come in, so many connections may be of peers that were never let in: newcomers, clients of other machines, and guests. */
const mostUnknown = 256
/** And of each that was let in: one takes no more places from the others. A machine has one, and one for each client that uses its name. */
const mostOfOne = 48

/** Who may be connected: nobody that is denied; by a former group key those alone that were let in; and of others not too many. */
export class PeerGate {
  readonly #keys: KeyRing
  readonly #unknown = new Places<Connection>(mostUnknown, (connection) => {
    abortConnection(connection, 'others wait for a place')
  })
  #known: ReadonlySet<PeerId> = new Set()
  /** Those that came in, oldest first. */
  readonly #ofKnown = new Map<PeerId, readonly Connection[]>()
  denied: ReadonlySet<PeerId> = new Set()

  constructor(keys: KeyRing) {
    this.#keys = keys
  }

  get gater(): ConnectionGater {
    return {
      denyInboundEncryptedConnection: (peer, connection) => {
        const id = peerId(peer.toString())
        return this.denied.has(id) || (this.#keys.isOnFormer(connection) && !this.#known.has(id))
      },
      denyOutboundEncryptedConnection: (peer) => this.denied.has(peerId(peer.toString())),
    }
  }

  /** Those that were let in at some time. */
  know(peers: ReadonlySet<PeerId>): void {
    this.#known = new Set(peers)
    for (const connection of this.#unknown.holders()) if (this.knows(connection)) this.#unknown.leave(connection)
  }

  knows({ remotePeer }: Connection): boolean {
    return this.#known.has(peerId(remotePeer.toString()))
  }

  opened(connection: Connection): void {
    if (this.denied.has(peerId(connection.remotePeer.toString()))) abortConnection(connection, 'denied')
    else if (connection.direction === 'inbound') this.#takePlace(connection)
  }

  closed(connection: Connection): void {
    this.#unknown.leave(connection)
    const peer = peerId(connection.remotePeer.toString())
    const left = (this.#ofKnown.get(peer) ?? []).filter((other) => other !== connection)
    if (left.length === 0) this.#ofKnown.delete(peer)
    else this.#ofKnown.set(peer, left)
  }

  #takePlace(connection: Connection): void {
    if (!this.knows(connection)) {
      this.#unknown.take(connection)
      return
    }
    const peer = peerId(connection.remotePeer.toString())
    const all = [...(this.#ofKnown.get(peer) ?? []), connection]
    this.#ofKnown.set(peer, all)
    const [oldest] = all
    if (all.length > mostOfOne && oldest !== undefined) abortConnection(oldest, 'it has too many')
  }
}
