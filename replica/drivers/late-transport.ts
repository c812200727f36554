import { QuintetError } from '../core/model/errors.ts'
import type { PeerId } from '../core/model/ids.ts'
import type { Urgency } from '../core/model/messages.ts'
import type { GroupKeys, LinkTrouble, PeerLink, Transport, TransportListener } from '../host/ports.ts'

export interface LateTransportOptions {
  readonly self: PeerId
  readonly keys: GroupKeys
  /** Makes the transport, with the keys of that moment. Called once, by `start`. */
  readonly load: (keys: GroupKeys) => Promise<Transport>
}

/**
 * A transport that is not there before `start`: what it is told until then, it passes on. So clients of this machine can be served before
 * libp2p is loaded, which takes as long as reading a small mailbox.
 */
export const createLateTransport = (options: LateTransportOptions): Transport => new LateTransport(options)

class LateTransport implements Transport {
  readonly self: PeerId
  readonly #load: LateTransportOptions['load']
  #keys: GroupKeys
  #denied: ReadonlySet<PeerId> | null = null
  #members: Parameters<Transport['remember']> | null = null
  #known: ReadonlySet<PeerId> | null = null
  #transport: Transport | null = null
  #starting: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor({ self, keys, load }: LateTransportOptions) {
    this.self = self
    this.#keys = keys
    this.#load = load
  }

  start(listener: TransportListener): Promise<void> {
    const started = this.#begin(listener)
    this.#starting = started.catch(() => undefined)
    return started
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#starting
    await this.#transport?.stop()
  }

  listenAddresses(): readonly string[] {
    return this.#transport?.listenAddresses() ?? []
  }

  send(peer: PeerId, frame: Uint8Array, urgency: Urgency): void {
    this.#transport?.send(peer, frame, urgency)
  }

  gossip(frame: Uint8Array): void {
    this.#transport?.gossip(frame)
  }

  disconnect(peer: PeerId): void {
    this.#transport?.disconnect(peer)
  }

  deny(peers: ReadonlySet<PeerId>): void {
    this.#denied = new Set(peers)
    this.#transport?.deny(peers)
  }

  remember(...members: Parameters<Transport['remember']>): void {
    this.#members = members
    this.#transport?.remember(...members)
  }

  hint(addresses: ReadonlyMap<PeerId, readonly string[]>): void {
    this.#transport?.hint(addresses)
  }

  know(peers: ReadonlySet<PeerId>): void {
    this.#known = peers
    this.#transport?.know(peers)
  }

  useKeys(keys: GroupKeys): void {
    this.#keys = keys
    this.#transport?.useKeys(keys)
  }

  links(): readonly PeerLink[] {
    return this.#transport?.links() ?? []
  }

  troubles(): readonly LinkTrouble[] {
    return this.#transport?.troubles?.() ?? []
  }

  dismissed(peer: PeerId): void {
    this.#transport?.dismissed(peer)
  }

  redial(): void {
    this.#transport?.redial()
  }

  async #begin(listener: TransportListener): Promise<void> {
    const keys = this.#keys
    const transport = this.#isStopped ? null : await this.#load(keys)
    if (this.#isStopped || transport === null) throw new QuintetError('STOPPED', 'The replica is going down.')
    // Who is kept out, before anybody can come in.
    if (this.#denied !== null) transport.deny(this.#denied)
    if (this.#known !== null) transport.know(this.#known)
    if (this.#members !== null) transport.remember(...this.#members)
    if (this.#keys !== keys) transport.useKeys(this.#keys)
    this.#transport = transport
    await transport.start(listener)
  }
}
