import { assert } from '../../replica/core/model/errors.ts'
import type { PeerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { encodeGossip, encodeMessage } from '../../replica/wire/message-codec.ts'
import type { Random } from '../simulation/random.ts'
import type { Timeline } from '../simulation/timeline.ts'
import type { ScaleOptions } from './options.ts'
import { Pipe, Uplink } from './pipe.ts'
import type { Seat } from './seat.ts'
import type { Traffic, TrafficKind } from './traffic.ts'

/** TCP, pnet's nonces, noise, yamux and the replicas' stream, one after the other. */
const handshakeRoundTrips = 5
/** What the dialler does not come below. */
const handshakeLeastMs = 20
/** The driver finds a dead connection after so long. */
const silenceMs = 2_500
const frameHeaderBytes = 5
const pingEveryMs = 1_000
/** However much is sent, the round trip is measured so often. */
const measureEveryMs = 5_000
/** Peers to whom gossipsub carries a message on: D of the transport's settings. */
const gossipDegree = 3

interface Stream {
  readonly ends: readonly [PeerId, PeerId]
  readonly pipes: ReadonlyMap<PeerId, Pipe>
  readonly sentMs: Map<PeerId, number>
  readonly measuredMs: Map<PeerId, number>
  isOpen: boolean
}

/** The direct streams between all seats, as the transport keeps them, and gossip; every byte is counted by the real encoders. */
export class Mesh {
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #options: ScaleOptions
  readonly #traffic: () => Traffic
  readonly #seats = new Map<PeerId, Seat>()
  readonly #uplinks = new Map<PeerId, Uplink>()
  readonly #streams = new Map<string, Stream>()
  readonly #dialled = new Set<string>()
  readonly #frames = new WeakMap<object, number>()
  #side: ((peer: PeerId) => number) | null = null

  constructor(timeline: Timeline, random: Random, options: ScaleOptions, traffic: () => Traffic) {
    this.#timeline = timeline
    this.#random = random
    this.#options = options
    this.#traffic = traffic
    this.#pingLater()
  }

  add(seat: Seat): void {
    this.#seats.set(seat.peer, seat)
    this.#uplinks.set(seat.peer, new Uplink(this.#options))
  }

  want(from: PeerId, peers: Iterable<PeerId>): void {
    for (const peer of peers) this.#dial(from, peer)
  }

  /** From now on nothing passes between peers of different sides. */
  part(side: (peer: PeerId) => number): void {
    this.#side = side
    for (const stream of this.#streams.values()) {
      const [one, other] = stream.ends
      if (!stream.isOpen || side(one) === side(other)) continue
      stream.isOpen = false
      this.#timeline.after(silenceMs, () => this.#close(stream))
    }
  }

  heal(): void {
    this.#side = null
    const peers = [...this.#seats.keys()]
    for (const one of peers) for (const other of peers) this.#dial(one, other)
  }

  disconnect(from: PeerId, to: PeerId): void {
    const stream = this.#streams.get(keyOf(from, to))
    if (stream === undefined) return
    stream.isOpen = false
    this.#close(stream)
  }

  send(from: PeerId, to: PeerId, message: Message, urgency: 'ordinary' | 'droppable'): void {
    const stream = this.#streams.get(keyOf(from, to))
    const pipe = stream?.pipes.get(to)
    if (stream === undefined || pipe === undefined) return
    if (urgency === 'droppable' && pipe.waiting >= limits.sendQueueBytes) return
    assert(pipe.waiting < limits.sendQueueCutBytes, 'a connection is not cut because its peer does not read')
    const bytes = this.#bytesOf(message) + frameHeaderBytes
    this.#traffic().note(kindOf(message), bytes)
    stream.sentMs.set(from, this.#timeline.nowMs)
    this.#push(stream, pipe, bytes, () => this.#seats.get(to)?.enqueue({ kind: 'message', peer: from, message }))
  }

  /** A publisher sends to all that it is connected with; each of them carries a new message on to some. */
  gossip(from: PeerId, batches: readonly Batch[]): void {
    const bytes = encodeGossip(batches).length
    const seen = new Set([from])
    const carry = (at: PeerId, towards: readonly PeerId[]): void => {
      for (const to of towards) {
        const stream = this.#streams.get(keyOf(at, to))
        const pipe = stream?.pipes.get(to)
        if (stream?.isOpen !== true || pipe === undefined) continue
        this.#traffic().note('gossip', bytes)
        this.#push(stream, pipe, bytes, () => {
          if (seen.has(to)) return
          seen.add(to)
          this.#seats.get(to)?.enqueue({ kind: 'gossip', batches })
          const next = this.#connectedWith(to).filter((peer) => peer !== at)
          carry(to, this.#random.shuffled(next).slice(0, gossipDegree))
        })
      }
    }
    carry(from, this.#connectedWith(from))
  }

  #connectedWith(peer: PeerId): readonly PeerId[] {
    return [...this.#seats.keys()].filter((other) => this.#streams.get(keyOf(peer, other))?.isOpen === true)
  }

  #push(stream: Stream, pipe: Pipe, bytes: number, deliver: () => void): void {
    pipe.push(bytes, () => {
      if (stream.isOpen) deliver()
    })
  }

  /** As in the host, a message for many is encoded once. */
  #bytesOf(message: Message): number {
    const key = message.kind === 'batches' ? message.batches : message
    const known = this.#frames.get(key)
    if (known !== undefined) return known
    const { length } = encodeMessage(message)
    this.#frames.set(key, length)
    return length
  }

  #dial(one: PeerId, other: PeerId): void {
    const key = keyOf(one, other)
    if (one === other || this.#dialled.has(key) || this.#streams.has(key) || !this.#mayMeet(one, other)) return
    this.#dialled.add(key)
    const handshakeMs = Math.max(handshakeLeastMs, handshakeRoundTrips * 2 * this.#options.delayMs)
    this.#timeline.after(handshakeMs, () => {
      this.#dialled.delete(key)
      if (this.#mayMeet(one, other)) this.#open(key, one, other)
    })
  }

  #mayMeet(one: PeerId, other: PeerId): boolean {
    return (
      this.#seats.has(one) && this.#seats.has(other) && (this.#side === null || this.#side(one) === this.#side(other))
    )
  }

  #open(key: string, one: PeerId, other: PeerId): void {
    const pipeTo = (from: PeerId): Pipe =>
      new Pipe(this.#timeline, this.#random.fork(), this.#options, this.#uplinks.get(from) ?? new Uplink(this.#options))
    this.#streams.set(key, {
      ends: [one, other],
      pipes: new Map([
        [other, pipeTo(one)],
        [one, pipeTo(other)],
      ]),
      sentMs: new Map(),
      measuredMs: new Map(),
      isOpen: true,
    })
    for (const [peer, remote] of [
      [one, other],
      [other, one],
    ] as const) {
      const seat = this.#seats.get(peer)
      const learnt = new Map([[remote, addressesOf(this.#seats.get(remote))]])
      seat?.enqueue({ kind: 'addresses', addresses: learnt })
      seat?.enqueue({ kind: 'connected', peer: remote })
    }
  }

  #close(stream: Stream): void {
    const [one, other] = stream.ends
    const key = keyOf(one, other)
    if (this.#streams.get(key) !== stream) return
    this.#streams.delete(key)
    this.#seats.get(one)?.enqueue({ kind: 'disconnected', peer: other })
    this.#seats.get(other)?.enqueue({ kind: 'disconnected', peer: one })
  }

  #pingLater(): void {
    this.#timeline.after(pingEveryMs, () => {
      for (const stream of this.#streams.values()) {
        for (const end of stream.ends) this.#ping(stream, end)
        for (const end of stream.ends) this.#tellArriving(stream, end)
      }
      this.#pingLater()
    })
  }

  /** The driver tells once a second that a part of a frame has come, and for a second no whole one. */
  #tellArriving(stream: Stream, from: PeerId): void {
    const to = stream.ends.find((end) => end !== from) ?? from
    if (stream.isOpen && stream.pipes.get(to)?.isPartial === true)
      this.#seats.get(to)?.enqueue({ kind: 'arriving', peer: from })
  }

  #ping(stream: Stream, from: PeerId): void {
    const { nowMs } = this.#timeline
    const isSilent = nowMs - (stream.sentMs.get(from) ?? 0) >= pingEveryMs
    const isUnmeasured = nowMs - (stream.measuredMs.get(from) ?? -Infinity) >= measureEveryMs
    if (!stream.isOpen || (!isSilent && !isUnmeasured)) return
    stream.measuredMs.set(from, nowMs)
    const pong = (): void => this.#traffic().note('pings', frameHeaderBytes)
    this.#traffic().note('pings', frameHeaderBytes)
    for (const [to, pipe] of stream.pipes) if (to !== from) this.#push(stream, pipe, frameHeaderBytes, pong)
  }
}

/** Where a seat can be dialled: at home, and from outside. */
export const addressesOf = (seat: Seat | undefined): readonly string[] => {
  if (seat === undefined) return []
  const { server, peer } = seat.identity
  return [`/ip4/192.168.1.${server}/tcp/42001/p2p/${peer}`, `/ip4/203.0.113.${server}/tcp/42001/p2p/${peer}`]
}

const kindOf = (message: Message): TrafficKind => {
  switch (message.kind) {
    case 'hello':
    case 'knowledge':
      return message.kind
    case 'request':
      return 'requests'
    case 'batches':
      return message.id === 0 ? 'fresh batches' : 'batches asked for'
    default:
      return 'other'
  }
}

const keyOf = (one: PeerId, other: PeerId): string => (one < other ? `${one} ${other}` : `${other} ${one}`)
