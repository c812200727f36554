import { AntiEntropy } from './anti-entropy.ts'
import { CatchingUp } from './catching-up.ts'
import { Compaction } from './compaction.ts'
import { Correspondence } from './correspondence.ts'
import { type CoreEvent, type Effects, type EffectsDraft, noEffects } from './effects.ts'
import { Forks } from './forks.ts'
import { HybridClock } from './hybrid-clock.ts'
import { KeyKeeper } from './key-keeper.ts'
import { KnowledgeMatrix } from './knowledge.ts'
import { LogIntake } from './log-intake.ts'
import { type Identity, Membership } from './membership.ts'
import { msToClock } from './model/clock.ts'
import type { AccountId, Clock, Hash, OriginId, PeerId, Sequence, ServerId, SessionId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type { KnowledgeRows, VersionVector } from './model/messages.ts'
import type { LogInVerdict } from './model/session-place.ts'
import type { Batch, MakeBatch, Update } from './model/updates.ts'
import type { View } from './peers.ts'
import { OwnStanding } from './own-standing.ts'
import { RetiredPeers } from './retired-peers.ts'
import { Reception } from './reception.ts'
import { Readiness } from './readiness.ts'
import { Reclaiming } from './reclaiming.ts'
import { Spreading } from './spreading.ts'
import { GroupState } from './state/group-state.ts'
import type { OriginOf } from './state/seat-table.ts'
import { type CoreTuning, usualCore } from './tuning.ts'
import { MergeTime, type Moment, SteadyTime } from './moment.ts'
import { type Hindrance, WriteDesk } from './write-desk.ts'

/** Pure functions that the core is given: encoding, hashing and signing are not its business. */
export interface CorePorts {
  readonly makeBatch: MakeBatch
  /** Chain value before an origin's first update. */
  readonly firstHash: (origin: OriginId) => Hash
  readonly originOf: OriginOf
}

/** What a start finds in storage. */
export interface RecoveredState {
  readonly image: StateImage | null
  readonly suffix: readonly Batch[]
  /** Highest sequence of which a trace was found, per origin. */
  readonly highest: VersionVector
  /** Of whose logs there is something, not covered by the image, that the disk fails to read now and may read another time. */
  readonly unread?: ReadonlySet<OriginId>
}

/** Whether a snapshot or a compaction is due is looked at so often at most: it means comparing all vectors. */
const maintainEveryMs = 50

/**
 * One replica, pure: events in, effects out. Same events in the same order give the same effects. What a
 * step changes in here may be seen from outside only when the step's effects have been carried out.
 */
export class ReplicaCore {
  readonly identity: Identity
  readonly state: GroupState
  readonly matrix = new KnowledgeMatrix()
  readonly #clock = new HybridClock()
  readonly #intake: LogIntake
  readonly #reception: Reception
  readonly #desk: WriteDesk
  readonly #membership: Membership
  readonly forks: Forks
  readonly #keys = new KeyKeeper()
  readonly #retiredPeers: RetiredPeers
  readonly #antiEntropy = new AntiEntropy()
  readonly #catchingUp: CatchingUp
  readonly #spreading: Spreading
  readonly #compaction: Compaction
  readonly #reclaiming: Reclaiming
  readonly #readiness: Readiness
  readonly ownStanding: OwnStanding
  readonly #correspondence: Correspondence
  #hasToldRetired = false
  #lastUpdateMs = 0
  #maintainedMs = -Infinity
  readonly #mergeTime = new MergeTime()
  readonly #steady = new SteadyTime()
  #hasStepped = false

  constructor(identity: Identity, ports: CorePorts, recovered: RecoveredState, tuning: CoreTuning = usualCore) {
    this.identity = identity
    this.state = new GroupState(ports.originOf)
    if (recovered.image !== null) this.state.join(recovered.image)
    this.#compaction = new Compaction(new Map(this.state.vector), tuning.compaction)
    this.#spreading = new Spreading(tuning.gathering)
    for (const batch of recovered.suffix) this.state.applyBatch(batch)
    this.#intake = new LogIntake(this.state, ports.firstHash)
    this.#reception = new Reception(identity, this.state, this.matrix, this.#clock, this.#intake)
    this.#catchingUp = new CatchingUp(identity, this.state, this.#clock)
    this.forks = new Forks(identity, this.state, this.matrix)
    this.#retiredPeers = new RetiredPeers(this.state, this.matrix)
    this.#membership = new Membership(identity, this.state, this.matrix)
    const [{ peers }, clock, intake] = [this.#membership, this.#clock, this.#intake]
    this.#desk = new WriteDesk({ identity, state: this.state, clock, peers, intake, makeBatch: ports.makeBatch })
    this.#reclaiming = new Reclaiming(identity, this.state, this.matrix, recovered)
    const [antiEntropy, catchingUp] = [this.#antiEntropy, this.#catchingUp]
    const { state, matrix } = this
    this.#readiness = new Readiness({ identity, state, matrix, membership: this.#membership, antiEntropy, catchingUp })
    this.ownStanding = new OwnStanding(identity, state)
    this.#correspondence = new Correspondence({
      ...{ identity, state, matrix, antiEntropy, catchingUp },
      membership: this.#membership,
      reception: this.#reception,
      forks: this.forks,
      keys: this.#keys,
      retiredPeers: this.#retiredPeers,
      ownStanding: this.ownStanding,
      reclaiming: this.#reclaiming,
      readiness: this.#readiness,
      spreading: this.#spreading,
      mergeTime: this.#mergeTime,
    })
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
    return this.#membership.sessions.judge(account, session, offered, msToClock(this.peers.agreedMs(wallMs)))
  }

  get peers(): Membership['peers'] {
    return this.#membership.peers
  }

  /** Mails whose content is being fetched again. */
  get repairing(): number {
    return this.#catchingUp.repairing
  }

  /** What is being fetched again, per origin. */
  get wanted(): ReadonlyMap<OriginId, ReadonlySet<Sequence>> {
    return this.#catchingUp.wanted
  }

  get transferringFrom(): PeerId | null {
    return this.#catchingUp.transferringFrom
  }

  /** States that came here and had something left out, or that nobody could confirm. */
  get doubtful(): CatchingUp['doubtful'] {
    return this.#catchingUp.doubtful
  }

  get hindrance(): Hindrance {
    if (this.isRetired) return 'retired'
    if (this.forks.hasForked) return 'forked'
    return this.#reclaiming.isUnderWay ? 'reclaiming' : null
  }

  /** See `OwnStanding.isRetired`. */
  get isRetired(): boolean {
    return this.ownStanding.isRetired
  }

  /** Another install has this one's seat: it claimed it earlier, on the other side of a partition. */
  get hasLostSeat(): boolean {
    const { seats } = this.state
    const { origin, server } = this.identity
    return !this.isRetired && seats.claimOf(origin) !== undefined && seats.holder(server)?.origin !== origin
  }

  /** Whether so much comes, as of the last step, that those of the others may wait for each other for a moment. */
  get isRush(): boolean {
    return this.#spreading.isRush
  }

  get syncIntervalMs(): number {
    return this.#membership.syncIntervalMs
  }

  /** When each server was last heard, in milliseconds since 1970. */
  get seenMs(): Membership['seenMs'] {
    return this.#membership.seenMs
  }

  /** See `Readiness.isCaughtUp`. */
  get isCaughtUp(): boolean {
    return this.#readiness.isCaughtUp
  }

  /** See `Readiness.isStranded`. */
  get isStranded(): boolean {
    return this.#readiness.isStranded
  }

  /** Whether it is this install then that takes up a copy; see `Membership.isFirstToTakeUp`. */
  get isFirstToTakeUp(): boolean {
    return this.#membership.isFirstToTakeUp
  }

  /** What every seat in use holds durably; nothing while it is in doubt which those are (to a newcomer), or whose logs they hold. */
  get stable(): VersionVector {
    if (this.state.seats.group === null || this.forks.isInDoubt) return new Map()
    return this.#membership.agreed.stable(this.identity.origin)
  }

  /** Servers whose present install holds this update durably, as far as is known here, ascending. */
  holdersOf(origin: OriginId, sequence: Sequence): readonly ServerId[] {
    return this.#membership.holdersOf(origin, sequence, (peer) => this.#catchingUp.lacks(peer, origin, sequence))
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
    this.#begin(now)
    for (const event of events) this.#handle(now, event, effects)
    if (this.hindrance === null && this.#desk.queued > 0) this.#desk.release(wallMs, effects)
    const fresh = this.#desk.commit(effects)
    if (effects.persist.length > 0) this.#lastUpdateMs = now.steadyMs
    this.#spreading.spread(now.steadyMs, fresh, () => this.#membership.audience(now.steadyMs), effects)
    this.forks.startOverIfVain(now.steadyMs, this.#correspondence.members(), effects)
    this.#catchingUp.confirm(now.steadyMs, this.#correspondence.sources(), effects)
    if (this.#catchingUp.join(wallMs, (peer, image) => this.#fits(now, peer, image, effects), effects)) {
      this.#clock.restore(this.state.newestClockOf(this.identity.origin))
      this.#antiEntropy.forgive()
      this.#readiness.joined()
      this.#lastUpdateMs = now.steadyMs
    } else this.#catchingUp.learn(effects)
    // What was damaged when it was to be understood, and is whole again. What was joined is read again when it is stored.
    for (const { updates } of effects.install === null ? effects.store : []) this.#understand(updates, effects)
    this.#askForMissing(now.steadyMs, effects)
    this.#retiredPeers.dismiss(this.peers.allGreeted(), effects)
    if (this.ownStanding.isRetiredItself && !this.#hasToldRetired) {
      this.#hasToldRetired = true
      effects.notify.push({ kind: 'retired' })
    }
    this.#maintain(now.steadyMs, effects)
    const addresses = this.#membership.takeAddressNews()
    if (addresses.size > 0) this.#correspondence.greetAgain(wallMs, addresses, effects)
    const view = this.view.number
    this.#correspondence.conclude(now, effects)
    if (this.view.number !== view) this.#mergeTime.begin(now.steadyMs)
    return effects
  }

  /** What a start found was seen by people here: what they write now comes after it. */
  #begin({ wallMs, steadyMs }: Moment): void {
    if (this.#hasStepped) return
    this.#hasStepped = true
    this.#clock.observe(this.state.newestClock, wallMs)
    // A start is no quiet hour: people wait for their first page, and a snapshot would hold it up.
    this.#lastUpdateMs = steadyMs
  }

  #handle(now: Moment, event: CoreEvent, effects: EffectsDraft): void {
    switch (event.kind) {
      case 'tick':
        this.#catchingUp.tick(now.steadyMs, effects)
        break
      case 'connected':
        this.#correspondence.connected(now.wallMs, event.peer, effects)
        break
      case 'disconnected':
        this.#disconnected(event.peer, effects)
        break
      case 'message':
        this.#correspondence.message(now, event.peer, event.message, effects)
        break
      case 'arriving':
        this.#correspondence.arriving(now, event.peer)
        break
      case 'gossip':
        this.#correspondence.gossip(now, event.batches, effects)
        break
      case 'handedIn':
        for (const batch of event.batches) this.#reception.receive(now.wallMs, batch, effects)
        break
      case 'aside':
        this.#membership.aside = event.updates
        break
      case 'copies':
        this.#correspondence.copies(event)
        break
      case 'mend':
        this.#catchingUp.mend(event.origin, event.updates, effects)
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
        this.#decoded(now, event, effects)
        break
      case 'mailsMissing':
        this.#catchingUp.missing(now.steadyMs, event, effects)
        break
      case 'damaged':
        this.#catchingUp.damaged(event.origin, event.first, event.last)
        break
      case 'groupKey':
        this.#keys.begin(now.steadyMs, event.groupKey, msToClock(now.wallMs))
        break
      case 'rotateKey':
        this.#correspondence.rotateKey(now, event.key, effects)
        break
      case 'wasRetired':
        this.ownStanding.isSaidRetired = true
        break
      case 'syncInterval':
        this.#membership.syncIntervalMs = event.intervalMs
        break
      case 'understood':
        this.#understand(event.updates, effects)
        break
      case 'snapshotWritten':
        this.#compaction.snapshotWritten(event.vector, event.chars)
        break
      case 'compacted':
        this.#compaction.compacted()
        break
    }
  }

  #understand(updates: readonly Update[], effects: EffectsDraft): void {
    if (this.#reception.understand(updates, effects)) this.#compaction.understood()
  }

  #decoded(now: Moment, { peer, image }: Extract<CoreEvent, { kind: 'imageDecoded' }>, effects: EffectsDraft): void {
    const isOfOurs = image !== null && this.#fits(now, peer, image, effects)
    this.#catchingUp.decoded(now.steadyMs, peer, isOfOurs ? image : null, effects)
  }

  #fits({ steadyMs }: Moment, peer: PeerId, image: StateImage, effects: EffectsDraft): boolean {
    return this.forks.fits(steadyMs, this.peers.greeted(peer), image, effects)
  }

  #disconnected(peer: PeerId, effects: EffectsDraft): void {
    this.peers.disconnected(peer)
    this.#antiEntropy.disconnected(peer)
    this.forks.disconnected(peer)
    this.#catchingUp.disconnected(peer, effects)
  }

  #askForMissing(nowMs: number, effects: EffectsDraft): void {
    const greeted = this.peers.allGreeted()
    const holders = this.#correspondence.holders(nowMs)
    const haste = this.#mergeTime.hasteAt(nowMs)
    for (const { to, message } of this.#antiEntropy.plan(nowMs, this.state.vector, holders, haste))
      effects.send.push({ to, message, urgency: 'ordinary' })
    const peers = greeted.map((session) => session.peer)
    this.#catchingUp.repair(nowMs, peers, effects)
    if (this.hindrance === 'reclaiming')
      this.#reclaiming.endIfVain(nowMs, greeted, this.transferringFrom === null ? 'idle' : 'transferring')
  }

  #maintain(nowMs: number, effects: EffectsDraft): void {
    if (this.state.executions.isFull && this.#readiness.hasAllNames) this.state.forgetCommands(this.stable)
    // What is about to start over keeps what only it may have.
    if (this.forks.hasForked || nowMs - this.#maintainedMs < maintainEveryMs) return
    this.#maintainedMs = nowMs
    const { isFetching } = this.#antiEntropy
    const pace = { nowMs, idleMs: nowMs - this.#lastUpdateMs, isRush: this.isRush, isFetching }
    const plan = this.#compaction.plan(this.state.vector, this.stable, this.state.mails.size, pace)
    ;({ snapshot: effects.snapshot, compact: effects.compact } = plan)
  }
}
