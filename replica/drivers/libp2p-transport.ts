import type { Connection, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { randomBytes } from 'node:crypto'
import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { peerId, type PeerId } from '../core/model/ids.ts'
import type { Urgency } from '../core/model/messages.ts'
import type {
  ClockPort,
  GroupKeys,
  LinkTrouble,
  LoggerPort,
  PeerLink,
  Transport,
  TransportListener,
} from '../host/ports.ts'
import { sameBytes } from '../wire/bytes.ts'
import { abortConnection, stopNode } from './libp2p-abort.ts'
import { listenFailure, listenPlace, reachableAt, withLinkLocal, withPeer } from './libp2p-addresses.ts'
import { keyFromSeed, protocols } from './libp2p-base.ts'
import { dialAny } from './libp2p-dial.ts'
import { Dialler } from './libp2p-dialler.ts'
import { PeerGate } from './libp2p-gate.ts'
import { KeyRing } from './libp2p-key-ring.ts'
import { EarlyBytes } from './early-bytes.ts'
import { LinkFrameStream } from './frame-stream.ts'
import { Libp2pByteStream } from './libp2p-byte-stream.ts'
import { GroupGossip } from './libp2p-gossip.ts'
import { serveJoin, serveVisit } from './libp2p-join.ts'
import { createMemberNode, type MemberNode } from './libp2p-member-node.ts'
import { ReplicaLinks } from './libp2p-replica-links.ts'
import { LocalDiscovery } from './local-discovery.ts'
import { serviceOf } from './local-messages.ts'
import { NetworkWatch } from './network-watch.ts'

export interface Libp2pTransportOptions {
  /** The install's identity: its raw Ed25519 seed (32 bytes). */
  readonly privateKey: Uint8Array
  /** Without one of them nobody gets as far as a handshake; with a former one, only members who were away. */
  readonly groupKeys: GroupKeys
  readonly groupId: Uint8Array
  /** Multiaddrs, as `/ip4/0.0.0.0/tcp/0`. */
  readonly listen: readonly string[]
  readonly mdns: 'on' | 'off'
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Those of this machine, in one text; left out, as the system says. */
  readonly machineAddresses?: () => string
}

/** How often gossip and idle connections are looked after. */
const careMs = 1_000
/** A connection without a stream of ours is closed when it is older: it was a try, or is left over. */
const idleMs = 10_000
const streamsPerConnection = 16
/**
 * So long after a change of the group key who is connected and was never let in is cut off. Clients whose people are logged in have asked
 * for the new key by then, even where the way is slow, and come back by it; and a handshake that was begun by the former one is over.
 */
const formerKeyGraceMs = 5_000

/** The real network: libp2p over TCP inside the group's private network. Throws BAD_ADDRESS for a `listen` that is none. */
export const createLibp2pTransport = async (options: Libp2pTransportOptions): Promise<Transport> => {
  options.listen.forEach(listenPlace)
  const privateKey = keyFromSeed(options.privateKey)
  const keys = new KeyRing(options.groupKeys)
  const gate = new PeerGate(keys)
  const node = await createMemberNode({
    privateKey,
    keys,
    groupId: options.groupId,
    listen: options.listen,
    gater: gate.gater,
  })
  return new Libp2pTransport(node, options, gate, keys)
}

class Libp2pTransport implements Transport {
  readonly self: PeerId
  readonly #node: MemberNode
  readonly #options: Libp2pTransportOptions
  readonly #gate: PeerGate
  readonly #keys: KeyRing
  readonly #links: ReplicaLinks
  readonly #dialler: Dialler
  readonly #gossip: GroupGossip
  readonly #early = new EarlyBytes()
  readonly #discovery: LocalDiscovery | null
  readonly #watch: NetworkWatch
  readonly #openedMs = new WeakMap<Connection, number>()
  /** What connected peers announced of themselves. */
  readonly #announced = new Map<PeerId, readonly Multiaddr[]>()
  #listener: TransportListener | null = null
  #stopCare: () => void = () => undefined
  #cancelCut: () => void = () => undefined

  constructor(node: MemberNode, options: Libp2pTransportOptions, gate: PeerGate, keys: KeyRing) {
    this.#keys = keys
    this.#node = node
    this.#options = options
    this.#gate = gate
    this.self = peerId(node.peerId.toString())
    this.#gossip = new GroupGossip(node, options.groupId, options.logger)
    this.#links = new ReplicaLinks({
      self: this.self,
      clock: options.clock,
      boot: randomBytes(8),
      early: this.#early,
      knows: (connection) => gate.knows(connection),
      listener: {
        kept: (peer, connection) => {
          this.#kept(peer, connection)
        },
        lost: (peer, reason, cause) => {
          this.#lost(peer, reason, cause)
        },
        arriving: (peer) => {
          this.#tell((listener) => {
            listener.arriving(peer)
          })
        },
        frame: (peer, frame) => {
          this.#tell((listener) => {
            listener.message(peer, frame)
          })
        },
      },
    })
    this.#dialler = new Dialler({
      clock: options.clock,
      random: options.random,
      connect: (peer, addresses, signal) => this.#connect(peer, addresses, signal),
    })
    this.#watch = new NetworkWatch(options.clock, options.machineAddresses)
    const { groupId, clock, logger } = options
    const service = { service: serviceOf(groupId), clock, logger, addresses: () => this.listenAddresses() }
    const onHeard = (peer: PeerId, addresses: readonly string[]): void => {
      if (peer !== this.self) this.#dialler.heard(peer, addresses)
    }
    this.#discovery = options.mdns === 'off' ? null : new LocalDiscovery({ ...service, onHeard })
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener
    await this.#serve()
    try {
      await this.#node.start()
    } catch (error) {
      this.#listener = null
      throw listenFailure(error, this.#options.listen)
    }
    this.#gossip.start((peer, frame) => {
      if (this.#gate.denied.has(peer)) return
      this.#tell((told) => {
        told.gossip(peer, frame)
      })
    })
    this.#stopCare = this.#options.clock.every(careMs, () => {
      this.#care()
    })
    this.#dialler.start()
    this.#discovery?.start()
  }

  async stop(): Promise<void> {
    this.#listener = null
    this.#stopCare()
    this.#cancelCut()
    this.#discovery?.stop()
    this.#dialler.stop()
    await stopNode(this.#node, this.#options.clock)
  }

  listenAddresses(): readonly string[] {
    return withLinkLocal(this.#node.getMultiaddrs().map(String), this.#options.listen)
  }

  send(peer: PeerId, frame: Uint8Array, urgency: Urgency): void {
    const link = this.#links.get(peer)
    if (link === null) return
    if (frame.length > limits.frameBytes) {
      throw new QuintetError('TOO_LARGE', `A frame has ${frame.length} bytes, the limit is ${limits.frameBytes}.`)
    }
    if (urgency === 'droppable' && link.queuedBytes >= limits.sendQueueBytes) return
    if (link.queuedBytes >= limits.sendQueueCutBytes) {
      link.abort('the other side does not read')
      return
    }
    link.push(frame)
  }

  gossip(frame: Uint8Array): void {
    this.#gossip.publish(frame)
  }

  disconnect(peer: PeerId): void {
    this.#links.release(peer)
  }

  deny(peers: ReadonlySet<PeerId>): void {
    this.#gate.denied = new Set(peers)
    this.#dialler.deny(this.#gate.denied)
    for (const connection of this.#node.getConnections())
      if (peers.has(peerId(connection.remotePeer.toString()))) abortConnection(connection, 'denied')
  }

  remember(members: ReadonlyMap<PeerId, readonly string[]>, former?: ReadonlyMap<PeerId, readonly string[]>): void {
    this.#dialler.remember(new Map([...members].filter(([peer]) => peer !== this.self)), former)
  }

  hint(addresses: ReadonlyMap<PeerId, readonly string[]>): void {
    for (const [peer, known] of addresses) this.#dialler.hinted(peer, known)
  }

  know(peers: ReadonlySet<PeerId>): void {
    this.#gate.know(peers)
  }

  useKeys(keys: GroupKeys): void {
    const isChanged = !sameBytes(keys.present, this.#keys.present)
    this.#keys.keys = keys
    this.#links.keysChanged()
    if (isChanged) this.#cutByFormerKeyLater()
  }

  links(): readonly PeerLink[] {
    return this.#links.all().map(({ peer, connection, link }) => ({
      peer,
      addresses: this.#addressesOf(peer, connection).map((address) => withPeer(address, peer)),
      lagMs: link.lagMs,
    }))
  }

  troubles(): readonly LinkTrouble[] {
    return this.#links.troubles()
  }

  dismissed(peer: PeerId): void {
    this.#dialler.dismissed(peer)
  }

  redial(): void {
    this.#discovery?.renew()
    this.#dialler.redial()
  }

  async #serve(): Promise<void> {
    const options = { maxInboundStreams: streamsPerConnection, maxOutboundStreams: streamsPerConnection }
    await this.#node.handle(
      protocols.replica,
      (stream, connection) => {
        this.#links.admit(stream, connection)
      },
      options,
    )
    await this.#node.handle(
      protocols.client,
      (stream, connection) => {
        this.#admitClient(stream, connection)
      },
      options,
    )
    await this.#node.handle(
      protocols.join,
      (stream, connection) => {
        serveJoin(stream, connection, this.#options, async (request) => this.#present.join(request))
      },
      options,
    )
    await this.#node.handle(
      protocols.visit,
      (stream, connection) => {
        serveVisit(stream, connection, this.#options, async (request) => this.#present.visit(request))
      },
      options,
    )
    this.#node.addEventListener('connection:open', ({ detail }) => {
      this.#gate.opened(detail)
      this.#openedMs.set(detail, performance.now())
    })
    this.#node.addEventListener('connection:close', ({ detail }) => {
      this.#gate.closed(detail)
      const kept = this.#links.all().find(({ peer }) => peer === detail.remotePeer.toString())
      if (kept !== undefined) this.#gossip.ensure(kept.connection, 0)
    })
    this.#node.addEventListener('peer:identify', ({ detail }) => {
      const peer = peerId(detail.peerId.toString())
      this.#announced.set(peer, detail.listenAddrs.slice(0, limits.addressesPerPeer))
      this.#dialler.learn(peer, this.#addressesOf(peer, detail.connection))
      if (this.#links.get(peer) === null) return
      this.#tell((listener) => {
        listener.addressed(peer)
      })
    })
    this.#node.addEventListener('peer:disconnect', ({ detail }) => {
      this.#announced.delete(peerId(detail.toString()))
    })
  }

  /** STOPPED. */
  get #present(): TransportListener {
    if (this.#listener === null) throw new QuintetError('STOPPED', 'This server is stopping.')
    return this.#listener
  }

  #admitClient(stream: Stream, connection: Connection): void {
    const client = new LinkFrameStream(
      new Libp2pByteStream(stream, connection),
      peerId(connection.remotePeer.toString()),
      this.#options.clock,
      () => undefined,
      this.#early,
    )
    if (this.#listener === null) client.abort('this server is stopping')
    this.#tell((listener) => {
      listener.client(client)
    })
  }

  async #connect(peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options
    try {
      const connection = await dialAny({
        ...{ node: this.#node, clock, peer, addresses, signal },
        // A machine that has started over is another peer at the same place, and may know nobody any more who would tell.
        onOther: (other, address) => {
          if (other !== this.self) this.#dialler.heard(other, [address])
        },
        onRefused: () => {
          this.#links.refused(peer, this.#keys.all().length)
        },
      })
      try {
        await this.#links.open(connection, signal)
      } catch (error) {
        if (this.#links.get(peer) === null) abortConnection(connection, 'no stream could be opened')
        throw error
      }
    } catch (error) {
      logger.debug('a peer was not reached', { peer, reason: reasonOf(error) })
      throw error
    }
  }

  #kept(peer: PeerId, connection: Connection): void {
    this.#dialler.connected(peer)
    this.#dialler.learn(peer, this.#addressesOf(peer, connection))
    this.#options.logger.info('a server is connected', { peer, direction: connection.direction })
    this.#tell((listener) => {
      listener.connected(peer)
    })
  }

  #lost(peer: PeerId, reason: string, cause: 'asked' | 'lost' | 'stuck'): void {
    this.#dialler.disconnected(peer, cause)
    this.#options.logger.info('a server is disconnected', { peer, reason })
    this.#tell((listener) => {
      listener.disconnected(peer, reason)
    })
  }

  #addressesOf(peer: PeerId, connection: Connection): readonly string[] {
    return reachableAt(connection.remoteAddr, connection.direction, this.#announced.get(peer) ?? [])
  }

  /** Not links with replicas, for whom the core answers: who has just joined may not be known yet. */
  #cutByFormerKeyLater(): void {
    const links = new Set(this.#links.all().map(({ connection }) => connection))
    this.#cancelCut()
    this.#cancelCut = this.#options.clock.after(formerKeyGraceMs, () => {
      for (const connection of this.#node.getConnections()) {
        if (!this.#gate.knows(connection) && !links.has(connection))
          abortConnection(connection, 'the group has another key')
      }
    })
  }

  #care(): void {
    if (this.#watch.hasChanged()) this.redial()
    for (const { connection, ageMs } of this.#links.all()) if (ageMs >= careMs) this.#gossip.ensure(connection, ageMs)
    const now = performance.now()
    for (const connection of this.#node.getConnections()) {
      const isUsed = connection.streams.some(({ protocol }) => protocol.startsWith('/quintet/'))
      // Not since the socket was opened: on a long way the handshakes alone may take so long.
      if (!isUsed && now - (this.#openedMs.get(connection) ?? now) > idleMs) abortConnection(connection, 'idle')
    }
  }

  /** On its own turn, and in the order of the events, because microtasks are run in theirs. */
  #tell(event: (listener: TransportListener) => void): void {
    queueMicrotask(() => {
      if (this.#listener !== null) event(this.#listener)
    })
  }
}
