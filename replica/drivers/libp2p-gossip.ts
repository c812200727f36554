import type { Connection, Stream } from '@libp2p/interface'
import { limits } from '../core/model/limits.ts'
import { peerId, type PeerId } from '../core/model/ids.ts'
import type { LoggerPort } from '../host/ports.ts'
import { roundTripOn } from './libp2p-arrivals.ts'
import { handshakesMs } from './libp2p-dial-patience.ts'
import { topicOf, type MemberNode } from './libp2p-member-node.ts'

/** A peer that has not subscribed by then is asked to do so anew. */
const subscribedAfterMs = 3_000
/** As often the links are looked after. */
const lookMs = 1_000

/**
 * The group's gossip topic. gossipsub ties its streams to one connection, and neither opens new ones when that connection goes
 * while another stays, nor asks for a subscription that it has lost; and a stream that closed while it was being opened stands in
 * the way of every later one (js-libp2p-gossipsub issue 481). So the links' heartbeat looks after all three.
 */
export class GroupGossip {
  readonly #node: MemberNode
  readonly #topic: string
  readonly #logger: LoggerPort
  /** Where the other side is being identified anew: on a long way that takes several looks. */
  readonly #renewing = new WeakSet<Connection>()
  /** How often a stream was looked at before the other side's subscription had come on it. */
  readonly #looks = new WeakMap<Stream, number>()

  constructor(node: MemberNode, groupId: Uint8Array, logger: LoggerPort) {
    this.#node = node
    this.#topic = topicOf(groupId)
    this.#logger = logger
  }

  /** Subscribes; to be called when the node has started. */
  start(deliver: (peer: PeerId, frame: Uint8Array) => void): void {
    const { gossip } = this.#node.services
    gossip.addEventListener('gossipsub:message', ({ detail }) => {
      if (detail.msg.topic === this.#topic) deliver(peerId(detail.propagationSource.toString()), detail.msg.data)
    })
    gossip.subscribe(this.#topic)
  }

  publish(frame: Uint8Array): void {
    if (frame.length > limits.gossipFrameBytes) {
      this.#logger.warn('a gossip message is too long and is not sent', { bytes: frame.length })
      return
    }
    this.#node.services.gossip.publish(this.#topic, frame).catch((error: unknown) => {
      this.#logger.debug('a gossip message was not sent', { reason: String(error) })
    })
  }

  /** Makes gossip flow both ways with the peer at the other end of `kept`, if it does not; `ageMs` is since it is kept. */
  ensure(kept: Connection, ageMs: number): void {
    const connections = this.#node.getConnections(kept.remotePeer).filter(({ status }) => status === 'open')
    const streams = connections.flatMap((connection) => connection.streams).filter(({ protocol }) => isGossip(protocol))
    if (!streams.some(({ direction, status }) => direction === 'outbound' && status === 'open')) {
      void this.#renew(kept)
    }
    if (ageMs < subscribedAfterMs) return
    const isSubscribed = this.#node.services.gossip
      .getSubscribers(this.#topic)
      .some((peer) => peer.equals(kept.remotePeer))
    if (isSubscribed) return
    const looksAllowed = 1 + handshakesMs(roundTripOn(kept) ?? 0) / lookMs
    for (const stream of streams) {
      if (stream.direction !== 'inbound') continue
      const looks = (this.#looks.get(stream) ?? 0) + 1
      this.#looks.set(stream, looks)
      // The other side opens a new one then, and says again what it subscribes to.
      if (looks > looksAllowed) stream.abort(new Error('the subscription is not known'))
    }
  }

  /** Identifying a peer again makes gossipsub meet it again, on this connection. */
  async #renew(kept: Connection): Promise<void> {
    if (this.#renewing.has(kept)) return
    this.#renewing.add(kept)
    this.#outboundStreams()?.delete(kept.remotePeer.toString())
    try {
      await this.#node.services.identify.identify(kept)
    } catch (error) {
      this.#logger.debug('gossip could not be renewed', { peer: kept.remotePeer.toString(), reason: String(error) })
    } finally {
      this.#renewing.delete(kept)
    }
  }

  /** A public field of gossipsub's class, though not of the interface that it is offered by. */
  #outboundStreams(): Map<unknown, unknown> | null {
    const { gossip } = this.#node.services
    return 'streamsOutbound' in gossip && gossip.streamsOutbound instanceof Map ? gossip.streamsOutbound : null
  }
}

const isGossip = (protocol: string): boolean => protocol.startsWith('/meshsub/')
