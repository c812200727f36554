import type { Connection, ConnectionGater } from '@libp2p/interface'
import { peerId, type PeerId } from '../core/model/ids.ts'
import { abortConnection } from './libp2p-abort.ts'
import type { KeyRing } from './libp2p-key-ring.ts'
import { Places } from './libp2p-places.ts'

/** Of those who come in, so many connections may be of peers that were never let in: newcomers, clients of other machines, and guests. */
const mostUnknown = 256

/** Who may be connected: nobody that is denied; by a former group key those alone that were let in; and of others not too many. */
export class PeerGate {
  readonly #keys: KeyRing
  readonly #unknown = new Places<Connection>(mostUnknown, (connection) => {
    abortConnection(connection, 'others wait for a place')
  })
  #known: ReadonlySet<PeerId> = new Set()
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
    else if (connection.direction === 'inbound' && !this.knows(connection)) this.#unknown.take(connection)
  }

  closed(connection: Connection): void {
    this.#unknown.leave(connection)
  }
}
