import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { Result } from '../../replica/core/model/errors.ts'
import { fail } from '../../replica/core/model/errors.ts'
import type { PeerId } from '../../replica/core/model/ids.ts'
import type { VisitAnswer } from '../../replica/wire/visit-codec.ts'
import type { JoinAnswer, JoinRequest } from '../../replica/core/model/messages.ts'
import { createLibp2pTransport } from '../../replica/drivers/libp2p-transport.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { ClockPort, FrameStream, LoggerPort, Transport, TransportListener } from '../../replica/host/ports.ts'

const ignore = (): void => undefined
export const silentLogger: LoggerPort = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export const groupKey = createHash('sha256').update('the group of the network tests').digest()
export const groupId = createHash('sha256').update('its id').digest().subarray(0, 16)
export const anyPort = '/ip4/127.0.0.1/tcp/0'

export const seedOf = (name: string): Uint8Array => createHash('sha256').update(name).digest()
export const freshSeed = (): Uint8Array => randomBytes(32)

/** What happened to one transport, and a way to wait for more of it. */
export class Recorder implements TransportListener {
  readonly events: string[] = []
  readonly messages: { readonly peer: PeerId; readonly frame: Uint8Array }[] = []
  readonly gossips: { readonly peer: PeerId; readonly text: string }[] = []
  readonly clients: FrameStream[] = []
  arrivals = 0
  readonly connectedNow = new Set<PeerId>()
  onMessage: (peer: PeerId, frame: Uint8Array) => void = ignore
  onGossip: (peer: PeerId, frame: Uint8Array) => void = ignore
  onClient: (stream: FrameStream) => void = ignore
  onJoin: (request: JoinRequest) => Promise<Result<JoinAnswer>> = () =>
    Promise.resolve(fail('BAD_INVITE', 'nobody is let in here'))
  #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = []

  connected(peer: PeerId): void {
    if (this.connectedNow.has(peer)) throw new Error('connected twice')
    this.connectedNow.add(peer)
    this.events.push(`+${peer.slice(-4)}`)
    this.#wake()
  }

  addressed(peer: PeerId): void {
    if (!this.connectedNow.has(peer)) throw new Error('addresses of a peer that is not connected')
    this.#wake()
  }

  arriving(peer: PeerId): void {
    if (!this.connectedNow.has(peer)) throw new Error('something comes from a peer that is not connected')
    this.arrivals += 1
    this.#wake()
  }

  disconnected(peer: PeerId, reason: string): void {
    if (!this.connectedNow.delete(peer)) throw new Error('disconnected without being connected')
    this.events.push(`-${peer.slice(-4)} ${reason}`)
    this.#wake()
  }

  message(peer: PeerId, frame: Uint8Array): void {
    if (!this.connectedNow.has(peer)) throw new Error('a message came from a peer that is not connected')
    this.messages.push({ peer, frame })
    this.onMessage(peer, frame)
    this.#wake()
  }

  gossip(peer: PeerId, frame: Uint8Array): void {
    this.gossips.push({ peer, text: Buffer.from(frame).toString() })
    this.onGossip(peer, frame)
    this.#wake()
  }

  visit(): Promise<Result<VisitAnswer>> {
    return Promise.resolve(fail('BAD_INVITE', 'Nobody is invited here.'))
  }

  join(request: JoinRequest): Promise<Result<JoinAnswer>> {
    return this.onJoin(request)
  }

  client(stream: FrameStream): void {
    this.clients.push(stream)
    this.onClient(stream)
    this.#wake()
  }

  /** Fulfilled at the first event after which `isMet` says so. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve })
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const waiter of waiting) {
      if (waiter.isMet()) waiter.resolve()
      else this.#waiting.push(waiter)
    }
  }
}

export interface Peer {
  readonly transport: Transport
  readonly seen: Recorder
  readonly id: PeerId
  addresses(): readonly string[]
}

const running = new Set<Transport>()

export interface PeerOptions {
  readonly seed?: Uint8Array
  readonly listen?: string
  readonly key?: Uint8Array
  readonly clock?: ClockPort
  readonly random?: () => number
  readonly machineAddresses?: () => string
}

/** A running transport on 127.0.0.1. */
export const startPeer = async (options: PeerOptions = {}): Promise<Peer> => {
  const transport = await createLibp2pTransport({
    privateKey: options.seed ?? freshSeed(),
    groupKeys: { present: options.key ?? groupKey, former: [] },
    groupId,
    listen: [options.listen ?? anyPort],
    mdns: 'off',
    clock: options.clock ?? systemClock,
    ...(options.machineAddresses === undefined ? {} : { machineAddresses: options.machineAddresses }),
    logger: process.env['QUINTET_TEST_LOG'] === undefined ? silentLogger : printLogger(),
    random: options.random ?? Math.random,
  })
  const seen = new Recorder()
  await transport.start(seen)
  running.add(transport)
  return { transport, seen, id: transport.self, addresses: () => transport.listenAddresses() }
}

const printLogger = (): LoggerPort => {
  const print = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    process.stderr.write(`${(performance.now() / 1000).toFixed(3)} ${message} ${JSON.stringify(fields)}\n`)
  }
  return { debug: print, info: print, warn: print, error: print }
}

/** A port of UDP that nobody else uses on this machine. */
export const freeUdpPort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createSocket('udp4').bind(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => {
        resolve(port)
      })
    })
  })

/** Where it listens. */
export const portOf = (peer: Peer): number => Number(/\/tcp\/(\d+)/.exec(peer.addresses()[0] ?? '')?.[1])

export const stopPeer = async (peer: Peer): Promise<void> => {
  running.delete(peer.transport)
  await peer.transport.stop()
}

/** To be called after each test. */
export const stopAll = async (): Promise<void> => {
  await Promise.all([...running].map((transport) => transport.stop()))
  running.clear()
}

/** Makes each of `peers` remember all others at where they listen now. */
export const introduce = (...peers: readonly Peer[]): void => {
  for (const peer of peers) {
    peer.transport.remember(
      new Map(peers.filter((other) => other !== peer).map((other) => [other.id, other.addresses()])),
    )
  }
}

export const allConnected = async (...peers: readonly Peer[]): Promise<void> => {
  await Promise.all(
    peers.map((peer) =>
      peer.seen.until(() => peers.every((other) => other === peer || peer.seen.connectedNow.has(other.id))),
    ),
  )
}

/** Publishes until the other side has heard one, because a mesh takes a moment; gives up after `withinMs`. */
export const gossipReaches = async (from: Peer, to: Peer, label: string, withinMs: number): Promise<void> => {
  let round = 0
  const publish = (): void => {
    from.transport.gossip(Buffer.from(`${label}:${(round += 1)}`))
  }
  publish()
  const stop = systemClock.every(100, publish)
  const limit = withTimeout(withinMs, `gossip from ${from.id.slice(-4)} to ${to.id.slice(-4)}: ${label}`)
  try {
    await Promise.race([
      to.seen.until(() => to.seen.gossips.some(({ text }) => text.startsWith(`${label}:`))),
      limit.expired,
    ])
  } finally {
    stop()
    limit.cancel()
  }
}

export const withTimeout = (ms: number, what: string): { readonly expired: Promise<never>; cancel(): void } => {
  let cancel = ignore
  const expired = new Promise<never>((_resolve, reject) => {
    cancel = systemClock.after(ms, () => {
      reject(new Error(`not within ${ms} ms: ${what}`))
    })
  })
  expired.catch(ignore)
  return { expired, cancel }
}

export const within = async <Value>(ms: number, what: string, work: Promise<Value>): Promise<Value> => {
  const limit = withTimeout(ms, what)
  try {
    return await Promise.race([work, limit.expired])
  } finally {
    limit.cancel()
  }
}
