import { AntiEntropy } from './anti-entropy.ts'
import { Compaction } from './compaction.ts'
import type { CoreEvent, Effects, EffectsDraft } from './effects.ts'
import { noEffects } from './effects.ts'
import { HybridClock } from './hybrid-clock.ts'
import { KnowledgeMatrix } from './knowledge.ts'
import { LogIntake } from './log-intake.ts'
import type { Identity } from './membership.ts'
import { Membership } from './membership.ts'
import type { Hash, OriginId, PeerId, Sequence, ServerId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type {
  BatchesMessage,
  HelloMessage,
  KnowledgeMessage,
  KnowledgeRows,
  MailsMessage,
  Message,
  VersionVector,
} from './model/messages.ts'
import type { Batch, MakeBatch } from './model/updates.ts'
import type { PeerSession, View } from './peers.ts'
import { Repairs } from './repairs.ts'
import { Spreading } from './spreading.ts'
import { GroupState } from './state/group-state.ts'
import type { TransferStep } from './state-transfer.ts'
import { StateTransfer } from './state-transfer.ts'
import { heldFrom } from './version-vector.ts'
import type { Hindrance } from './write-desk.ts'
import { noteMails, WriteDesk } from './write-desk.ts'

/** Pure functions that the core is given: encoding, hashing and signing are not its business. */
export interface CorePorts {
  readonly makeBatch: MakeBatch
  /** Chain value before an origin's first update. */
  readonly firstHash: (origin: OriginId) => Hash
}

/** What a start finds in storage. */
export interface RecoveredState {
  readonly image: StateImage | null
  readonly suffix: readonly Batch[]
  /** Highest sequence of which a trace was found, per origin. */
  readonly highest: VersionVector
}

/** A view change means a merge may be going on for this long: what is missing is then asked for at once. */
const mergeMs = 1_000

/**
 * One replica, pure: events in, effects out. Same events in the same order give the same effects. What a
 * step changes in here may be seen from outside only when the step's effects have been carried out.
 */
export class ReplicaCore {
  readonly identity: Identity
  readonly state = new GroupState()
  readonly matrix = new KnowledgeMatrix()
  readonly #clock = new HybridClock()
  readonly #intake: LogIntake
  readonly #desk: WriteDesk
  readonly #membership: Membership
  readonly #antiEntropy = new AntiEntropy()
  readonly #transfer = new StateTransfer()
  readonly #repairs = new Repairs()
  readonly #spreading = new Spreading()
  readonly #compaction: Compaction
  #toJoin: StateImage | null = null
  /** The own log is taken back from others up to here: they, or traces on disk, know of it. */
  #reclaimTo: Sequence = 0
  #forked = false
  #lastUpdateMs = 0
  #mergeUntilMs = 0

  constructor(identity: Identity, ports: CorePorts, recovered: RecoveredState) {
    this.identity = identity
    if (recovered.image !== null) this.state.join(recovered.image)
    this.#compaction = new Compaction(new Map(this.state.vector))
    for (const batch of recovered.suffix) this.state.applyBatch(batch)
    this.#intake = new LogIntake(this.state, ports.firstHash)
    this.#desk = new WriteDesk(identity, this.state, this.#clock, this.#intake, ports.makeBatch)
    this.#membership = new Membership(identity, this.state, this.matrix)
    this.#reclaimTo = heldFrom(recovered.highest, identity.origin)
    this.#restoreClock()
  }

  get view(): View {
    return this.#membership.peers.view
  }

  get paused(): readonly ServerId[] {
    return this.#membership.paused
  }

  /** Where members can be dialled, as far as is known. */
  get addresses(): Membership['addresses'] {
    return this.#membership.addresses
  }

  get peers(): Membership['peers'] {
    return this.#membership.peers
  }

  /** Mails whose content is being fetched again. */
  get repairing(): number {
    return this.#repairs.size
  }

  get transferringFrom(): PeerId | null {
    return this.#transfer.peer
  }

  get hindrance(): Hindrance {
    if (this.#forked) return 'forked'
    return this.#held < this.#reclaimTo ? 'reclaiming' : null
  }

  /** What every seat in use holds durably. */
  get stable(): VersionVector {
    this.matrix.mergeRow(this.identity.origin, this.state.vector)
    return this.matrix.stable(this.state.seats.holders().map((claim) => claim.origin))
  }

  /** Servers whose present install holds this update durably, as far as is known here, ascending. */
  holdersOf(origin: OriginId, sequence: Sequence): readonly ServerId[] {
    const rows = this.rows()
    const holds = (holder: OriginId): boolean => heldFrom(rows.get(holder) ?? new Map(), origin) >= sequence
    return this.state.seats.holders().flatMap((claim) => (holds(claim.origin) ? [claim.server] : []))
  }

  /** Per install what it is known to hold; our own row is exactly what we hold. */
  rows(): KnowledgeRows {
    return this.#membership.rows()
  }

  isLive(origin: OriginId, sequence: Sequence): boolean {
    return this.state.mails.has(origin, sequence)
  }

  /** Handles events that came together; their effects are carried out together. */
  step(nowMs: number, events: readonly CoreEvent[]): Effects {
    const effects = noEffects()
    for (const event of events) this.#handle(nowMs, event, effects)
    if (this.hindrance === null && this.#desk.queued > 0) this.#desk.release(nowMs, effects)
    const fresh = this.#desk.commit(effects)
    if (effects.persist.length > 0) this.#lastUpdateMs = nowMs
    this.#spreading.spread(
      nowMs,
      fresh,
      this.peers.allGreeted().map((session) => session.peer),
      effects,
    )
    this.#join(nowMs, effects)
    this.#askForMissing(nowMs, effects)
    this.#maintain(nowMs, effects)
    const view = this.view.number
    this.#membership.conclude(
      nowMs,
      microsOf(nowMs),
      this.#intake.headHash(this.identity.origin),
      () => this.rows(),
      effects,
    )
    if (this.view.number !== view) this.#mergeUntilMs = nowMs + mergeMs
    return effects
  }

  get #held(): Sequence {
    return this.state.held(this.identity.origin)
  }

  #handle(nowMs: number, event: CoreEvent, effects: EffectsDraft): void {
    switch (event.kind) {
      case 'tick':
        this.#abandon(this.#transfer.abandonIfStalled(nowMs), effects)
        break
      case 'connected':
        this.peers.connected(event.peer)
        this.#send(event.peer, this.#membership.hello(microsOf(nowMs), this.rows()), effects)
        break
      case 'disconnected':
        this.#disconnected(event.peer, effects)
        break
      case 'message':
        this.#message(nowMs, event.peer, event.message, effects)
        break
      case 'gossip':
        for (const batch of event.batches) this.#receive(nowMs, batch, effects)
        break
      case 'command':
        this.#desk.take(nowMs, event, this.hindrance, effects)
        break
      case 'pause':
        this.#membership.pause(event.servers)
        break
      case 'resume':
        this.#membership.resume(event.servers)
        break
      case 'online':
        this.#membership.setOnline(event.accounts)
        break
      case 'addresses':
        this.#membership.setAddresses(event.addresses)
        break
      case 'imageDecoded':
        if (event.image === null) this.#abandon(this.#transfer.abandon(), effects)
        else
          this.#proceed(event.peer, this.#transfer.decoded(nowMs, event.peer, event.image, this.state.vector), effects)
        break
      case 'mailsMissing':
        this.#proceed(this.#transfer.peer, this.#transfer.missing(nowMs, event.mails), effects)
        break
      case 'damaged':
        this.#damaged(event.origin, event.first, event.last)
        break
      case 'snapshotWritten':
        this.#compaction.snapshotWritten(event.vector)
        break
      case 'compacted':
        this.#compaction.compacted()
        break
    }
  }

  #message(nowMs: number, peer: PeerId, message: Message, effects: EffectsDraft): void {
    const session = this.peers.get(peer)
    if (session === undefined) return
    if (message.kind === 'hello') {
      this.#hello(nowMs, session, message, effects)
      return
    }
    if (message.kind === 'refusal') {
      effects.notify.push({ kind: 'refused', peer, message: message.failure.message })
      return
    }
    if (this.peers.greeted(peer) === undefined) return
    switch (message.kind) {
      case 'knowledge':
        this.#knowledge(nowMs, session, message, effects)
        break
      case 'request':
        effects.serve.push({ peer, request: message, held: this.state.held(message.origin) })
        break
      case 'stateRequest':
      case 'mailRequest':
        effects.serve.push({ peer, request: message })
        break
      case 'batches':
        this.#batches(nowMs, peer, message, effects)
        break
      case 'discarded':
        if (!this.#antiEntropy.isWaitingFor(peer, message.id)) break
        this.#antiEntropy.answered(nowMs, peer, message.id, 'none')
        if (this.#transfer.peer === null) this.#beginTransfer(nowMs, peer, effects)
        break
      case 'stateChunk':
        this.#proceed(peer, this.#transfer.chunk(nowMs, peer, message), effects)
        break
      case 'mails':
        this.#mails(nowMs, peer, message, effects)
        break
    }
  }

  #hello(nowMs: number, session: PeerSession, hello: HelloMessage, effects: EffectsDraft): void {
    const refusal = this.#membership.refuses(session, hello)
    if (refusal !== null) {
      if (refusal !== 'paused')
        this.#send(session.peer, { kind: 'refusal', failure: { code: 'NOT_ADMITTED', message: refusal } }, effects)
      effects.disconnect.push(session.peer)
      return
    }
    this.#membership.accept(session, hello, nowMs)
    this.#learn(hello.rows)
    this.#mergeUntilMs = nowMs + mergeMs
  }

  #knowledge(nowMs: number, session: PeerSession, message: KnowledgeMessage, effects: EffectsDraft): void {
    this.#membership.heard(session, message, nowMs)
    this.#learn(message.rows)
    const { origin } = session
    if (origin === null) return
    const told = heldFrom(message.rows.get(origin) ?? new Map(), origin)
    if (told > 0 && told === this.state.held(origin) && message.lastHash !== this.state.lastHash(origin))
      this.#fork(origin, effects)
  }

  /** Merges rows. Our own row is what we hold, whatever others say; if they know more of our own log than we do, we take it back. */
  #learn(rows: KnowledgeRows): void {
    for (const [holder, row] of rows) {
      if (holder === this.identity.origin) continue
      this.matrix.mergeRow(holder, row)
      const known = heldFrom(row, this.identity.origin)
      if (known > this.#held) this.#reclaimTo = Math.max(this.#reclaimTo, known)
    }
  }

  #batches(nowMs: number, peer: PeerId, message: BatchesMessage, effects: EffectsDraft): void {
    const session = this.peers.greeted(peer)
    let progress: 'some' | 'none' = 'none'
    for (const batch of message.batches) {
      if (this.#receive(nowMs, batch, effects)) progress = 'some'
      if (session !== undefined) this.matrix.raise(session.origin, batch.origin, batch.last)
    }
    if (message.id !== 0) this.#antiEntropy.answered(nowMs, peer, message.id, progress)
  }

  /** Whether the batch (and those that waited for it) brought anything new. */
  #receive(nowMs: number, batch: Batch, effects: EffectsDraft): boolean {
    const intake = this.#intake.judge(batch)
    if (batch.origin !== this.identity.origin) this.matrix.raise(batch.origin, batch.origin, batch.last)
    switch (intake) {
      case 'duplicate':
        return false
      case 'early':
        this.#intake.keepEarly(batch)
        return false
      case 'fork':
        this.#fork(batch.origin, effects)
        return false
      case 'accepted':
        break
    }
    for (let next: Batch | null = batch; next !== null; next = this.#nextEarly(batch.origin)) {
      this.state.applyBatch(next)
      effects.persist.push(next)
      noteMails(next, effects)
      const last = next.updates.at(-1)
      if (last !== undefined) this.#clock.observe(last.clock, nowMs)
    }
    return true
  }

  #nextEarly(origin: OriginId): Batch | null {
    const next = this.#intake.takeNext(origin)
    return next !== null && this.#intake.judge(next) === 'accepted' ? next : null
  }

  #fork(origin: OriginId, effects: EffectsDraft): void {
    effects.notify.push({ kind: 'forked', origin })
    if (origin === this.identity.origin) this.#forked = true
  }

  #mails(nowMs: number, peer: PeerId, message: MailsMessage, effects: EffectsDraft): void {
    const isTransfer = this.#transfer.isWaitingFor(peer, message)
    if (!isTransfer && !this.#repairs.isWaitingFor(peer, message)) return
    if (message.updates.length > 0) effects.store.push({ origin: message.origin, updates: message.updates })
    if (isTransfer) this.#proceed(peer, this.#transfer.mails(nowMs, message), effects)
    else this.#repairs.mails(message)
  }

  #beginTransfer(nowMs: number, peer: PeerId, effects: EffectsDraft): void {
    effects.notify.push({ kind: 'transfer', phase: 'begun', peer })
    this.#proceed(peer, this.#transfer.begin(nowMs, peer), effects)
  }

  #proceed(peer: PeerId | null, step: TransferStep, effects: EffectsDraft): void {
    if (peer === null) return
    for (const message of step.ask) this.#send(peer, message, effects)
    for (const { origin, sequences } of step.absent) this.#repairs.want(origin, sequences)
    if (step.decode !== null) effects.decodeImage = { peer, chunks: step.decode }
    if (step.findMissing !== null) effects.findMissing = step.findMissing
    if (step.complete === null) return
    this.#toJoin = step.complete
    effects.notify.push({ kind: 'transfer', phase: 'done', peer })
  }

  /** Last in a step, so that nothing is appended between the image that is written and the logs that go on after it. */
  #join(nowMs: number, effects: EffectsDraft): void {
    const image = this.#toJoin
    if (image === null) return
    this.#toJoin = null
    const continueAfter = new Map<OriginId, Sequence>()
    for (const [origin, sequence] of image.vector)
      if (sequence > this.state.held(origin)) continueAfter.set(origin, sequence)
    this.state.join(image)
    this.#antiEntropy.forgive()
    this.#clock.observe(this.state.newestClock, nowMs)
    this.#lastUpdateMs = nowMs
    effects.install = { image: this.state.image(), continueAfter }
  }

  #abandon(peer: PeerId | null, effects: EffectsDraft): void {
    if (peer !== null) effects.notify.push({ kind: 'transfer', phase: 'abandoned', peer })
  }

  #disconnected(peer: PeerId, effects: EffectsDraft): void {
    this.peers.disconnected(peer)
    this.#antiEntropy.disconnected(peer)
    this.#repairs.disconnected(peer)
    if (this.#transfer.peer === peer) this.#abandon(this.#transfer.abandon(), effects)
  }

  #damaged(origin: OriginId, first: Sequence, last: Sequence): void {
    const live: Sequence[] = []
    for (let sequence = first; sequence <= last; sequence += 1) if (this.isLive(origin, sequence)) live.push(sequence)
    this.#repairs.want(origin, live)
  }

  #askForMissing(nowMs: number, effects: EffectsDraft): void {
    const greeted = this.peers.allGreeted()
    const holders = greeted.map(({ peer, origin }) => ({ peer, origin, row: this.matrix.row(origin) }))
    const haste = nowMs < this.#mergeUntilMs ? 'merge' : 'ordinary'
    for (const { to, message } of this.#antiEntropy.plan(nowMs, this.state.vector, holders, haste))
      this.#send(to, message, effects)
    const peers = greeted.map((session) => session.peer)
    for (const { to, message } of this.#repairs.plan(nowMs, peers, (origin, sequence) => this.isLive(origin, sequence)))
      this.#send(to, message, effects)
    this.#endVainReclaim()
  }

  /** Traces of own updates that nobody has: when every seat in use is here and none of them knows more, there is nothing to take back. */
  #endVainReclaim(): void {
    if (this.hindrance !== 'reclaiming') return
    const others = this.state.seats.holders().filter((claim) => claim.origin !== this.identity.origin)
    const here = new Set(this.peers.allGreeted().map((session) => session.origin))
    const known = Math.max(0, ...others.map((claim) => heldFrom(this.matrix.row(claim.origin), this.identity.origin)))
    if (known <= this.#held && others.every((claim) => here.has(claim.origin))) this.#reclaimTo = this.#held
  }

  #maintain(nowMs: number, effects: EffectsDraft): void {
    const plan = this.#compaction.plan(
      this.state.vector,
      this.stable,
      this.state.mails.size,
      nowMs - this.#lastUpdateMs,
    )
    effects.snapshot = plan.snapshot
    effects.compact = plan.compact
  }

  #send(to: PeerId, message: Message, effects: EffectsDraft): void {
    effects.send.push({ to, message, urgency: 'ordinary' })
  }

  /** Own values of the past stand, wherever the wall clock is now. */
  #restoreClock(): void {
    const { origin } = this.identity
    for (const claim of this.state.seats.claims()) if (claim.origin === origin) this.#clock.restore(claim.clock)
    this.#clock.restore(this.state.mails.newestClock(origin))
  }
}

/** What we tell others of our wall clock. */
const microsOf = (nowMs: number): number => nowMs * 1_000
