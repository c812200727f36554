import type { Command, CommandAnswer, CoreEvent, Effects, Notice } from '../core/effects.ts'
import { type Failure, toError, toFailure } from '../core/model/errors.ts'
import type { OriginId, PeerId, Sequence, ServerId } from '../core/model/ids.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { BackgroundWork, writeLastSnapshot } from './background-work.ts'
import { EventQueue, type QueuedEvent } from './event-queue.ts'
import { isFrequent } from './frequent-notices.ts'
import { diskFullFailure, FullDisk } from './full-disk.ts'
import type { HostOptions } from './host-options.ts'
import { snapshotChunksInTurns } from './image-turns.ts'
import { KeptSettings, requireSyncInterval } from './kept-settings.ts'
import { Inbound } from './inbound.ts'
import { MemberBook } from './member-book.ts'
import { sendOut } from './outbound.ts'
import type { Damage, FrameStream, Surroundings, Transport, TransportListener } from './ports.ts'
import { recoverCore } from './recovery.ts'
import { Server } from './server.ts'
import { StandingEvents } from './standing-events.ts'
import { Tickets } from './tickets.ts'
import { admit, visit } from './newcomers.ts'
import { WaitingReads } from './waiting-reads.ts'
export type { Notice }

/** Events that one step may take: more would keep heartbeats and answers waiting for too long. */
const stepEvents = 256

/**
 * The event loop around a core: collects events, steps the core, carries the effects out in their order, one step at
 * a time. While a step's effects become durable, new events wait: that is the group commit.
 */
export class ReplicaHost {
  readonly #options: HostOptions
  readonly #server: Server
  readonly #members: MemberBook
  readonly #backgroundWork: BackgroundWork
  readonly #inbound: Inbound
  readonly #disk: FullDisk
  readonly #kept: KeptSettings
  readonly #tickets = new Tickets()
  readonly #standing = new StandingEvents()
  readonly #reads = new WaitingReads()
  readonly #listeners = new Set<(notice: Notice) => void>()
  readonly #connected = new Set<PeerId>()
  #core: ReplicaCore
  readonly #queue: EventQueue
  #running = false
  #stopped: Failure | null = null
  #stopping: Promise<void> | null = null
  #idle: (() => void)[] = []
  #stopTimers: (() => void)[] = []
  #onClient: ((stream: FrameStream) => void) | null = null
  #onFatal: ((failure: Failure) => void) | null = null

  private constructor(options: HostOptions, core: ReplicaCore) {
    this.#options = options
    this.#core = core
    this.#queue = new EventQueue({
      clock: options.clock,
      isRush: () => this.#core.isRush,
      wake: () => {
        if (!this.#running && this.#stopped === null) void this.#run()
      },
    })
    this.#server = new Server(options, (query) => this.read(query))
    this.#members = new MemberBook(options)
    // Who shows what is known of the servers looks again.
    this.#disk = new FullDisk({ ...options, onChange: () => this.#notify({ kind: 'knowledge' }) })
    this.#kept = new KeptSettings(options)
    this.#inbound = new Inbound({
      ...options,
      isHeld: this.#isHeld,
      isGreeted: (peer) => this.#core.peers.greeted(peer) !== undefined,
      took: (event, done) => {
        const isTaken = event.kind === 'gossip' ? !this.#disk.isFull : this.#disk.takes(event.message)
        if (isTaken) this.#push({ event, done })
      },
    })
    this.#backgroundWork = new BackgroundWork(options, {
      read: (query) => this.read(query),
      enqueue: (event) => this.enqueue(event),
      failed: (error) => this.#failed(error),
    })
  }

  /** Recovers what storage holds. Failures are those of `Storage.recover`, and DAMAGED for a snapshot that cannot be read. */
  static async recover(options: HostOptions): Promise<ReplicaHost> {
    const { core, damage } = await recoverCore(options)
    const host = new ReplicaHost(options, core)
    options.storage.onDamage((found) => host.#damaged([found]))
    host.#damaged(damage)
    return host
  }

  /** Begins to work, without the others. `onClient` gets the streams of clients; `onFatal` hears of a storage that failed for good. */
  async start(handlers: {
    onClient: (stream: FrameStream) => void
    onFatal: (failure: Failure) => void
  }): Promise<void> {
    this.#onClient = handlers.onClient
    this.#onFatal = handlers.onFatal
    await this.#members.load()
    this.#backgroundWork.understand()
    const kept = await this.#kept.load()
    this.enqueue({ kind: 'groupKey', groupKey: this.#options.groupKey })
    for (const event of kept) this.enqueue(event)
    this.enqueue({ kind: 'addresses', addresses: this.#members.known() })
    this.#stopTimers = [this.#queue.keepTicking(), this.#disk.watch(() => this.#disconnectAll())]
  }

  /** Listens and connects. Failures are those of `Transport.start`. */
  async connect(): Promise<void> {
    await this.#options.transport.start(this.#listener())
    this.#noteAddresses()
  }

  /** Finishes what is under way, writes a snapshot for a quick next start, closes everything; also after a failure for good. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end()
    return this.#stopping
  }

  async #end(): Promise<void> {
    for (const stop of this.#stopTimers) stop()
    await this.#options.transport.stop()
    this.#queue.release()
    // Until nothing is under way: the last snapshot must not cover what the log has not got yet.
    for (let beside: Promise<void> | null = null; this.#running || beside !== this.#backgroundWork.finished();) {
      await this.#whenIdle()
      beside = this.#backgroundWork.finished()
      await beside
    }
    const hasFailed = this.#stopped !== null
    this.#stopped ??= { code: 'STOPPED', message: 'The replica is going down.' }
    if (!hasFailed && !this.#disk.isFull) await writeLastSnapshot(this.#options, this.#core)
    this.#tickets.failAll(this.#stopped)
    const closed = this.#options.storage.close()
    // That a disk which has failed fails once more is no news.
    await (hasFailed ? closed.catch(() => undefined) : closed)
  }

  get surroundings(): Surroundings {
    return { diskFull: this.#disk.isFull, troubles: this.#options.transport.troubles?.() ?? [] }
  }

  /** Durable when fulfilled. Rejects with the command's failure. */
  command(command: Command): Promise<CommandAnswer> {
    if (this.#stopped !== null) return Promise.reject(toError(this.#stopped))
    if (this.#disk.isFull) return Promise.reject(toError(diskFullFailure))
    const { ticket, answer } = this.#tickets.open()
    this.enqueue({ kind: 'command', ticket, command })
    return answer
  }

  /** Looks at the core when everything that it shows is durable. */
  read<Value>(query: (core: ReplicaCore) => Value): Promise<Value> {
    if (this.#stopped !== null) return Promise.reject(toError(this.#stopped))
    if (!this.#running) return Promise.resolve(query(this.#core))
    return this.#reads.add(query)
  }

  /** The updates that storage holds among these. What is live and not there, as after damage that left no trace, is fetched again. */
  async readUpdates(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Update[]> {
    const updates = await this.#options.storage.readUpdates(origin, sequences)
    const found = new Set(updates.map(({ sequence }) => sequence))
    for (const sequence of sequences)
      if (!found.has(sequence)) this.enqueue({ kind: 'damaged', origin, first: sequence, last: sequence })
    return updates
  }

  diskBytes(): Promise<number> {
    return this.#options.storage.diskBytes()
  }

  links(): ReturnType<Transport['links']> {
    return this.#options.transport.links()
  }

  listenAddresses(): readonly string[] {
    return this.#options.transport.listenAddresses()
  }

  /** Told after the effects that a notice belongs to have been carried out. Returns how to end it. */
  onNotice(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  enqueue(event: CoreEvent): void {
    this.#push({ event, done: null })
  }

  /** Takes in batches that were held by an older copy; fulfilled when that is durable. */
  receive(batches: readonly Batch[]): Promise<void> {
    return this.#settleStored({ kind: 'handedIn', batches })
  }

  /** Takes in live updates that are missing here and that an older copy of this machine has. Fulfilled when they are durable. */
  mend(origin: OriginId, updates: readonly Update[]): Promise<void> {
    return this.#settleStored({ kind: 'mend', origin, updates })
  }

  /** Tells the others how many updates a copy covers that was set aside and could be taken up again. */
  tellAside(updates: number): Promise<void> {
    return this.#settle({ kind: 'aside', updates })
  }

  /** Servers with which there is no connection, either way; kept over restarts. Fulfilled when it is in force. */
  async pause(servers: readonly ServerId[]): Promise<void> {
    await this.#kept.pause(servers)
    await this.#settle({ kind: 'pause', servers })
  }

  async resume(servers: readonly ServerId[]): Promise<void> {
    await this.#kept.resume(servers)
    await this.#settle({ kind: 'resume', servers })
  }

  /** How often knowledge is exchanged when nothing happens, in milliseconds; kept over restarts. BAD_REQUEST. */
  async setSyncInterval(intervalMs: number): Promise<void> {
    requireSyncInterval(intervalMs)
    await this.#kept.keepSyncInterval(intervalMs)
    await this.#settle({ kind: 'syncInterval', intervalMs })
  }

  /** From now on the group uses this key (base64url); fulfilled when it is durable here and on its way to the others. */
  rotateKey(key: string): Promise<void> {
    return this.#settleStored({ kind: 'rotateKey', key })
  }

  /** As `#settle`, of what has to be stored: on a full disk it is not even tried. */
  #settleStored(event: CoreEvent): Promise<void> {
    return this.#disk.isFull ? Promise.reject(toError(diskFullFailure)) : this.#settle(event)
  }

  /** Fulfilled when the event's effects have been carried out. */
  #settle(event: CoreEvent): Promise<void> {
    if (this.#stopped !== null) return Promise.reject(toError(this.#stopped))
    const { done, settled } = this.#tickets.settle()
    this.#push({ event, done })
    return settled
  }

  #push(queued: QueuedEvent): void {
    this.#standing.note(queued.event)
    if (this.#stopped === null) this.#queue.push(queued)
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      await Promise.resolve()
      while (this.#queue.length > 0) {
        const taken = this.#queue.take(stepEvents)
        const events = taken.map(({ event }) => event)
        const effects = this.#core.step(this.#options.clock.nowMs(), events)
        await this.#carryOut(effects)
        for (const { done } of taken) done?.()
        this.#reads.answer(this.#core)
      }
    } catch (error) {
      await this.#failed(error)
    } finally {
      this.#running = false
    }
    this.#reads.end(this.#core, this.#stopped)
    for (const resolve of this.#idle.splice(0)) resolve()
    if (this.#queue.length > 0 && this.#stopped === null) void this.#run()
  }

  async #carryOut(effects: Effects): Promise<void> {
    const { storage, transport } = this.#options
    if (effects.persist.length > 0) await storage.append(effects.persist)
    for (const { origin, updates } of effects.store) await storage.storeUpdates(origin, updates)
    if (effects.install !== null) await this.#install(effects.install)
    if (effects.groupKey !== null) {
      await this.#options.keepKey(effects.groupKey)
      this.#standing.note({ kind: 'groupKey', groupKey: effects.groupKey })
      this.#notify({ kind: 'groupKey' })
    }
    sendOut(transport, effects)
    for (const task of effects.serve) this.#server.serve(task)
    for (const peer of effects.disconnect) transport.disconnect(peer)
    if (effects.deny !== null) transport.deny(effects.deny)
    for (const { ticket, result } of effects.answer) this.#tickets.answer(ticket, result)
    for (const notice of effects.notify) this.#notify(notice)
    this.#backgroundWork.start(effects)
    if (effects.wakeAfterMs !== null) this.#queue.tickAfter(effects.wakeAfterMs)
  }

  async #install({ image, continueAfter }: NonNullable<Effects['install']>): Promise<void> {
    const { storage } = this.#options
    this.#backgroundWork.installing()
    await storage.writeSnapshot({ vector: image.vector, chunks: await snapshotChunksInTurns(image) })
    for (const [origin, sequence] of continueAfter) await storage.continueAfter(origin, sequence)
    this.enqueue({ kind: 'snapshotWritten', vector: image.vector })
  }

  #notify(notice: Notice): void {
    if (notice.kind === 'members') {
      this.#options.transport.know(notice.known)
      this.#members.setMembers(notice.addresses, notice.former)
      this.#noteAddresses()
    }
    if (notice.kind === 'refused' && notice.code === 'RETIRED') this.#options.transport.dismissed(notice.peer)
    if (notice.kind === 'whereabouts') this.#options.transport.hint(notice.addresses)
    if (notice.kind !== 'members' && !isFrequent(notice)) this.#options.logger.info(notice.kind, { ...notice })
    for (const listener of this.#listeners) listener(notice)
  }

  #listener(): TransportListener {
    return {
      connected: (peer) => {
        this.#connected.add(peer)
        this.#noteAddresses()
        this.enqueue({ kind: 'connected', peer })
      },
      addressed: () => this.#noteAddresses(),
      disconnected: (peer) => {
        this.#connected.delete(peer)
        this.#server.forget(peer)
        this.#inbound.forget(peer)
        this.enqueue({ kind: 'disconnected', peer })
      },
      arriving: (peer) => this.enqueue({ kind: 'arriving', peer }),
      message: (peer, frame) => this.#inbound.take(peer, frame),
      gossip: (peer, frame) => this.#inbound.gossip(peer, frame),
      join: (request) => admit(this, request),
      visit: (request) => visit(this, this.#options.clock.nowMs(), request),
      client: (stream) => this.#onClient?.(stream),
    }
  }

  /** The others are told of them. */
  #noteAddresses(): void {
    const learnt = this.#members.noteLinks()
    if (learnt.size > 0) this.enqueue({ kind: 'addresses', addresses: learnt })
  }

  readonly #isHeld = (origin: OriginId, last: Sequence): boolean => this.#core.state.held(origin) > last

  /** A full disk turns the replica read-only and begins anew from what is durable; anything else stops it. */
  async #failed(error: unknown, onFullDisk: 'begin anew' | 'stop' = 'begin anew'): Promise<void> {
    if (this.#stopped !== null) return
    const failure = toFailure(error)
    const stack = error instanceof Error ? error.stack : undefined
    this.#options.logger.error('carrying out a step failed', { ...failure, stack })
    if (failure.code !== 'DISK_FULL' || onFullDisk === 'stop') {
      this.#stopped = failure
      this.#tickets.failAll(failure)
      this.#onFatal?.(failure)
      return
    }
    this.#disk.fill()
    this.#tickets.failAll(diskFullFailure)
    try {
      const paused = this.#core.paused
      const { core, damage } = await recoverCore(this.#options)
      this.#core = core
      this.#queue.clear()
      // What was given while the core was made anew is gone with the queue.
      this.#tickets.failAll(diskFullFailure)
      this.#disconnectAll()
      this.#damaged(damage)
      this.#backgroundWork.understand()
      for (const event of this.#standing.all()) this.enqueue(event)
      this.enqueue({ kind: 'pause', servers: paused })
      this.enqueue({ kind: 'addresses', addresses: this.#members.known() })
    } catch (second) {
      await this.#failed(second, 'stop')
    }
  }

  #damaged(stretches: readonly Damage[]): void {
    for (const damage of stretches) {
      this.#options.logger.warn('a stretch of the log is damaged; it is fetched again from the others', { ...damage })
      this.enqueue({ kind: 'damaged', origin: damage.origin, first: damage.first, last: damage.last })
    }
  }

  /** Each is dialled again, and begins with what it has to tell. */
  #disconnectAll(): void {
    for (const peer of [...this.#connected]) this.#options.transport.disconnect(peer)
  }

  #whenIdle(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve()
  }
}
