import { AntiEntropy } from './anti-entropy.ts'
import { CatchingUp } from './catching-up.ts'
import type { CompactionTuning } from './compaction.ts'
import { Compaction, usualTuning } from './compaction.ts'
import type { CoreEvent, Effects, EffectsDraft } from './effects.ts'
import { noEffects } from './effects.ts'
import { Forks } from './forks.ts'
import { HybridClock } from './hybrid-clock.ts'
import { KeyKeeper } from './key-keeper.ts'
import { KnowledgeMatrix } from './knowledge.ts'
import { LogIntake } from './log-intake.ts'
import type { Identity } from './membership.ts'
import { Membership } from './membership.ts'
import type { AccountId, Clock, Hash, OriginId, PeerId, Sequence, ServerId, SessionId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type {
  BatchesMessage,
  HelloMessage,
  KnowledgeMessage,
  KnowledgeRows,
  Message,
  VersionVector,
} from './model/messages.ts'
import type { LogInVerdict } from './model/session-place.ts'
import type { Batch, MakeBatch } from './model/updates.ts'
import type { GreetedPeer, PeerSession, View } from './peers.ts'
import { RetiredPeers, sendAway } from './retired-peers.ts'
import { Reception } from './reception.ts'
import { Spreading } from './spreading.ts'
import { GroupState } from './state/group-state.ts'
import { covers, heldFrom } from './version-vector.ts'
import type { Moment } from './moment.ts'
import { SteadyTime } from './moment.ts'
import type { Hindrance } from './write-desk.ts'
import { WriteDesk } from './write-desk.ts'

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
  readonly #reception: Reception
  readonly #desk: WriteDesk
  readonly #membership: Membership
  readonly #forks: Forks
  readonly #keys = new KeyKeeper()
  readonly #retiredPeers: RetiredPeers
  readonly #antiEntropy = new AntiEntropy()
  readonly #catchingUp: CatchingUp
  readonly #spreading = new Spreading()
  readonly #compaction: Compaction
  /** The own log is taken back from others up to here: they, or traces on disk, know of it. */
  #reclaimTo: Sequence = 0
  /** A member said so, before the update that says so came. */
  #isSaidRetired = false
  #hasToldRetired = false
  #lastUpdateMs = 0
  #mergeUntilMs = 0
  readonly #steady = new SteadyTime()
  #hasStepped = false

  constructor(identity: Identity, ports: CorePorts, recovered: RecoveredState, tuning: CompactionTuning = usualTuning) {
    this.identity = identity
    if (recovered.image !== null) this.state.join(recovered.image)
    this.#compaction = new Compaction(new Map(this.state.vector), tuning)
    for (const batch of recovered.suffix) this.state.applyBatch(batch)
    this.#intake = new LogIntake(this.state, ports.firstHash)
    this.#reception = new Reception(identity, this.state, this.matrix, this.#clock, this.#intake)
    this.#catchingUp = new CatchingUp(this.state, this.#clock)
    this.#desk = new WriteDesk(identity, this.state, this.#clock, this.#intake, ports.makeBatch)
    this.#forks = new Forks(identity, this.state)
    this.#retiredPeers = new RetiredPeers(this.state, this.matrix)
    this.#membership = new Membership(identity, this.state, this.matrix)
    this.#reclaimTo = heldFrom(recovered.highest, identity.origin)
    // Own values of the past stand, wherever the wall clock is now.
    this.#clock.restore(this.state.newestClockOf(identity.origin))
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

  /** At which servers each account is logged in now. */
  get online(): ReturnType<Membership['online']> {
    return this.#membership.online()
  }

  /** What becomes of a log-in now; see `Sessions.judge`. */
  judgeLogIn(account: AccountId, session: SessionId, offered: Clock | null, wallMs: number): LogInVerdict {
    return this.#membership.sessions.judge(account, session, offered, Math.max(this.#clock.last, microsOf(wallMs)))
  }

  get peers(): Membership['peers'] {
    return this.#membership.peers
  }

  /** Mails whose content is being fetched again. */
  get repairing(): number {
    return this.#catchingUp.repairing
  }

  get transferringFrom(): PeerId | null {
    return this.#catchingUp.transferringFrom
  }

  get hindrance(): Hindrance {
    if (this.isRetired) return 'retired'
    if (this.#forks.hasForked) return 'forked'
    return this.#held < this.#reclaimTo ? 'reclaiming' : null
  }

  /** The others have retired this install. */
  get isRetired(): boolean {
    return this.#isSaidRetired || this.state.seats.isRetired(this.identity.origin)
  }

  /** Another install has this one's seat: it claimed it earlier, on the other side of a partition. */
  get hasLostSeat(): boolean {
    const { origin, server } = this.identity
    const holder = this.state.seats.holder(server)
    return !this.isRetired && this.state.seats.claimOf(origin) !== undefined && holder?.origin !== origin
  }

  get syncIntervalMs(): number {
    return this.#membership.syncIntervalMs
  }

  /** When each server was last heard, in milliseconds since 1970. */
  get seenMs(): Membership['seenMs'] {
    return this.#membership.seenMs
  }

  /** Whether all that the reachable others are known to hold is held here too; false when there is nobody. */
  get isCaughtUp(): boolean {
    const greeted = this.peers.allGreeted()
    if (greeted.length === 0 || this.transferringFrom !== null || this.state.seats.group === null) return false
    return greeted.every(({ origin }) => covers(this.state.vector, this.matrix.row(origin)))
  }

  /** What every seat in use holds durably. */
  get stable(): VersionVector {
    this.matrix.mergeRow(this.identity.origin, this.state.vector)
    return this.matrix.stable(this.#holders)
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

  /** Whether the log has to keep this update's bytes. */
  isLive(origin: OriginId, sequence: Sequence): boolean {
    return this.state.live.has(origin, sequence)
  }

  /** Handles events that came together; their effects are carried out together. `wallMs` is what the machine's clock says. */
  step(wallMs: number, events: readonly CoreEvent[]): Effects {
    const now = this.#steady.at(wallMs)
    const effects = noEffects()
    this.#observeRecovered(wallMs)
    for (const event of events) this.#handle(now, event, effects)
    if (this.hindrance === null && this.#desk.queued > 0) this.#desk.release(wallMs, effects)
    const fresh = this.#desk.commit(effects)
    if (effects.persist.length > 0) this.#lastUpdateMs = now.steadyMs
    this.#spreading.spread(
      now.steadyMs,
      fresh,
      this.peers.allGreeted(),
      this.#holders.filter((holder) => holder !== this.identity.origin),
      effects,
    )
    if (this.#catchingUp.join(wallMs, effects)) {
      this.#clock.restore(this.state.newestClockOf(this.identity.origin))
      this.#antiEntropy.forgive()
      this.#lastUpdateMs = now.steadyMs
    }
    this.#askForMissing(now.steadyMs, effects)
    this.#retiredPeers.dismiss(this.peers.allGreeted(), effects)
    if (this.isRetired && !this.#hasToldRetired) {
      this.#hasToldRetired = true
      effects.notify.push({ kind: 'retired' })
    }
    this.#maintain(now.steadyMs, effects)
    if (this.#membership.takeAddressNews()) this.#greetAgain(wallMs, effects)
    const view = this.view.number
    this.#membership.conclude(now.steadyMs, microsOf(wallMs), () => this.rows(), effects)
    if (this.view.number !== view) this.#mergeUntilMs = now.steadyMs + mergeMs
    return effects
  }

  /** What a start found was seen by people here: what they write now comes after it. */
  #observeRecovered(wallMs: number): void {
    if (!this.#hasStepped) this.#clock.observe(this.state.newestClock, wallMs)
    this.#hasStepped = true
  }

  /** The installs of the seats in use. */
  get #holders(): readonly OriginId[] {
    return this.state.seats.holders().map((claim) => claim.origin)
  }

  get #held(): Sequence {
    return this.state.held(this.identity.origin)
  }

  #handle(now: Moment, event: CoreEvent, effects: EffectsDraft): void {
    switch (event.kind) {
      case 'tick':
        this.#catchingUp.tick(now.steadyMs, effects)
        break
      case 'connected':
        this.peers.connected(event.peer)
        this.#send(event.peer, this.#ownHello(now.wallMs), effects)
        break
      case 'disconnected':
        this.#disconnected(event.peer, effects)
        break
      case 'message':
        this.#message(now, event.peer, event.message, effects)
        break
      case 'gossip':
        for (const batch of event.batches) this.#reception.receive(now.wallMs, batch, effects)
        break
      case 'command':
        this.#desk.take(now.wallMs, event, this.hindrance, effects)
        break
      case 'pause':
        this.#membership.pause(event.servers)
        break
      case 'resume':
        this.#membership.resume(event.servers)
        break
      case 'sessions':
        this.#membership.setSessions(event.sessions)
        break
      case 'addresses':
        this.#membership.setAddresses(event.addresses)
        break
      case 'imageDecoded':
        this.#catchingUp.decoded(now.steadyMs, event.peer, event.image, effects)
        break
      case 'mailsMissing':
        this.#catchingUp.missing(now.steadyMs, event, effects)
        break
      case 'damaged':
        this.#catchingUp.damaged(event.origin, event.first, event.last)
        break
      case 'groupKey':
        this.#keys.begin(event.groupKey)
        break
      case 'rotateKey':
        this.#keys.adopt({ key: event.key, madeAt: this.#clock.next(now.wallMs) }, this.#members(), effects)
        break
      case 'wasRetired':
        this.#isSaidRetired = true
        break
      case 'syncInterval':
        this.#membership.syncIntervalMs = event.intervalMs
        break
      case 'snapshotWritten':
        this.#compaction.snapshotWritten(event.vector)
        break
      case 'compacted':
        this.#compaction.compacted()
        break
    }
  }

  #message(now: Moment, peer: PeerId, message: Message, effects: EffectsDraft): void {
    const session = this.peers.get(peer)
    if (session === undefined) return
    if (message.kind === 'hello') {
      this.#hello(now, session, message, effects)
      return
    }
    if (message.kind === 'refusal') {
      effects.notify.push({ kind: 'refused', peer, message: message.failure.message })
      if (message.failure.code === 'RETIRED' && this.state.seats.isAdmitted(peer)) this.#isSaidRetired = true
      return
    }
    const greeted = this.peers.greeted(peer)
    if (greeted !== undefined) this.#memberMessage(now, greeted, message, effects)
  }

  #memberMessage(
    now: Moment,
    session: GreetedPeer,
    message: Exclude<Message, { kind: 'hello' | 'refusal' }>,
    effects: EffectsDraft,
  ): void {
    const { peer } = session
    switch (message.kind) {
      case 'knowledge':
        this.#knowledge(now, session, message, effects)
        break
      case 'request':
        if (this.#isServed(session))
          effects.serve.push({ peer, request: message, held: this.state.held(message.origin) })
        break
      case 'stateRequest':
      case 'mailRequest':
        if (this.#isServed(session)) effects.serve.push({ peer, request: message })
        break
      case 'batches':
        this.#batches(now, session, message, effects)
        break
      case 'discarded':
        if (!this.#antiEntropy.isWaitingFor(peer, message.id)) break
        this.#antiEntropy.answered(now.steadyMs, peer, message.id, 'none')
        this.#catchingUp.begin(now.steadyMs, peer, effects)
        break
      case 'stateChunk':
        this.#catchingUp.chunk(now.steadyMs, peer, message, effects)
        break
      case 'mails':
        this.#catchingUp.mails(now.steadyMs, peer, message, effects)
        break
      case 'fork':
        this.#forks.heard(message.origin, effects)
        break
      case 'groupKey':
        if (this.#retiredPeers.has(session.origin)) break
        this.#keys.heard(session, message)
        this.#keys.adopt({ key: message.key, madeAt: message.madeAt }, this.#members(), effects)
        break
    }
  }

  /** Retired machines hand over what they have, and get nothing. */
  #isServed(session: GreetedPeer): boolean {
    return !this.#retiredPeers.has(session.origin)
  }

  #members(): readonly GreetedPeer[] {
    return this.peers.allGreeted().filter((session) => this.#isServed(session))
  }

  #hello(now: Moment, session: PeerSession, hello: HelloMessage, effects: EffectsDraft): void {
    const refusal = this.#membership.refuses(session, hello)
    if (refusal !== null) {
      if (refusal !== 'paused')
        this.#send(session.peer, { kind: 'refusal', failure: { code: 'NOT_ADMITTED', message: refusal } }, effects)
      effects.disconnect.push(session.peer)
      return
    }
    if (this.#retiredPeers.isNeedless(hello)) {
      sendAway(session.peer, effects)
      return
    }
    this.#membership.accept(session, hello, now.wallMs)
    this.#learn(now, hello.rows, effects)
    const member = this.peers.greeted(session.peer)
    if (member !== undefined && this.#isServed(member)) this.#keys.greeted(member, effects)
    this.#mergeUntilMs = now.steadyMs + mergeMs
  }

  #ownHello(wallMs: number): HelloMessage {
    return this.#membership.hello(microsOf(wallMs), this.rows(), this.#keys.madeAt)
  }

  /** Two that joined at the same time learn of each other's addresses only from those that know both by now. */
  #greetAgain(wallMs: number, effects: EffectsDraft): void {
    const hello = this.#ownHello(wallMs)
    for (const { peer } of this.peers.allGreeted()) this.#send(peer, hello, effects)
  }

  #knowledge(now: Moment, session: GreetedPeer, message: KnowledgeMessage, effects: EffectsDraft): void {
    this.#membership.heard(session, message, now.wallMs)
    this.#learn(now, message.rows, effects)
    this.#forks.compare(session, message, effects)
  }

  /** Merges rows. Our own row is what we hold, whatever others say; if they know more of our own log than we do, we take it back. */
  #learn(now: Moment, rows: KnowledgeRows, effects: EffectsDraft): void {
    let isNews = false
    for (const [holder, row] of rows) {
      if (holder === this.identity.origin) continue
      if (this.matrix.mergeRow(holder, row)) {
        this.#spreading.heardOf(holder, now.steadyMs)
        isNews = true
      }
      const known = heldFrom(row, this.identity.origin)
      if (known > this.#held) this.#reclaimTo = Math.max(this.#reclaimTo, known)
    }
    if (isNews) effects.notify.push({ kind: 'knowledge' })
  }

  #batches(now: Moment, session: GreetedPeer, message: BatchesMessage, effects: EffectsDraft): void {
    const { peer } = session
    let progress: 'some' | 'none' = 'none'
    for (const batch of message.batches) {
      const outcome = this.#reception.receive(now.wallMs, batch, effects)
      if (outcome === 'some') progress = 'some'
      // What was asked for was to follow on what is held; what comes unasked may be late.
      if (outcome === 'fork' && this.#antiEntropy.isWaitingFor(peer, message.id))
        this.#forks.unfitting(session, batch.origin, effects)
      this.matrix.raise(session.origin, batch.origin, batch.last)
    }
    if (message.id !== 0) this.#antiEntropy.answered(now.steadyMs, peer, message.id, progress)
  }

  #disconnected(peer: PeerId, effects: EffectsDraft): void {
    this.peers.disconnected(peer)
    this.#antiEntropy.disconnected(peer)
    this.#forks.disconnected(peer)
    this.#catchingUp.disconnected(peer, effects)
  }

  #askForMissing(nowMs: number, effects: EffectsDraft): void {
    const greeted = this.peers.allGreeted()
    const holders = greeted.map(({ peer, origin }) => ({ peer, origin, row: this.matrix.row(origin) }))
    const haste = nowMs < this.#mergeUntilMs ? 'merge' : 'ordinary'
    for (const { to, message } of this.#antiEntropy.plan(nowMs, this.state.vector, holders, haste))
      this.#send(to, message, effects)
    const peers = greeted.map((session) => session.peer)
    this.#catchingUp.repair(nowMs, peers, effects)
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
    if (this.state.executions.isFull && this.#holdsAllKnown()) this.state.executions.forget(this.stable)
    // What is about to start over keeps what only it may have.
    if (this.#forks.hasForked) return
    const plan = this.#compaction.plan(
      this.state.vector,
      this.stable,
      this.state.mails.size,
      nowMs - this.#lastUpdateMs,
    )
    effects.snapshot = plan.snapshot
    effects.compact = plan.compact
  }

  /** Whether nothing is known to exist that is not here. */
  #holdsAllKnown(): boolean {
    return this.state.seats.holders().every(({ origin }) => covers(this.state.vector, this.matrix.row(origin)))
  }

  #send(to: PeerId, message: Message, effects: EffectsDraft): void {
    effects.send.push({ to, message, urgency: 'ordinary' })
  }
}

/** What we tell others of our wall clock. */
const microsOf = (wallMs: number): number => wallMs * 1_000
