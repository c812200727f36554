import type { AntiEntropy, Holder } from './anti-entropy.ts'
import type { CatchingUp } from './catching-up.ts'
import { retiredBefore, tellsOfOwnLog } from './door.ts'
import type { CoreEvent, EffectsDraft } from './effects.ts'
import type { Forks } from './forks.ts'
import { FormerForks } from './former-forks.ts'
import { isCredible, type KeyKeeper } from './key-keeper.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity, Membership } from './membership.ts'
import { msToClock } from './model/clock.ts'
import type { Clock, OriginId, PeerId } from './model/ids.ts'
import type {
  BatchesMessage,
  HelloMessage,
  KnowledgeMessage,
  KnowledgeRows,
  Message,
  RefusalMessage,
  VersionVector,
} from './model/messages.ts'
import type { Batch } from './model/updates.ts'
import type { MergeTime, Moment } from './moment.ts'
import type { OwnStanding } from './own-standing.ts'
import type { GreetedPeer, PeerSession } from './peers.ts'
import type { Readiness } from './readiness.ts'
import type { Reception } from './reception.ts'
import type { Reclaiming } from './reclaiming.ts'
import type { RetiredPeers } from './retired-peers.ts'
import type { Member } from './second-opinion.ts'
import type { Spreading } from './spreading.ts'
import type { GroupState } from './state/group-state.ts'

/** What messages of the others concern. */
export interface CorrespondenceParts {
  readonly identity: Identity
  readonly state: GroupState
  readonly matrix: KnowledgeMatrix
  readonly membership: Membership
  readonly reception: Reception
  readonly forks: Forks
  readonly keys: KeyKeeper
  readonly retiredPeers: RetiredPeers
  readonly ownStanding: OwnStanding
  readonly reclaiming: Reclaiming
  readonly antiEntropy: AntiEntropy
  readonly catchingUp: CatchingUp
  readonly readiness: Readiness
  readonly spreading: Spreading
  readonly mergeTime: MergeTime
}

/** Greets the others and takes their messages: who may say what, and which part each message is for. */
export class Correspondence {
  readonly #parts: CorrespondenceParts
  readonly #formerForks = new FormerForks()

  constructor(parts: CorrespondenceParts) {
    this.#parts = parts
    parts.antiEntropy.isNewcomer = !parts.readiness.hasState
  }

  /**
   * Anybody with the group's key can connect. So who is not known to be a member hears at first only who we are, and what proves it: that is
   * all that either side needs in order to let the other in.
   */
  connected(wallMs: number, peer: PeerId, effects: EffectsDraft): void {
    const session = this.#peers.connected(peer)
    const { identity, state } = this.#parts
    const ownLog = new Map([[identity.origin, state.held(identity.origin)]])
    if (state.seats.isMember(peer)) this.#welcome(wallMs, session, effects)
    else this.#greet(wallMs, session, new Map([[identity.origin, ownLog]]), new Map(), effects)
  }

  #welcome(wallMs: number, session: PeerSession, effects: EffectsDraft): void {
    const { membership } = this.#parts
    session.isWelcome = true
    this.#greet(wallMs, session, membership.toldRows(), new Map(membership.addresses), effects)
  }

  #greet(
    wallMs: number,
    { peer }: PeerSession,
    rows: KnowledgeRows,
    addresses: HelloMessage['addresses'],
    effects: EffectsDraft,
  ): void {
    const { membership, keys } = this.#parts
    const hello = membership.hello(msToClock(wallMs), rows, addresses, keys.toldMadeAt)
    this.#send(peer, this.#helloTo(peer, hello), effects)
  }

  message(now: Moment, peer: PeerId, message: Message, effects: EffectsDraft): void {
    const session = this.#peers.get(peer)
    if (session === undefined) return
    if (message.kind === 'hello') {
      this.#hello(now, session, message, effects)
      return
    }
    if (message.kind === 'refusal') {
      effects.notify.push({ kind: 'refused', peer, ...message.failure })
      this.#refused(session, message)
      return
    }
    const greeted = this.#peers.greeted(peer)
    if (greeted !== undefined) this.#memberMessage(now, greeted, message, effects)
  }

  #refused(session: PeerSession, message: RefusalMessage): void {
    const { state, ownStanding } = this.#parts
    if (!state.seats.isAdmitted(session.peer) && this.#peers.greeted(session.peer) === undefined) return
    if (message.failure.code === 'RETIRED') ownStanding.retired(session, message)
    if (message.failure.code === 'NOT_ADMITTED') ownStanding.notAdmitted(session)
  }

  /** What every step ends with; see `Membership.conclude`. */
  conclude({ steadyMs, wallMs }: Moment, effects: EffectsDraft): void {
    const { membership, forks, keys, readiness, catchingUp, state, matrix, antiEntropy } = this.#parts
    readiness.note(steadyMs)
    forks.isNewcomer = !readiness.hasState
    antiEntropy.isNewcomer = !readiness.hasState
    if (readiness.hasState) catchingUp.beginWithState()
    membership.tellsAll = readiness.hasState && !forks.isYielding
    membership.conclude(steadyMs, msToClock(wallMs), effects)
    // Behind what cuts off those who may have a former key alone: that a key is handed on is no new one.
    const rowOf = (holder: OriginId): VersionVector | null =>
      state.seats.isShutOut(holder) ? null : matrix.row(holder)
    const comes = !readiness.hasState || readiness.copies === 'waiting'
    const holdings = { state: comes ? 'coming' : 'here', own: state.vector, row: rowOf } as const
    keys.handOn(steadyMs, this.members(), holdings, effects)
  }

  /** Something long comes from this peer that is not whole yet: what was asked of it is not asked of others meanwhile. */
  arriving({ steadyMs }: Moment, peer: PeerId): void {
    this.#parts.antiEntropy.arriving(steadyMs, peer)
    this.#parts.catchingUp.arriving(steadyMs, peer)
  }

  gossip(now: Moment, batches: readonly Batch[], effects: EffectsDraft): void {
    this.#parts.spreading.arrived(now.steadyMs, batches)
    for (const batch of batches)
      if (!this.#isAwaited(now.steadyMs, batch.origin)) this.#parts.reception.gossip(now.wallMs, batch, effects)
  }

  #memberMessage(
    now: Moment,
    session: GreetedPeer,
    message: Exclude<Message, { kind: 'hello' | 'refusal' }>,
    effects: EffectsDraft,
  ): void {
    const { peer } = session
    this.#parts.ownStanding.admitted(peer)
    switch (message.kind) {
      case 'knowledge':
        this.#knowledge(now, session, message, effects)
        break
      case 'request':
        if (this.#isServed(session))
          effects.serve.push({ peer, request: message, held: this.#parts.state.held(message.origin) })
        break
      case 'stateRequest':
      case 'mailRequest':
        if (this.#isServed(session)) effects.serve.push({ peer, request: message })
        break
      case 'batches':
        this.#batches(now, session, message, effects)
        break
      case 'discarded':
        if (!this.#parts.antiEntropy.isWaitingFor(peer, message.id)) break
        this.#parts.antiEntropy.answered(now.steadyMs, peer, message.id, 'discarded')
        this.#catchUp(now, session, message.origin, effects)
        break
      case 'stateChunk':
        this.#parts.catchingUp.chunk(now.steadyMs, peer, message, effects)
        break
      case 'mails':
        this.#parts.catchingUp.mails(now.steadyMs, peer, message, effects)
        break
      case 'fork':
        if (message.end !== null) this.#parts.reclaiming.shown(message.end)
        this.#parts.forks.heard(now.steadyMs, session, message, effects)
        break
      case 'groupKey':
        if (this.#parts.retiredPeers.has(session)) break
        if (!isCredible(message, this.#latestClock(now))) break
        this.#parts.keys.heard(session, message)
        this.#parts.keys.adopt(now.steadyMs, session.origin, message, effects)
        break
    }
  }

  /**
   * A state brings no chain that would show whether it goes on from what is held here. So an old copy starts over instead of
   * taking its own log back by one, and gives back what only it has; and of whatever log something is held, all that have
   * more of it are asked for its batches first.
   */
  #catchUp(now: Moment, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    const { forks, reclaiming, catchingUp, antiEntropy, state, matrix } = this.#parts
    if (this.#isAwaited(now.steadyMs, session.origin)) return
    if (reclaiming.isOfOldCopy) {
      forks.cannotReclaim(now.steadyMs, session, effects)
      return
    }
    const held = state.held(origin)
    const holders = this.#peers.allGreeted().map((of) => ({ ...of, row: matrix.row(of.origin) }))
    if (held > 0 && antiEntropy.canBeAsked(now.steadyMs, origin, held, holders)) return
    forks.discarded(now.steadyMs, session, origin, effects)
    catchingUp.begin(now.steadyMs, session, this.sources(), effects)
  }

  /** Retired machines hand over what they have, and get nothing. */
  #isServed(session: PeerSession): boolean {
    return !this.#parts.retiredPeers.has(session)
  }

  rotateKey(now: Moment, key: string, effects: EffectsDraft): void {
    this.#parts.keys.rotate(key, this.#agreedClock(now), effects)
  }

  #agreedClock({ wallMs }: Moment): Clock {
    return msToClock(this.#parts.membership.peers.agreedMs(wallMs))
  }

  /** A member whose clock is years behind must not keep anybody from a new key. */
  #latestClock(now: Moment): Clock {
    return Math.max(msToClock(now.wallMs), this.#agreedClock(now))
  }

  members(): readonly GreetedPeer[] {
    return this.#parts.membership.served()
  }

  /** Of whom something can be asked, and what each is known to hold, but for a log that is to come from others than whose it is. */
  holders(nowMs: number): readonly Holder[] {
    return this.#peers.allGreeted().map(({ peer, origin }) => {
      const row = this.#parts.matrix.row(origin)
      if (!this.#isAwaited(nowMs, origin)) return { peer, origin, row }
      return { peer, origin, row: new Map([...row].filter(([of]) => of !== origin)) }
    })
  }

  copies({ are, forked = [] }: Extract<CoreEvent, { kind: 'copies' }>): void {
    this.#parts.readiness.copies = are
    this.#formerForks.note(forked)
  }

  /** Those members, and what each is known to hold. */
  sources(): readonly Member[] {
    const { matrix } = this.#parts
    return this.members().map(({ peer, origin, server }) => ({ peer, origin, server, row: matrix.row(origin) }))
  }

  #hello(now: Moment, session: PeerSession, hello: HelloMessage, effects: EffectsDraft): void {
    const refusal = this.#parts.membership.refuses(session, hello)
    const { retiredPeers, state } = this.#parts
    if (refusal !== null) {
      const retired = refusal === 'paused' ? null : retiredBefore(state.seats, session, hello)
      if (retired !== null) retiredPeers.sendAway(session.peer, retired, effects)
      else {
        if (refusal !== 'paused') this.#send(session.peer, notAdmitted(refusal), effects)
        effects.disconnect.push(session.peer)
      }
      return
    }
    const hasToldAll = !tellsOfOwnLog(hello)
    if (retiredPeers.isShutOut(hello) || (hasToldAll && retiredPeers.isNeedless(session.peer, hello))) {
      retiredPeers.sendAway(session.peer, hello.origin, effects)
      return
    }
    if (session.origin === null) this.#parts.membership.agreed.greeted(hello.origin)
    this.#parts.membership.accept(session, hello, now.wallMs)
    session.hasToldAll ||= hasToldAll
    if (!session.isWelcome && this.#isServed(session)) this.#welcome(now.wallMs, session, effects)
    if (hello.end !== null) {
      this.#parts.reclaiming.shown(hello.end)
      this.#parts.forks.shown(hello.origin, hello.end)
    }
    this.#learn(now, hello.origin, hello.rows, effects)
    const member = this.#peers.greeted(session.peer)
    if (member !== undefined && this.#isServed(member)) this.#parts.keys.greeted(member, effects)
    this.#parts.mergeTime.begin(now.steadyMs)
  }

  /**
   * Two that joined at the same time learn of each other's addresses only from those that know both by now. The first hello has
   * told the rest, so that a newcomer to a large group does not have everybody tell everybody all that there is.
   */
  greetAgain(wallMs: number, addresses: HelloMessage['addresses'], effects: EffectsDraft): void {
    const { identity, membership } = this.#parts
    const rows = new Map([[identity.origin, membership.toldRow()]])
    const welcome = this.#peers.allConnected().filter((session) => session.isWelcome && this.#isServed(session))
    for (const session of welcome) this.#greet(wallMs, session, rows, addresses, effects)
  }

  /** Who was restored from an old copy learns at once how far its own log went, before it writes. */
  #helloTo(peer: PeerId, hello: HelloMessage): HelloMessage {
    const { state } = this.#parts
    const claim = state.seats.claims().find((known) => known.peer === peer)
    return claim === undefined ? hello : { ...hello, end: state.endOf(claim.origin) }
  }

  #knowledge(now: Moment, session: GreetedPeer, message: KnowledgeMessage, effects: EffectsDraft): void {
    session.hasToldAll = true
    // Nobody's log-in ends because a retired machine says that there is another one.
    const sessions = this.#isServed(session) ? message.sessions : []
    this.#parts.membership.heard(session, { ...message, sessions }, now.wallMs)
    this.#parts.membership.agreed.showed(session.origin, message)
    this.#learn(now, session.origin, message.rows, effects)
    this.#parts.forks.compare(now.steadyMs, session, message, effects)
  }

  /**
   * Takes rows in. Our own row is what we hold, whatever others say, and that of who is connected is what it says itself. A member could
   * make up ever more installs that hold something, and claim seats for them: beyond a number only those count that have a seat.
   */
  #learn(now: Moment, teller: OriginId, rows: KnowledgeRows, effects: EffectsDraft): void {
    const { identity, matrix, membership, state } = this.#parts
    const connected = new Set(this.#peers.allGreeted().map(({ origin }) => origin))
    const holders = new Set(state.seats.holders().map(({ origin }) => origin))
    let isNews = false
    for (const [holder, row] of rows) {
      if (holder === identity.origin) continue
      if (holder !== teller && connected.has(holder)) continue
      if (holder !== teller && matrix.isFull && !holders.has(holder)) continue
      if (holder !== teller) membership.agreed.told(teller, holder, row)
      if (holder === teller ? matrix.setRow(holder, row) : matrix.mergeRow(holder, row)) {
        this.#parts.spreading.heardOf(holder, now.steadyMs)
        isNews = true
      }
    }
    if (isNews) effects.notify.push({ kind: 'knowledge' })
  }

  #batches(now: Moment, session: GreetedPeer, message: BatchesMessage, effects: EffectsDraft): void {
    const { peer } = session
    if (message.id === 0) this.#parts.spreading.arrived(now.steadyMs, message.batches)
    let progress: 'some' | 'none' = 'none'
    for (const batch of message.batches) {
      if (message.id === 0 && this.#isToComeFromOthers(now, session, batch)) continue
      const outcome = this.#parts.reception.receive(now.wallMs, batch, effects)
      if (outcome === 'some') progress = 'some'
      // What was asked for was to follow on what is held; what comes unasked may be late.
      if (outcome === 'fork' && this.#parts.antiEntropy.isWaitingFor(peer, message.id))
        this.#parts.forks.unfitting(now.steadyMs, session, batch, effects)
      if (outcome !== 'full') this.#parts.matrix.raise(session.origin, batch.origin, batch.last)
    }
    if (message.id !== 0) this.#parts.antiEntropy.answered(now.steadyMs, peer, message.id, progress)
  }

  /** A newcomer takes the beginning of a log from others than whose log it is, as far as they have it; see `AntiEntropy`. */
  #isToComeFromOthers({ steadyMs }: Moment, { origin }: GreetedPeer, batch: Batch): boolean {
    const { forks, state, matrix } = this.#parts
    if (!forks.isNewcomer || batch.origin !== origin || state.held(origin) > 0) return false
    if (this.#isAwaited(steadyMs, origin)) return true
    return this.#peers.allGreeted().some((other) => other.origin !== origin && matrix.row(other.origin).has(origin))
  }

  /** Whether this log, of which there is nothing here yet, is waited for from others than its owner; see `FormerForks`. */
  #isAwaited(nowMs: number, origin: OriginId): boolean {
    const { forks, state } = this.#parts
    return forks.isNewcomer && state.held(origin) === 0 && this.#formerForks.isAwaited(nowMs, origin)
  }

  #send(to: PeerId, message: Message, effects: EffectsDraft): void {
    effects.send.push({ to, message, urgency: 'ordinary' })
  }

  get #peers(): Membership['peers'] {
    return this.#parts.membership.peers
  }
}

const notAdmitted = (message: string): RefusalMessage => ({
  kind: 'refusal',
  failure: { code: 'NOT_ADMITTED', message },
  retirement: null,
})
