import type { Hash, OriginId, PeerId, Sequence } from '../../replica/core/model/ids.ts'
import { hash } from '../../replica/core/model/ids.ts'
import type { KnowledgeMessage, KnowledgeRows, Message, StateChunkMessage } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import { newIdentity } from './sim-codec.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { makeBatchOf } from './sim-wire.ts'
import type { World } from './world.ts'

/** Ways to lie; each history has its own mix of them. */
export const lieKinds = [
  'replay',
  'delay',
  'omit',
  'other range',
  'discarded',
  'claim',
  'hearsay',
  'deny',
  'state',
  'forge',
  'fork said',
  'refusal',
  'key',
  'fork',
] as const
export type LieKind = (typeof lieKinds)[number]

const keptMessages = 400
/** How often it lies; one of them in each history. */
const lieChances = [0.04, 0.15, 0.5] as const
const unaskedEveryMs = [1_500, 400, 60] as const
const keptImages = 4
const longestDelayMs = 4_000
const farAhead = 10
const shutOutEveryMs = 2_000
const microsPerMs = 1_000

interface Told {
  readonly to: PeerId
  readonly message: Message
}

/** What a member that is not honest makes of what it would say. Underneath it goes on as the others do, so that it knows what to lie about. */
export class Liar {
  readonly machine: Machine
  readonly #random: Random
  readonly #lies: Set<LieKind>
  readonly #lieChance: number
  readonly #everyMs: number
  readonly #old: Message[] = []
  #images: (readonly string[])[] = []
  /** Its log as it tells it to some. */
  #otherLog: { last: Sequence; lastHash: Hash } | null = null

  constructor(machine: Machine, random: Random, lies: readonly LieKind[]) {
    this.machine = machine
    this.#random = random
    this.#lies = new Set(lies)
    this.#lieChance = random.pick(lieChances) ?? 0
    this.#everyMs = random.pick(unaskedEveryMs) ?? 0
    this.#next()
  }

  get lies(): ReadonlySet<LieKind> {
    return this.#lies
  }

  /**
   * Its lies are no longer told in several ways of one log: as long as they are, there is nothing that all could agree on. Who goes on with the log
   * that it has on its disk would be one of those ways, so people shut it out.
   */
  exposed(): void {
    if (this.#lies.delete('fork')) this.#shutOut()
  }

  /** By whoever does not know it yet: one who starts over forgets it. */
  #shutOut(): void {
    const { world, identity } = this.machine
    for (const machine of world.lasting().filter(({ isUp }) => isUp)) {
      const { seats } = machine.core.state
      if (seats.group === null || seats.isShutOut(identity.origin)) continue
      machine.command({ kind: 'shutOut', machine: identity.origin }, () => undefined)
    }
    world.timeline.after(shutOutEveryMs, () => this.#shutOut())
  }

  /** What is sent instead, some of it later. */
  say(to: PeerId, message: Message): void {
    this.#old.push(message)
    if (this.#old.length > keptMessages) this.#old.splice(0, keptMessages / 2)
    const told = this.#random.chance(this.#lieChance) ? this.#instead(message) : [message]
    for (const one of told) {
      if (this.#tells('delay')) this.#later(to, one)
      else this.#send({ to, message: one })
    }
  }

  /** What others have told it is worth saying again. */
  heard(message: Message): void {
    if (message.kind !== 'hello') this.#old.push(message)
  }

  /** The state that it shows: this one, or one of before. */
  image(chunks: readonly string[]): readonly string[] {
    this.#images = [...this.#images, chunks].slice(-keptImages)
    return (this.#lies.has('state') ? this.#random.pick(this.#images) : null) ?? chunks
  }

  #tells(lie: LieKind): boolean {
    return this.#lies.has(lie) && this.#random.chance(this.#lieChance)
  }

  #later(to: PeerId, message: Message): void {
    this.machine.later(this.#random.next() * longestDelayMs, () => this.#send({ to, message }))
  }

  #send({ to, message }: Told): void {
    this.machine.world.network.send(this.machine.peer, to, message, 'ordinary')
  }

  #next(): void {
    const { timeline } = this.machine.world
    timeline.after(this.#random.waitMs(this.#everyMs), () => {
      if (this.machine.isUp) this.#unasked()
      this.#next()
    })
  }

  /** What nobody has asked for. */
  #unasked(): void {
    const to = this.#random.pick(this.machine.core.peers.allGreeted())?.peer
    const lie = this.#random.pick([...this.#lies])
    if (to === undefined || lie === undefined) return
    const message = this.#made(lie)
    if (message === null) return
    this.machine.world.coverage.note('lie')
    this.#send({ to, message })
  }

  #made(lie: LieKind): Message | null {
    const random = this.#random
    switch (lie) {
      case 'replay':
        return random.pick(this.#old) ?? null
      case 'fork said': {
        const origin = this.#someOrigin()
        const end = random.chance(0.5) ? this.machine.core.state.endOf(origin) : this.#forgedEnd(origin)
        const unfitting = random.chance(0.3) ? random.pick(this.#batches(origin)) : undefined
        return { kind: 'fork', origin, end, ...(unfitting === undefined ? {} : { unfitting }) }
      }
      case 'refusal': {
        const code = random.chance(0.5) ? 'RETIRED' : 'NOT_ADMITTED'
        return { kind: 'refusal', failure: { code, message: 'it is not true' }, retirement: null }
      }
      case 'key': {
        const ahead = random.next() * farAhead * 86_400_000
        const key = Buffer.from(random.bytes(32)).toString('base64url')
        return { kind: 'groupKey', key, madeAt: Math.floor((this.machine.wallMs + ahead) * microsPerMs) }
      }
      case 'forge':
        return this.#forgedBatch()
      case 'fork':
        return this.#ofOtherLog()
      case 'other range': {
        const batches = this.#batches(this.#someOrigin())
        return { kind: 'batches', id: 0, batches: random.shuffled(batches).slice(0, 3) }
      }
      case 'state':
        return { kind: 'stateChunk', image: random.int(0, 3), index: 0, count: random.int(1, 3), chunk: 'no state' }
      default:
        return null
    }
  }

  #instead(message: Message): readonly Message[] {
    if (this.#tells('omit')) return this.#lessOf(message)
    if (this.#tells('replay')) return [message, message]
    switch (message.kind) {
      case 'knowledge':
        return [this.#knowledge(message)]
      case 'hello':
        return [{ ...message, rows: this.#rows(message.rows) }]
      case 'batches':
        return [this.#otherBatches(message.id, message.batches) ?? message]
      case 'mails': {
        if (!this.#lies.has('omit')) return [message]
        return [{ ...message, updates: message.updates.filter(() => this.#random.chance(0.5)) }]
      }
      case 'stateChunk':
        return this.#lies.has('state') ? [this.#chunk(message)] : [message]
      default:
        return [message]
    }
  }

  #chunk(message: StateChunkMessage): StateChunkMessage {
    this.machine.world.coverage.note('lie')
    const others = [
      { ...message, chunk: message.chunk.slice(3) },
      { ...message, index: message.index + 1 },
      { ...message, image: 0 },
      { ...message, count: message.count + 1 },
    ]
    return this.#random.pick(others) ?? message
  }

  #lessOf(message: Message): readonly Message[] {
    this.machine.world.coverage.note('lie')
    if (message.kind !== 'batches') return []
    const kept = message.batches.filter(() => this.#random.chance(0.5))
    return this.#random.chance(0.5) ? [] : [{ ...message, batches: kept }]
  }

  #otherBatches(id: number, batches: readonly Batch[]): Message | null {
    const origin = batches[0]?.origin ?? this.#someOrigin()
    this.machine.world.coverage.note('lie')
    if (this.#tells('discarded') && id > 0) return { kind: 'discarded', id, origin }
    if (this.#lies.has('other range')) {
      const of = this.#random.chance(0.5) ? origin : this.#someOrigin()
      return { kind: 'batches', id, batches: this.#random.shuffled(this.#batches(of)).slice(0, 4) }
    }
    return null
  }

  #knowledge(message: KnowledgeMessage): KnowledgeMessage {
    const hashes = new Map(message.hashes)
    if (this.#lies.has('claim'))
      for (const origin of hashes.keys()) if (this.#random.chance(0.3)) hashes.set(origin, this.#someHash())
    return { ...message, rows: this.#rows(message.rows), hashes }
  }

  /** More, or less, than it holds itself and than others hold. */
  #rows(rows: KnowledgeRows): KnowledgeRows {
    const { origin: own } = this.machine.identity
    const told = new Map([...rows].map(([holder, row]) => [holder, new Map(row)]))
    for (const [holder, row] of told) {
      if (holder !== own && !this.#lies.has('hearsay')) continue
      for (const [origin, sequence] of row) {
        if (!this.#random.chance(0.3)) continue
        this.machine.world.coverage.note('lie')
        if (this.#lies.has('claim') && this.#random.chance(0.5)) row.set(origin, sequence + this.#random.int(1, 40))
        else if (this.#lies.has('deny')) row.set(origin, this.#random.int(0, sequence))
      }
      if (this.#lies.has('claim') && this.#random.chance(0.05)) row.set(this.#newOrigin(), this.#random.int(1, 9))
    }
    return told
  }

  #newOrigin(): OriginId {
    return newIdentity(this.#random, serverId(this.#random.int(1, 5))).origin
  }

  #someOrigin(): OriginId {
    return this.#random.pick([...this.machine.core.state.vector.keys()]) ?? this.machine.identity.origin
  }

  #someHash(): Hash {
    return hash(Buffer.from(this.#random.bytes(32)).toString('base64url'))
  }

  #batches(origin: OriginId): readonly Batch[] {
    const { disk } = this.machine
    return disk.readBatches(origin, 0, Infinity).filter(({ last }) => last <= (disk.durable.get(origin) ?? 0))
  }

  /** Whose signature does not hold. */
  #forgedEnd(origin: OriginId): Extract<Message, { kind: 'fork' }>['end'] {
    const end = this.machine.core.state.endOf(origin)
    return end === null ? null : { ...end, sequence: end.sequence + 1, hash: this.#someHash() }
  }

  /** In another's name: by what it has of its log, and by nothing. */
  #forgedBatch(): Message | null {
    const origin = this.#someOrigin()
    const batch = this.#random.pick(this.#batches(origin))
    if (batch === undefined) return null
    const bytes = batch.bytes.slice()
    const at = this.#random.int(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ this.#random.int(1, 255)
    return { kind: 'batches', id: 0, batches: [{ ...batch, bytes }] }
  }

  /** The next batch of a log of its own that goes another way than the one on its disk. */
  #ofOtherLog(): Message | null {
    const { identity, core, wallMs, peer } = this.machine
    const { origin } = identity
    const begin = this.#random.pick(this.#batches(origin).slice(-4))
    if (begin === undefined || core.state.held(origin) === 0) return null
    if (this.#otherLog === null || this.#random.chance(0.2))
      this.#otherLog = { last: begin.last, lastHash: begin.lastHash }
    const { last, lastHash } = this.#otherLog
    const change = { kind: 'machineName', name: `another ${this.#random.int(1, 999)}` } as const
    const batch = makeBatchOf(origin, peer)(last + 1, lastHash, [{ clock: Math.floor(wallMs * microsPerMs), change }])
    this.#otherLog = { last: batch.last, lastHash: batch.lastHash }
    this.machine.world.coverage.note('log forked by its owner')
    return { kind: 'batches', id: 0, batches: [batch] }
  }
}

/** One of those who are there is not honest from now on. Where it forks its log, one name may mean two updates. */
export const beginLying = (world: World): void => {
  const random = world.random.fork()
  const machine = random.pick(world.up())
  if (machine === undefined) return
  const lies = lieKinds.filter(() => random.chance(0.5))
  world.liar = new Liar(machine, random, lies)
  world.trace.note(machine.name, 'lies', () => lies.join(', '))
  if (lies.includes('fork')) world.restored.add(machine.identity.origin)
}
