import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { ComponentLogger, Ed25519PrivateKey, Logger } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import { assert } from '../core/model/errors.ts'
import { concat } from '../wire/bytes.ts'
import { publicKeyOf } from '../wire/keys.ts'
import { quickNoise } from './libp2p-encryption.ts'
import { KeyRing } from './libp2p-key-ring.ts'
import { thriftyYamux } from './libp2p-muxer.ts'
import { privateNetwork } from './libp2p-private-network.ts'
import { tcpOfAnyLink } from './libp2p-tcp.ts'

/** Protocols that every install of a group speaks; the number is the format's version. */
export const protocols = {
  replica: '/quintet/replica/1',
  client: '/quintet/client/1',
  join: '/quintet/join/1',
  visit: '/quintet/visit/1',
} as const

/**
 * For handshakes that are under way with who has the group's key, by whatever long way: who dials gives up before, by what it has
 * measured (`DialPatience`), and a host that lets them hang only takes places from itself.
 */
export const handshakeMs = 30_000
const maxConnections = 512

/**
 * An install's identity from its raw Ed25519 seed (32 bytes). libp2p would compute the public half in JavaScript, which takes
 * a fifth of a replica's start.
 */
export const keyFromSeed = (privateKey: Uint8Array): Ed25519PrivateKey => {
  assert(privateKey.length === 32, 'a private key is a seed of 32 bytes')
  const key = privateKeyFromRaw(concat([privateKey, publicKeyOf(privateKey)]))
  assert(key.type === 'Ed25519', 'a seed and its public half are an Ed25519 key')
  return key
}

/**
 * What every libp2p node of a group has in common. libp2p must neither dial by itself, nor limit or prune by its own lights: a
 * group has few members, and all of them may sit behind one address.
 */
export const baseOptions = (
  groupKey: Uint8Array,
  privateKey: Ed25519PrivateKey,
  keys = new KeyRing({ present: groupKey, former: [] }),
) =>
  ({
    privateKey,
    start: false,
    nodeInfo: { name: 'quintet', version: '1', userAgent: 'quintet/1' },
    logger: silentLogger,
    transports: [tcpOfAnyLink()],
    connectionEncrypters: [quickNoise()],
    connectionProtector: privateNetwork(keys),
    streamMuxers: [
      thriftyYamux({
        // The window is what may arrive after reading was paused, so libp2p must be ready to keep that much.
        streamOptions: { maxStreamWindowSize: 4_194_304, maxReadBufferLength: 16_777_216 },
      }),
    ],
    connectionManager: {
      maxConnections,
      // Members are dialled at all their addresses, beside as many strangers as may be (`limits.dialledStrangers`).
      maxParallelDials: 512,
      maxDialQueueLength: 4_096,
      inboundConnectionThreshold: 200,
      // Who is let go for others (see `Places`) counts here until libp2p has noticed.
      maxIncomingPendingConnections: 1_024,
      dialTimeout: handshakeMs,
      addressDialTimeout: handshakeMs,
      inboundUpgradeTimeout: handshakeMs,
      outboundStreamProtocolNegotiationTimeout: handshakeMs,
      inboundStreamProtocolNegotiationTimeout: handshakeMs,
      connectionCloseTimeout: 500,
      reconnectRetries: 0,
    },
    // Replicas and clients have their own heartbeat, which is faster.
    connectionMonitor: { enabled: false },
  }) satisfies Libp2pOptions

const noLog = (): void => undefined

const silentLog: Logger = Object.assign(noLog, {
  error: noLog,
  trace: noLog,
  enabled: false,
  newScope: () => silentLog,
})

/** libp2p formats every line before it looks at whether it is wanted, so it gets a logger that does nothing. */
const silentLogger: ComponentLogger = { forComponent: () => silentLog }
