import { gossipsub, StrictNoSign, type GossipSub } from '@libp2p/gossipsub'
import { identify, type Identify } from '@libp2p/identify'
import type { ConnectionGater, Ed25519PrivateKey, Libp2p, MultiaddrConnection } from '@libp2p/interface'
import { createHash } from 'node:crypto'
import { createLibp2p } from 'libp2p'
import { limits } from '../core/model/limits.ts'
import type { KeyRing } from './libp2p-key-ring.ts'
import { baseOptions, handshakeMs } from './libp2p-base.ts'
import { Places } from './libp2p-places.ts'

export type MemberNode = Libp2p<{ gossip: GossipSub; identify: Identify }>

export interface MemberNodeOptions {
  readonly privateKey: Ed25519PrivateKey
  readonly keys: KeyRing
  readonly groupId: Uint8Array
  readonly listen: readonly string[]
  readonly gater: ConnectionGater
}

/** Of who dials us, so many may be in the middle of their handshakes: a member needs a moment. */
const mostHandshakes = 64

/** The gossip topic of a group. */
export const topicOf = (groupId: Uint8Array): string => `quintet/1/${hexHash(groupId)}`

const hexHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A member's libp2p node, not yet started. */
export const createMemberNode = (options: MemberNodeOptions): Promise<MemberNode> =>
  createLibp2p({
    ...baseOptions(options.keys.all()[0] ?? new Uint8Array(), options.privateKey, options.keys),
    addresses: { listen: [...options.listen] },
    connectionGater: { ...options.gater, ...handshakes() },
    services: { identify: identify({ timeout: handshakeMs }), gossip: gossip(options.groupId) },
  })

/**
 * Room for handshakes, which anybody can begin and leave at that. Nobody is denied here: libp2p asks at the beginning and at the end of
 * each handshake of who comes in.
 */
const handshakes = (): ConnectionGater => {
  const places = new Places<MultiaddrConnection>(mostHandshakes, (connection) => {
    connection.abort(new Error('others wait for a place'))
  })
  return {
    denyInboundConnection: (connection) => {
      connection.addEventListener('close', () => {
        places.leave(connection)
      })
      places.take(connection)
      return false
    },
    denyInboundUpgradedConnection: (_peer, connection) => {
      places.leave(connection)
      return false
    },
  }
}

/**
 * Gossip in a group of about five: a publisher sends to everyone whom it sees, and the mesh (everyone, too) carries messages
 * on to those whom only others see. Nobody is scored: members share addresses, and come back often.
 */
const gossip = (groupId: Uint8Array) =>
  gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => createHash('sha256').update(message.data).digest(),
    allowedTopics: [topicOf(groupId)],
    emitSelf: false,
    floodPublish: true,
    fallbackToFloodsub: false,
    doPX: false,
    tagMeshPeers: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    D: 3,
    Dlo: 2,
    Dhi: 4,
    Dout: 1,
    Dscore: 1,
    Dlazy: 3,
    seenTTL: 60_000,
    pruneBackoff: 5_000,
    unsubcribeBackoff: 1_000,
    maxInboundDataLength: limits.gossipFrameBytes + 4_096,
    maxOutboundBufferSize: limits.sendQueueBytes,
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
  })
