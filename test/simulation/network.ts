import type { PeerId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { encodeGossip, encodeMessage } from '../../replica/wire/message-codec.ts'
import type { GroupKeys } from './group-keys.ts'
import { kindOf } from './message-text.ts'
import type { Moments } from './moments.ts'
import type { Coverage } from './coverage.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** What the network needs of a machine. */
export interface Endpoint {
  readonly name: string
  readonly peer: PeerId
  readonly isUp: boolean
  /** Peers that it keeps connected. */
  readonly wanted: ReadonlySet<PeerId>
  readonly denied: ReadonlySet<PeerId>
  readonly groupKeys: Pick<GroupKeys, 'kept' | 'admits'>
  connected(peer: PeerId): void
  disconnected(peer: PeerId): void
  readonly inbox: {
    message(peer: PeerId, frame: Uint8Array): void
    gossip(frame: Uint8Array): void
  }
}

type SideState = 'opening' | 'open' | 'closed'

interface Side {
  readonly end: Endpoint
  state: SideState
  /** When the last message towards this side arrives: a stream keeps its order. */
  lastArrivalMs: number
  /** Nothing arrives at this side after this: what a cut stream brings is a prefix. */
  arrivesUntilMs: number
}

/** A direct stream. `cut`: bytes no longer get through, but a side may not have noticed. */
interface Connection {
  readonly sides: readonly [Side, Side]
  cut: boolean
}

export interface NetworkQuality {
  readonly delayMs: number
  readonly slowChance: number
  readonly gossipLoss: number
  readonly gossipRepeat: number
  readonly pushDrop: number
}

const slowMs = 300
const noticeMs = 3_000
const dialEveryMs = 250
const dialChance = 0.6
/** A new connection takes the place of a half-open one only now and then, so that those last. */
const replaceChance = 0.15
const gossipHoldMs = 2_500
/** What was sent just before a cut may still arrive. */
const passesUpToMs = 100

/** Streams and gossip between machines: slow, cut, half-open, one-way, partitioned, all by one generator. */
export class Network {
  readonly #random: Random
  readonly #timeline: Timeline
  readonly #trace: Trace
  readonly #coverage: Coverage
  readonly #quality: NetworkQuality
  readonly #ends = new Map<PeerId, Endpoint>()
  /** Where each is to be dialled: what all installs of one machine have in common, by the first of them. */
  readonly #places = new Map<PeerId, PeerId>()
  readonly #connections = new Map<string, Connection>()
  /** `from to` pairs between which nothing passes. */
  readonly #blocked = new Set<string>()
  /** Pairs that are apart, whatever else is blocked and unblocked meanwhile. */
  readonly #apart = new Set<string>()
  readonly #frames = new WeakMap<object, Uint8Array>()
  readonly #moments: Moments | null

  constructor(
    random: Random,
    timeline: Timeline,
    trace: Trace,
    coverage: Coverage,
    quality: NetworkQuality,
    moments: Moments | null,
  ) {
    this.#moments = moments
    this.#random = random
    this.#timeline = timeline
    this.#trace = trace
    this.#coverage = coverage
    this.#quality = quality
    this.#dialLater()
  }

  /** `former`: the install that was at the same machine before. */
  add(end: Endpoint, former: PeerId | null): void {
    this.#ends.set(end.peer, end)
    this.#places.set(end.peer, this.#places.get(former ?? end.peer) ?? end.peer)
  }

  /** Nothing passes from one to the other; the other way it may. */
  block(from: PeerId, to: PeerId): void {
    this.#blocked.add(`${from} ${to}`)
    this.#cutBetween(from, to)
  }

  unblock(from: PeerId, to: PeerId): void {
    this.#blocked.delete(`${from} ${to}`)
  }

  keepApart(one: PeerId, other: PeerId): void {
    this.#apart.add(keyOf(one, other))
    this.#cutBetween(one, other)
  }

  bringTogether(one: PeerId, other: PeerId): void {
    this.#apart.delete(keyOf(one, other))
  }

  unblockAll(): void {
    this.#blocked.clear()
    this.#apart.clear()
  }

  isBlocked(one: PeerId, other: PeerId): boolean {
    if (this.#apart.has(keyOf(one, other))) return true
    return this.#blocked.has(`${one} ${other}`) || this.#blocked.has(`${other} ${one}`)
  }

  #cutBetween(from: PeerId, to: PeerId): void {
    const connection = this.#connections.get(keyOf(from, to))
    if (connection !== undefined) this.#cut(connection, to)
  }

  /** Cuts some connection; each side notices in its own time. */
  cutOne(): void {
    const open = [...this.#connections.values()].filter((connection) => !connection.cut)
    const connection = this.#random.pick(open)
    if (connection !== undefined) this.#cut(connection)
  }

  /** A machine lost its power: its streams are gone, as the others will notice. */
  crashed(peer: PeerId): void {
    for (const connection of this.#connections.values()) {
      const side = connection.sides.find(({ end }) => end.peer === peer)
      if (side === undefined) continue
      side.state = 'closed'
      this.#cut(connection)
    }
  }

  disconnect(from: PeerId, to: PeerId): void {
    const connection = this.#connections.get(keyOf(from, to))
    if (connection !== undefined) this.#cut(connection)
  }

  disconnectAll(peer: PeerId): void {
    for (const connection of this.#connections.values())
      if (connection.sides.some(({ end }) => end.peer === peer)) this.#cut(connection)
  }

  send(from: PeerId, to: PeerId, message: Message, urgency: 'ordinary' | 'droppable'): void {
    const connection = this.#connections.get(keyOf(from, to))
    const side = connection?.sides.find(({ end }) => end.peer === to)
    if (connection === undefined || side === undefined || sideOf(connection, from)?.state !== 'open') return
    if (urgency === 'droppable' && this.#random.chance(this.#quality.pushDrop)) {
      this.#coverage.note('push dropped')
      return
    }
    const frame = this.#frameOf(message)
    const lateMs = this.#moments?.frame(from, to, message) ?? 0
    side.lastArrivalMs = Math.max(side.lastArrivalMs, this.#timeline.nowMs + this.#delayMs() + lateMs)
    this.#timeline.after(side.lastArrivalMs - this.#timeline.nowMs, () => {
      if (side.state !== 'open' || this.#timeline.nowMs > side.arrivesUntilMs) return
      this.#trace.note(side.end.name, 'got', () => `${kindOf(message)} from ${this.#ends.get(from)?.name ?? from}`)
      side.end.inbox.message(from, frame)
    })
  }

  /** As the host: what goes to several is encoded once. */
  #frameOf(message: Message): Uint8Array {
    const key = message.kind === 'batches' ? message.batches : message
    const frame = this.#frames.get(key) ?? encodeMessage(message)
    this.#frames.set(key, frame)
    return frame
  }

  /** Reaches whoever is connected with the publisher now, also by way of others. */
  publish(from: PeerId, batches: readonly Batch[]): void {
    const frame = encodeGossip(batches)
    for (const peer of this.#reachable(from)) {
      if (this.#random.chance(this.#quality.gossipLoss)) {
        this.#coverage.note('gossip lost')
        continue
      }
      this.#deliverGossip(peer, frame)
      if (!this.#random.chance(this.#quality.gossipRepeat)) continue
      this.#coverage.note('gossip repeated')
      this.#deliverGossip(peer, frame)
    }
  }

  #deliverGossip(peer: PeerId, frame: Uint8Array): void {
    const held = this.#random.chance(this.#quality.slowChance) ? this.#random.next() * gossipHoldMs : 0
    this.#timeline.after(this.#delayMs() + held, () => {
      const end = this.#ends.get(peer)
      if (!end?.isUp) return
      this.#coverage.note('gossip delivered')
      end.inbox.gossip(frame)
    })
  }

  #reachable(from: PeerId): readonly PeerId[] {
    const seen = new Set<PeerId>([from])
    const queue = [from]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const connection of this.#connections.values()) {
        const other = otherSide(connection, next)
        if (other === undefined || connection.cut || other.state !== 'open' || seen.has(other.end.peer)) continue
        seen.add(other.end.peer)
        queue.push(other.end.peer)
      }
    }
    seen.delete(from)
    return [...seen]
  }

  #dialLater(): void {
    this.#timeline.after(dialEveryMs, () => {
      this.#dialAll()
      this.#dialLater()
    })
  }

  #dialAll(): void {
    const ends = [...this.#ends.values()].filter((end) => end.isUp)
    ends.forEach((one, index) => {
      for (const other of ends.slice(index + 1)) {
        const isWanted = this.#isDialled(one, other) || this.#isDialled(other, one)
        if (isWanted && this.#mayConnect(one, other) && this.#random.chance(dialChance)) this.#connect(one, other)
      }
    })
  }

  /** By a key that leads there. */
  #isDialled(by: Endpoint, end: Endpoint): boolean {
    return this.#isWanted(end, by) && end.groupKeys.admits(by.peer, by.groupKeys.kept)
  }

  /** Or an install that was at the same machine before: who dials goes on with whoever answers there. */
  #isWanted(end: Endpoint, { wanted }: Endpoint): boolean {
    const place = this.#places.get(end.peer)
    return wanted.has(end.peer) || [...wanted].some((peer) => this.#places.get(peer) === place)
  }

  #mayConnect(one: Endpoint, other: Endpoint): boolean {
    if (one.denied.has(other.peer) || other.denied.has(one.peer) || this.isBlocked(one.peer, other.peer)) return false
    const before = this.#connections.get(keyOf(one.peer, other.peer))
    return before === undefined || (before.cut && this.#random.chance(replaceChance))
  }

  #connect(one: Endpoint, other: Endpoint): void {
    const key = keyOf(one.peer, other.peer)
    const before = this.#connections.get(key)
    if (before !== undefined) for (const side of before.sides) this.#close(before, side)
    const sideFor = (end: Endpoint): Side => ({
      end,
      state: 'opening',
      lastArrivalMs: this.#timeline.nowMs,
      arrivesUntilMs: Infinity,
    })
    const connection: Connection = { sides: [sideFor(one), sideFor(other)], cut: false }
    this.#connections.set(key, connection)
    for (const side of connection.sides) this.#open(connection, side)
  }

  /** Either side hears of it before the other's first message arrives. */
  #open(connection: Connection, side: Side): void {
    side.state = 'open'
    this.#trace.note(side.end.name, 'connected', () => otherSide(connection, side.end.peer)?.end.name ?? '')
    const other = otherSide(connection, side.end.peer)
    if (other !== undefined) side.end.connected(other.end.peer)
  }

  /** `towards`: only the way to this peer is cut, the other goes on until it is noticed. */
  #cut(connection: Connection, towards: PeerId | null = null): void {
    const passesMs = towards === null ? this.#random.next() * passesUpToMs : 0
    for (const side of connection.sides) {
      if (towards !== null && side.end.peer !== towards) continue
      side.arrivesUntilMs = Math.min(side.arrivesUntilMs, this.#timeline.nowMs + passesMs)
    }
    if (connection.cut) return
    connection.cut = true
    this.#coverage.note('connection cut')
    const open = connection.sides.filter((side) => side.state === 'open')
    const isHalfOpen = open.length === 1 || this.#random.chance(0.4)
    if (isHalfOpen) this.#coverage.note('half-open connection')
    for (const side of open) {
      const delayMs = isHalfOpen ? this.#random.next() * noticeMs : this.#random.next() * 20
      this.#timeline.after(delayMs, () => this.#close(connection, side))
    }
    if (open.length === 0) this.#forget(connection)
  }

  #close(connection: Connection, side: Side): void {
    const other = otherSide(connection, side.end.peer)
    if (side.state === 'open' && side.end.isUp && other !== undefined) {
      side.state = 'closed'
      this.#trace.note(side.end.name, 'disconnected', () => other.end.name)
      side.end.disconnected(other.end.peer)
    }
    side.state = 'closed'
    if (connection.sides.every(({ state }) => state === 'closed')) this.#forget(connection)
  }

  #forget(connection: Connection): void {
    const key = keyOf(connection.sides[0].end.peer, connection.sides[1].end.peer)
    if (this.#connections.get(key) === connection) this.#connections.delete(key)
  }

  #delayMs(): number {
    const { delayMs, slowChance } = this.#quality
    return this.#random.chance(slowChance / 4) ? this.#random.next() * slowMs : this.#random.next() * delayMs
  }
}

const keyOf = (one: PeerId, other: PeerId): string => (one < other ? `${one} ${other}` : `${other} ${one}`)

const sideOf = (connection: Connection, peer: PeerId): Side | undefined =>
  connection.sides.find(({ end }) => end.peer === peer)

const otherSide = (connection: Connection, peer: PeerId): Side | undefined => {
  if (sideOf(connection, peer) === undefined) return undefined
  return connection.sides.find(({ end }) => end.peer !== peer)
}
