import { threadCpuUsage } from 'node:process'
import type { Command, CommandAnswer, CoreEvent, Effects, Serve } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import type { AccountId, OriginId, PeerId, Sequence } from '../../replica/core/model/ids.ts'
import { commandId } from '../../replica/core/model/ids.ts'
import type { BatchesMessage, Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { InstallKey } from '../../replica/wire/batch-codec.ts'
import { originOf } from '../../replica/wire/keys.ts'
import type { Wire } from '../../replica/wire/wire.ts'
import type { Timeline } from '../simulation/timeline.ts'

/** Simulated histories begin here, in milliseconds since 1970. */
const epochMs = 1_700_000_000_000
const tickMs = 50
const stepEvents = 500

/** What a seat needs of what is around it. */
export interface SeatWorld {
  readonly timeline: Timeline
  readonly wire: Wire
  readonly fsyncMs: number
  send(from: PeerId, to: PeerId, message: Message, urgency: 'ordinary' | 'droppable'): void
  gossip(from: PeerId, batches: readonly Batch[]): void
  disconnect(from: PeerId, to: PeerId): void
  /** The seat wants to be connected with these. */
  want(from: PeerId, peers: Iterable<PeerId>): void
  /** The seat has made this durable. */
  holds(seat: Seat, batches: readonly Batch[]): void
  /** A step of this seat has ended. */
  settled(seat: Seat): void
}

/** One replica: the real core, and an executor that carries its effects out in their order, as the host does. */
export class Seat {
  readonly identity: Identity
  readonly account: AccountId
  readonly core: ReplicaCore
  steps = 0
  /** Processor time of the core alone. */
  cpuMicros = 0
  readonly #world: SeatWorld
  readonly #log = new Map<OriginId, Batch[]>()
  readonly #answers = new Map<number, (result: Result<CommandAnswer>) => void>()
  #queue: CoreEvent[] = []
  #busy = false
  #lastTicket = 0

  constructor(world: SeatWorld, identity: Identity, key: InstallKey, account: AccountId) {
    this.#world = world
    this.identity = identity
    this.account = account
    const ports = {
      makeBatch: world.wire.makeBatchWith(key),
      firstHash: (origin: OriginId) => world.wire.firstHash(origin),
      originOf,
    }
    this.core = new ReplicaCore(identity, ports, { image: null, suffix: [], highest: new Map() })
    const session = commandId(account.slice(0, 16))
    const claim = { account, session, clock: epochMs * 1_000, machine: this.machine } as const
    this.enqueue({ kind: 'sessions', sessions: [{ ...claim, session: claim.session as never }] })
    this.#tickLater()
  }

  get peer(): PeerId {
    return this.identity.peer
  }

  get machine(): string {
    return `machine ${this.identity.server}`
  }

  command(command: Command, onAnswer: (result: Result<CommandAnswer>) => void): void {
    this.#lastTicket += 1
    this.#answers.set(this.#lastTicket, onAnswer)
    this.enqueue({ kind: 'command', ticket: this.#lastTicket, command })
  }

  enqueue(event: CoreEvent): void {
    this.#queue.push(event)
    if (this.#busy) return
    this.#busy = true
    this.#world.timeline.after(0, () => this.#step())
  }

  #tickLater(): void {
    this.#world.timeline.after(tickMs, () => {
      this.enqueue({ kind: 'tick' })
      this.#tickLater()
    })
  }

  #step(): void {
    const events = this.#queue.splice(0, stepEvents)
    const wallMs = epochMs + Math.floor(this.#world.timeline.nowMs)
    const before = threadCpuUsage()
    const effects = this.core.step(wallMs, events)
    const { user, system } = threadCpuUsage(before)
    this.cpuMicros += user + system
    this.steps += 1
    if (effects.persist.length === 0) this.#carryOut(effects)
    else this.#world.timeline.after(this.#world.fsyncMs, () => this.#carryOut(effects))
  }

  #carryOut(effects: Effects): void {
    const { timeline } = this.#world
    for (const batch of effects.persist) this.#logOf(batch.origin).push(batch)
    if (effects.persist.length > 0) this.#world.holds(this, effects.persist)
    if (effects.gossip.length > 0) this.#world.gossip(this.peer, effects.gossip)
    for (const { to, message, urgency } of effects.send) this.#world.send(this.peer, to, message, urgency)
    for (const task of effects.serve) timeline.after(0, () => this.#serve(task))
    for (const peer of effects.disconnect) this.#world.disconnect(this.peer, peer)
    for (const { ticket, result } of effects.answer) {
      this.#answers.get(ticket)?.(result)
      this.#answers.delete(ticket)
    }
    for (const notice of effects.notify)
      if (notice.kind === 'members') this.#world.want(this.peer, notice.addresses.keys())
    if (effects.wakeAfterMs !== null) timeline.after(effects.wakeAfterMs, () => this.enqueue({ kind: 'tick' }))
    this.#world.settled(this)
    this.#busy = this.#queue.length > 0
    if (this.#busy) timeline.after(0, () => this.#step())
  }

  /** Nothing is discarded here, so that nobody asks for a state. */
  #serve(task: Serve): void {
    if (!('held' in task)) throw new Error(`a ${task.request.kind} is not to be expected`)
    const { id, origin, after, maxBytes } = task.request
    const message: BatchesMessage = { kind: 'batches', id, batches: this.#read(origin, after, maxBytes) }
    this.#world.send(this.peer, task.peer, message, 'ordinary')
  }

  #read(origin: OriginId, after: Sequence, maxBytes: number): readonly Batch[] {
    const batches: Batch[] = []
    let room = maxBytes
    const log = this.#logOf(origin)
    for (let index = firstAfter(log, after); index < log.length; index += 1) {
      const batch = log[index]
      if (batch === undefined) break
      room -= batch.bytes.length
      if (batches.length > 0 && room < 0) break
      batches.push(batch)
    }
    return batches
  }

  #logOf(origin: OriginId): Batch[] {
    const log = this.#log.get(origin) ?? []
    this.#log.set(origin, log)
    return log
  }
}

/** Where the first batch stands that has more than `after`. */
const firstAfter = (log: readonly Batch[], after: Sequence): number => {
  let low = 0
  let high = log.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((log[middle]?.last ?? Infinity) <= after) low = middle + 1
    else high = middle
  }
  return low
}
