import type { Command, CommandAnswer, CommandTicket, CoreEvent } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import type { PeerId, ServerId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { CoreTuning } from '../../replica/core/tuning.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { Audit, HeartbeatCheck, HybridCheck } from './audit.ts'
import { BackgroundWork } from './background-work.ts'
import * as checks from './checks.ts'
import type { Action } from './effect-plan.ts'
import { planEffects } from './effect-plan.ts'
import { GroupKeys } from './group-keys.ts'
import type { FirstCommand, OnAnswer } from './machine-commands.ts'
import { MachineInbox } from './machine-inbox.ts'
import { MachineServer } from './machine-server.ts'
import type { DiskWrite } from './model-disk.ts'
import { ModelDisk, writeMs } from './model-disk.ts'
import type { Endpoint } from './network.ts'
import { originOf } from '../../replica/wire/keys.ts'
import { firstHash, makeBatchOf } from './sim-wire.ts'
import type { Aside, Backup } from './starting-over.ts'
import { beginGivingBack } from './starting-over.ts'
import type { World } from './world.ts'
import { fieldsOf, readBatch, readImage, type Version, versionOf } from './versions.ts'

/** Simulated histories begin here, in milliseconds since 1970. */
const epochMs = 1_700_000_000_000
const tickMs = 100
const longestSleepMs = 60
const usualEventsPerStep = 500

/** One install: a core, a disk, and an executor that carries out effects exactly in the interface's order. */
export class Machine implements Endpoint {
  readonly world: World
  readonly identity: Identity
  readonly name: string
  readonly seat: ServerId
  disk: ModelDisk
  readonly background: BackgroundWork
  readonly server: MachineServer
  readonly inbox: MachineInbox
  readonly groupKeys: GroupKeys
  audit = new Audit()
  hybrid = new HybridCheck()
  heartbeat = new HeartbeatCheck()
  /** Copies of former installs of this machine that are to be given back. */
  aside: readonly Aside[] = []
  /** It was told that the others have retired it, and has written that down. */
  wasToldRetired = false
  readonly wanted = new Set<PeerId>()
  skewMs = 0
  /** What its clock said when the present step began. */
  stepWallMs = 0
  version: Version
  denied: ReadonlySet<PeerId> = new Set()
  isFull = false
  /** Its disk is gone for good. */
  isDestroyed = false
  readonly #first: FirstCommand
  #bootstrap: readonly PeerId[]
  readonly tuning: CoreTuning
  readonly #tickets = new Map<CommandTicket, OnAnswer>()
  #core: ReplicaCore | null = null
  #queue: CoreEvent[] = []
  #actions: Action[] = []
  #whenIdle: (() => void)[] = []
  #lastTicket = 0
  #life = 0
  #phase: 'idle' | 'woken' | 'busy' = 'idle'
  #fuse = Infinity
  #writtenMs = 0
  #fresh: readonly Update[] = []

  constructor(world: World, identity: Identity, first: FirstCommand, bootstrap: readonly PeerId[], tuning: CoreTuning) {
    this.world = world
    this.identity = identity
    this.name = identity.origin
    this.seat = identity.server
    this.#first = first
    this.#bootstrap = bootstrap
    this.tuning = tuning
    this.version = versionOf(world)
    this.disk = new ModelDisk((origin, sequence) =>
      this.enqueue({ kind: 'damaged', origin, first: sequence, last: sequence }),
    )
    this.background = new BackgroundWork(this)
    this.server = new MachineServer(this)
    this.inbox = new MachineInbox(this)
    this.groupKeys = new GroupKeys(this)
  }

  /** A new install in this one's place, with whom it knows; not in the world yet. */
  successor(identity: Identity, first: FirstCommand): Machine {
    return new Machine(this.world, identity, first, this.known, this.tuning)
  }

  get peer(): PeerId {
    return this.identity.peer
  }

  get isUp(): boolean {
    return this.#core !== null
  }

  /** Changes with every start, so that what an earlier life planned is dropped. */
  get life(): number {
    return this.#life
  }

  /** No step's effects are under way: what the core shows is durable. */
  get isSettled(): boolean {
    return this.#core !== null && this.#phase !== 'busy'
  }

  /** Of a machine that is up. */
  get core(): ReplicaCore {
    if (this.#core === null) throw new Error(`${this.name} is down`)
    return this.#core
  }

  get wallMs(): number {
    return Math.floor(epochMs + this.world.timeline.nowMs + this.skewMs)
  }

  /** What the core shows and the disk has not got. */
  get notYetDurable(): readonly Update[] {
    return this.#fresh
  }

  start(): void {
    const { trace, coverage } = this.world
    const { snapshot, suffix: written, highest } = this.disk.recover()
    const suffix = written.map((batch) => readBatch(this.version, batch))
    const image = snapshot === null ? null : decodeImage(snapshot.chunks)
    if (image !== null && !image.ok) throw new Error(image.failure.message)
    this.#life += 1
    const ports = { makeBatch: makeBatchOf(this.identity.origin, this.peer), firstHash, originOf }
    const read = image && readImage(this.version, image.value)
    this.#core = new ReplicaCore(this.identity, ports, { image: read, suffix, highest }, this.tuning)
    coverage.note('recovered')
    if (snapshot !== null) coverage.note('recovered from a snapshot')
    if (suffix.length > 0) coverage.note('recovered with a suffix')
    trace.note(this.name, 'started', () => `${suffix.length} batches after the snapshot`)
    this.stepWallMs = this.wallMs
    checks.recovered(this, written)
    this.#phase = 'idle'
    this.#fuse = Infinity
    this.groupKeys.begin()
    for (const peer of this.#bootstrap) this.wanted.add(peer)
    if (this.core.state.seats.claimOf(this.identity.origin) === undefined) this.#takeSeat()
    if (this.aside.length > 0) beginGivingBack(this)
    this.background.understand()
    if (this.wasToldRetired) this.enqueue({ kind: 'wasRetired' })
    this.#tickLater(this.#life)
  }

  /** A successor's first update was made, with its predecessor's word for it, before it began. */
  #takeSeat(): void {
    const { origin, admission } = this.identity
    if (admission?.origin === origin) this.enqueue({ kind: 'handedIn', batches: [admission] })
    else this.command(this.#first, () => undefined)
  }

  /** Whom it may find on its local network. */
  get known(): readonly PeerId[] {
    return [...new Set([...this.#bootstrap, ...this.wanted])]
  }

  /** Its disk is replaced by an old copy of it, as somebody does who restores a backup. */
  restore({ disk, aside, keys }: Backup): void {
    this.crash()
    this.disk = disk
    this.groupKeys.kept = keys
    this.aside = aside
    this.audit = new Audit()
    this.hybrid = new HybridCheck()
    this.heartbeat = new HeartbeatCheck()
    this.world.restored.add(this.identity.origin)
    this.world.ledger.restored(this)
    this.start()
  }

  /** Begins anew from a disk that was set aside and has its own log by now, as it is. */
  takeUp(disk: ModelDisk): void {
    this.disk = disk
    this.audit = new Audit()
    this.heartbeat = new HeartbeatCheck()
    this.world.ledger.tookUp(this)
    this.start()
  }

  /** Power is lost: what is not durable is gone, whoever waits gets no answer. */
  crash(): void {
    if (this.#core === null) return
    const { trace, coverage, network, random } = this.world
    coverage.note('crash')
    if (this.disk.isWriting) coverage.note('crash while persisting')
    else if (this.#phase === 'busy') coverage.note('crash between effects')
    this.#life += 1
    this.#core = null
    this.#queue = []
    this.#actions = []
    this.#fresh = []
    this.#whenIdle = []
    this.#phase = 'idle'
    this.denied = new Set()
    this.wanted.clear()
    this.background.reset()
    this.server.reset()
    const torn = this.disk.crash(random)
    coverage.add('write torn', torn)
    trace.note(this.name, 'crashed', () => `${torn} writes torn`)
    network.crashed(this.peer)
    const waiting = [...this.#tickets.values()]
    this.#tickets.clear()
    for (const onAnswer of waiting) onAnswer(null)
  }

  /** Its disk has room again. */
  room(): void {
    this.isFull = false
    this.groupKeys.room()
    if (this.isUp && this.core.state.seats.claimOf(this.identity.origin) === undefined) this.#takeSeat()
  }

  /** Crashes when this many more effects have been carried out, in the middle of a step or of a write. */
  crashSoon(effects: number): void {
    this.#fuse = effects
  }

  /** Finds these peers on its local network. */
  discover(peers: readonly PeerId[]): void {
    this.#bootstrap = peers
    for (const peer of peers) this.wanted.add(peer)
  }

  destroy(): void {
    this.crash()
    this.isDestroyed = true
  }

  command(command: Command, onAnswer: OnAnswer): void {
    this.#lastTicket += 1
    this.#tickets.set(this.#lastTicket, onAnswer)
    this.world.coverage.note('commands')
    this.enqueue({ kind: 'command', ticket: this.#lastTicket, command })
  }

  connected(peer: PeerId): void {
    this.enqueue({ kind: 'connected', peer })
  }

  disconnected(peer: PeerId): void {
    this.server.forget(peer)
    this.enqueue({ kind: 'disconnected', peer })
  }

  enqueue(event: CoreEvent): void {
    if (this.#core === null || (this.isFull && !this.groupKeys.isTakenWhileFull(event))) return
    this.#queue.push(event)
    this.#wake()
  }

  /** Runs `task` when everything that the core shows is durable. */
  whenIdle(task: () => void): void {
    if (this.#phase === 'busy') this.#whenIdle.push(task)
    else task()
  }

  /** Plans something in this life of the machine. */
  later(delayMs: number, task: () => void): void {
    const life = this.#life
    this.world.timeline.after(delayMs, () => {
      if (this.#life === life) task()
    })
  }

  /** How long the disk has kept this machine waiting, in all. */
  get writtenMs(): number {
    return this.#writtenMs
  }

  #tickLater(life: number): void {
    this.world.timeline.after(tickMs * (0.5 + this.world.random.next()), () => {
      if (this.#life !== life) return
      if (this.#phase === 'idle') this.enqueue({ kind: 'tick' })
      this.#tickLater(life)
    })
  }

  #wake(): void {
    if (this.#phase !== 'idle' || this.#queue.length === 0) return
    this.#phase = 'woken'
    const { random } = this.world
    this.later(random.chance(0.02) ? random.next() * longestSleepMs : random.next(), () => this.#step())
  }

  #step(): void {
    const { random, coverage, trace } = this.world
    this.#phase = 'busy'
    const events = this.#queue.splice(0, random.chance(0.1) ? 1 : usualEventsPerStep)
    const view = this.core.view.number
    coverage.note('steps')
    this.stepWallMs = this.wallMs
    const effects = this.core.step(this.stepWallMs, events)
    this.#fresh = effects.persist.flatMap((batch) => batch.updates)
    if (this.core.view.number !== view) coverage.note('view changed')
    if (effects.persist.length > 0)
      trace.note(this.name, 'persists', () =>
        effects.persist.map(({ origin, first, last }) => `${origin}:${first}-${last}`).join(' '),
      )
    this.#actions = planEffects(this, effects)
    if (effects.wakeAfterMs !== null) {
      coverage.note('batches gathered')
      this.later(effects.wakeAfterMs, () => this.enqueue({ kind: 'tick' }))
    }
    this.#carryOut()
  }

  #carryOut(): void {
    for (let action = this.#actions.shift(); action !== undefined; action = this.#actions.shift()) {
      const { write, run } = action
      this.#fuse -= 1
      if (write !== null) {
        this.#write(write, run)
        return
      }
      if (this.#fuse < 0) {
        this.crash()
        return
      }
      run()
      // What ran may have crashed this machine.
      if (this.#phase !== 'busy') return
    }
    this.#phase = 'idle'
    for (const task of this.#whenIdle.splice(0)) task()
    checks.settled(this)
    this.#wake()
  }

  #write(write: DiskWrite, run: () => void): void {
    // As the host: the core is made anew from what is durable.
    if (this.isFull) {
      this.crash()
      this.start()
      return
    }
    if (write.kind === 'snapshot' && this.background.isWritingSnapshot) {
      this.#writtenMs += 1
      this.later(1, () => this.#write(write, run))
      return
    }
    this.disk.begin(write)
    this.world.moments?.write(this, write.kind)
    const needsMs = writeMs(this.world.random)
    this.#writtenMs += needsMs
    const done = (): void => {
      this.disk.commit(write)
      if (write.kind === 'append') this.#fresh = []
      checks.durable(this, write)
      run()
      this.#carryOut()
    }
    if (this.#fuse >= 0) this.later(needsMs, done)
    else
      this.later(needsMs * this.world.random.next(), () => {
        // Healing takes the fuse out.
        if (this.#fuse < 0) this.crash()
        else done()
      })
  }

  send(to: PeerId, message: Message, urgency: 'ordinary' | 'droppable'): void {
    if (this.world.liar?.machine === this) {
      this.world.liar.say(to, message)
      return
    }
    checks.sent(this, to, message)
    this.world.network.send(this.peer, to, fieldsOf(this.version, message), urgency)
  }

  /** Keeps these connected from now on, and those it was told to find. */
  remember(peers: Iterable<PeerId>): void {
    this.wanted.clear()
    for (const peer of [...this.#bootstrap, ...peers]) this.wanted.add(peer)
  }

  /** Tells whoever gave the command. */
  answer(ticket: CommandTicket, result: Result<CommandAnswer>): void {
    this.world.coverage.note(result.ok ? 'commands answered' : 'commands refused')
    checks.answered(this, result)
    const onAnswer = this.#tickets.get(ticket)
    this.#tickets.delete(ticket)
    onAnswer?.(result)
  }
}
