import type { EffectsDraft } from './effects.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import { LogDoubts } from './log-doubts.ts'
import type { Identity } from './membership.ts'
import type { OriginId, PeerId, ServerId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type { ForkMessage, KnowledgeMessage } from './model/messages.ts'
import type { SignedEnd } from './model/proofs.ts'
import type { Batch } from './model/updates.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { fitOfHeld, forkedIn } from './state/log-chains.ts'
import { ShownEnds } from './shown-ends.ts'
import { heldFrom } from './version-vector.ts'

/** Who has no state waits so long before it starts over: the others may be about to agree on one log. */
const patienceMs = 3_000
/** What was said of a log is said again after this, if it is still so. */
const againMs = 5_000
/** Who says so again, so long after the first time, has not yielded meanwhile: it would be somebody else by now. */
const insistedMs = 3_000
/** So long one that has to yield itself, to somebody who is here, is given for it. That this one holds the same log is only said. */
const elderPatienceMs = 30_000

/** What has become clear of one log with one peer, while it is connected. */
interface Dispute {
  /** By its origin's own signature: another log than the one held here has its name. */
  isProven: boolean
  /** By what the peer says, where its copy ends. */
  isLikely: boolean
  /** When the peer said first that it holds another one. */
  toldMs: number | null
  /** It goes on saying so, and so it does not yield. */
  isInsisted: boolean
  /** Of the peer's own log, what it has sent. */
  unfitting: Batch | null
  /** Since when the peer would have been yielded to, but for somebody to whom it has to yield itself. */
  waitsMs: number | null
  saidMs: number
}

/**
 * Finds out that two logs go by the name of one origin: a copy of it was restored and written to. Whoever made the log
 * starts over. If it is not there, one of the two that hold it differently does: who took its seat later, whatever the lengths
 * of the logs. But first of all who has no state yet, so that none gives its state up for one that has none.
 *
 * A member's word is enough to look closer, and no more: who has a state starts over only when it has seen, signed by the
 * origin, what is not in the log that it holds. So each tells the other where its own copy ends, with the origin's signature. That
 * cannot be seen where the longer log is discarded up to beyond the shorter one: there it must be signed that the log goes on, and nobody
 * who is here may bring any of it for a while. A state shows that, or the end that a member shows who says that it holds another log.
 */
export class Forks {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  readonly #ends: ShownEnds
  /** It has never yet had a state. */
  isNewcomer: boolean
  #hasForked = false
  /** When a fork was seen first, while there was no state here. */
  #firstSeenMs: number | null = null
  readonly #disputes = new Map<PeerId, Map<OriginId, Dispute>>()
  readonly #doubts: LogDoubts
  /** Members that are here. */
  #here: readonly GreetedPeer[] = []

  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.#ends = new ShownEnds(state)
    this.#doubts = new LogDoubts(state)
    this.isNewcomer = state.seats.isUnknown
  }

  /** Whether this install must start over. */
  get hasForked(): boolean {
    return this.#hasForked
  }

  /**
   * Whether it is not known, of anybody who is here or has a seat, that it holds the same logs: whoever does not is about to start
   * over, and may have to give back anything that it has, so that what others hold by the same names must not count.
   */
  get isInDoubt(): boolean {
    const isDisputed = [...this.#disputes.values()].some((ofPeer) =>
      [...ofPeer.values()].some(({ isProven, isLikely }) => isProven || isLikely),
    )
    return isDisputed || this.#ends.isInDoubt(this.#state.seats.holders().map(({ origin }) => origin))
  }

  /** Servers that are here and show, signed, another log of their own than is held here; ascending. */
  get contradicting(): readonly ServerId[] {
    const shows = ({ peer, origin }: GreetedPeer): boolean => this.#disputes.get(peer)?.get(origin)?.isProven === true
    return this.#here
      .filter(shows)
      .map(({ server }) => server)
      .sort((left, right) => left - right)
  }

  /**
   * Whether this install is about to start over, if nobody brings more of the log that is held here: what it would hand to others
   * meanwhile they would have to give up as well, one after the other.
   */
  get isYielding(): boolean {
    return this.#doubts.isAny(this.#here.every((member) => this.#hasState(member)) ? 'members' : 'newcomers')
  }

  /** Starts over when nobody has brought more of a log for long enough. `members`: those who are here. */
  startOverIfVain(nowMs: number, members: readonly GreetedPeer[], effects: EffectsDraft): void {
    this.#here = members
    const isAnotherHere = (than: PeerId): boolean => members.some((one) => one.peer !== than && this.#hasState(one))
    for (const origin of this.#doubts.inVain(nowMs, isAnotherHere)) this.#startOver(origin, effects)
  }

  /** A member shows where its copy of a log ends. */
  shown(member: OriginId, end: SignedEnd): void {
    this.#ends.shown(member, end)
  }

  /**
   * What a peer holds of an origin must be the beginning of what is held here; if it is more, it is the peer that compares. Who holds
   * less of its own log than is held here is shown that.
   */
  compare(nowMs: number, session: GreetedPeer, message: KnowledgeMessage, effects: EffectsDraft): void {
    const row = message.rows.get(session.origin)
    if (row === undefined) return
    this.#ends.holds(session.origin, row)
    for (const [origin, theirs] of message.hashes) {
      const end = heldFrom(row, origin)
      if (end === 0 || end > this.#state.held(origin)) continue
      const fit = fitOfHeld(this.#state, origin, end, theirs)
      if (fit === 'same') this.#ends.isSame(session.origin, origin)
      const dispute = this.#disputes.get(session.peer)?.get(origin)
      if (dispute !== undefined) dispute.isLikely = false
      if (fit === 'fork') this.#doubt(nowMs, session, origin, effects)
    }
    const { origin: own } = session
    if (heldFrom(row, own) < this.#state.held(own)) this.#say(nowMs, session, own, effects)
  }

  /**
   * Whether what is held here and a peer's image are of the same logs, and it shows by the origins' signatures where those logs go on
   * that are held here in part. Where they are not, a state transfer would hide the fork.
   */
  fits(nowMs: number, session: GreetedPeer | undefined, image: StateImage, effects: EffectsDraft): boolean {
    const forked = forkedIn(image, this.#state)
    for (const origin of forked) {
      if (session === undefined) break
      if (heldFrom(image.vector, origin) > this.#state.held(origin) && image.signatures.has(origin))
        this.#goneOn(nowMs, session, origin, 'a state', effects)
      else this.#doubt(nowMs, session, origin, effects)
    }
    return forked.length === 0 && this.#unproven(image).length === 0
  }

  /** A batch of this peer, signed by its origin, does not follow on what is held. */
  unfitting(nowMs: number, session: GreetedPeer, batch: Batch, effects: EffectsDraft): void {
    const { origin } = batch
    const dispute = this.#dispute(session.peer, origin)
    dispute.isProven = true
    if (origin === session.origin) dispute.unfitting = batch
    this.#settle(nowMs, session, origin, effects)
  }

  /**
   * A peer says that what is held here of `origin` is not what it holds, and shows where its copy ends. Of logs of which nothing is held here
   * nothing can be another one, and it could name as many as it likes.
   */
  heard(nowMs: number, session: GreetedPeer, { origin, end, unfitting }: ForkMessage, effects: EffectsDraft): void {
    if (this.#state.held(origin) === 0 && origin !== this.#identity.origin) return
    const dispute = this.#dispute(session.peer, origin)
    dispute.toldMs ??= nowMs
    if (nowMs - dispute.toldMs >= insistedMs) dispute.isInsisted = true
    if (end?.origin === origin) this.shown(session.origin, end)
    const isOther = end?.origin === origin && (this.#ends.isOther(end) || this.#isOfOwnFork(end, unfitting))
    if (isOther) dispute.isProven = true
    if (dispute.isProven) this.#settle(nowMs, session, origin, effects)
    else if (this.#state.held(origin) > 0) this.#say(nowMs, session, origin, effects)
  }

  /**
   * A peer has discarded what would follow on what is held here. If it has shown that the log goes on, and says that it is another one, that
   * is as much as its state would show, which cannot be had as long as nobody else is here who has one.
   */
  discarded(nowMs: number, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    const isTold = (this.#disputes.get(session.peer)?.get(origin)?.toldMs ?? null) !== null
    if (this.isNewcomer || origin === this.#identity.origin || !isTold) return
    if (this.#ends.isBeyond(session.origin, origin)) this.#goneOn(nowMs, session, origin, 'a word', effects)
  }

  /** This install's log is known, by its own signature, to have gone on, and cannot be taken back batch by batch. */
  cannotReclaim(nowMs: number, session: GreetedPeer, effects: EffectsDraft): void {
    const { origin } = this.#identity
    if (this.#yields(nowMs, session, origin)) this.#startOver(origin, effects)
  }

  disconnected(peer: PeerId): void {
    this.#disputes.delete(peer)
    this.#here = this.#here.filter((member) => member.peer !== peer)
    this.#doubts.disconnected(peer)
  }

  /** Logs of which the image claims more than is held here, and does not show it. What nothing is held of is taken on trust. */
  #unproven({ vector, signatures }: StateImage): readonly OriginId[] {
    return [...this.#state.vector.keys()].filter(
      (origin) => heldFrom(vector, origin) > this.#state.held(origin) && !signatures.has(origin),
    )
  }

  /** Whether this install has signed both, and so two logs. Its own log need not go back so far, as far as it is remembered. */
  #isOfOwnFork({ origin, sequence, hash }: SignedEnd, batch: Batch | undefined): boolean {
    if (origin !== this.#identity.origin || batch?.origin !== origin || batch.last <= sequence) return false
    return batch.first <= sequence || (batch.first === sequence + 1 && batch.previousHash !== hash)
  }

  /** It looks as if this peer held another log of that name. Who has no state has nothing to lose by believing it. */
  #doubt(nowMs: number, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    this.#dispute(session.peer, origin).isLikely = true
    if (this.isNewcomer) this.#settle(nowMs, session, origin, effects)
    else this.#say(nowMs, session, origin, effects)
  }

  /** The log goes on, and not from what is held, if the peer is right. */
  #goneOn(
    nowMs: number,
    session: GreetedPeer,
    origin: OriginId,
    by: 'a state' | 'a word',
    effects: EffectsDraft,
  ): void {
    if (this.#yields(nowMs, session, origin)) this.#doubts.raise(nowMs, session.peer, origin, by)
    this.#doubt(nowMs, session, origin, effects)
  }

  #settle(nowMs: number, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    const yields = !this.#isBorneOut(session, origin) && this.#yields(nowMs, session, origin)
    if (yields) this.#startOver(origin, effects)
    else this.#say(nowMs, session, origin, effects)
  }

  #yields(nowMs: number, session: GreetedPeer, origin: OriginId): boolean {
    const { seats } = this.#state
    const founder = seats.founder()
    if (this.#isItsOwnToGiveUp(session, origin)) return false
    if (this.isNewcomer || founder === null) {
      this.#firstSeenMs ??= nowMs
      return nowMs - this.#firstSeenMs >= patienceMs
    }
    if (!this.#hasState(session)) return false
    if (origin === this.#identity.origin) return true
    if (session.origin === origin || this.#isOldCopy(session) || !this.#isElder(session, origin)) return false
    return !this.#yieldsToAnother(session, origin) || this.#hasWaited(nowMs, session, origin)
  }

  /**
   * Whether the peer shows another log of its own than is held here and by somebody else who is here: it is an old copy, and starts over itself, or it
   * is not honest, and would show every newcomer another one.
   */
  #isItsOwnToGiveUp({ peer, origin }: GreetedPeer, disputed: OriginId): boolean {
    if (origin !== disputed) return false
    return this.#here.some((member) => member.peer !== peer && this.#holdsTheSame(member, disputed))
  }

  /**
   * Whether the log that is held here is disputed by no more than a word, and is this install's own, or somebody else is here who holds it,
   * too: a member that says what is not so could have whoever comes in start over again and again.
   */
  #isBorneOut({ peer }: GreetedPeer, disputed: OriginId): boolean {
    if (this.#dispute(peer, disputed).isProven) return false
    if (disputed === this.#identity.origin) return true
    return this.#here.some((member) => member.peer !== peer && this.#holdsTheSame(member, disputed))
  }

  /** As is held here, for all that is known. */
  #holdsTheSame(member: GreetedPeer, origin: OriginId): boolean {
    return (
      heldFrom(this.#matrix.row(member.origin), origin) >= this.#state.held(origin) &&
      this.#isUndisputed(member, origin)
    )
  }

  /** Whether somebody is here who holds the same log as is held here, for all that is known, and to whom the peer has to yield itself. */
  #yieldsToAnother({ origin: theirs, peer }: GreetedPeer, disputed: OriginId): boolean {
    const { seats } = this.#state
    return this.#here.some((member) => {
      if (member.peer === peer || !this.#holdsTheSame(member, disputed) || seats.claimOf(theirs) === undefined)
        return false
      return seats.claimOf(member.origin) !== undefined && seats.isElder(member.origin, theirs)
    })
  }

  #hasWaited(nowMs: number, { peer }: GreetedPeer, origin: OriginId): boolean {
    const dispute = this.#dispute(peer, origin)
    dispute.waitsMs ??= nowMs
    return nowMs - dispute.waitsMs >= elderPatienceMs
  }

  #isUndisputed({ peer }: GreetedPeer, origin: OriginId): boolean {
    const dispute = this.#disputes.get(peer)?.get(origin)
    return dispute === undefined || !(dispute.isProven || dispute.isLikely || dispute.toldMs !== null)
  }

  /** Who has not got the log with which the group began has not got a state either: it would be nobody's. */
  #hasState({ origin }: GreetedPeer): boolean {
    const founder = this.#state.seats.founder()
    return founder !== null && heldFrom(this.#matrix.row(origin), founder) > 0
  }

  /** Whether what the peer holds of its own log is behind, or another one: it takes its log back, or starts over itself. */
  #isOldCopy({ origin, peer }: GreetedPeer): boolean {
    return heldFrom(this.#matrix.row(origin), origin) < this.#state.held(origin) || this.#dispute(peer, origin).isProven
  }

  /** Whether the peer took its seat before this install did. Who knows both claims decides; else the names of the two do. */
  #isElder({ origin: theirs, peer }: GreetedPeer, disputed: OriginId): boolean {
    const { origin: own } = this.#identity
    if (this.#state.seats.claimOf(theirs) !== undefined) return this.#state.seats.isElder(theirs, own)
    const isKnownThere = heldFrom(this.#matrix.row(theirs), own) > 0
    return isKnownThere ? this.#dispute(peer, disputed).isInsisted : theirs < own
  }

  #dispute(peer: PeerId, origin: OriginId): Dispute {
    const ofPeer = this.#disputes.get(peer) ?? new Map<OriginId, Dispute>()
    this.#disputes.set(peer, ofPeer)
    const dispute = ofPeer.get(origin) ?? {
      isProven: false,
      isLikely: false,
      toldMs: null,
      isInsisted: false,
      unfitting: null,
      waitsMs: null,
      saidMs: -Infinity,
    }
    ofPeer.set(origin, dispute)
    return dispute
  }

  /** Shows the peer where this copy of the log ends. */
  #say(nowMs: number, { peer }: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    const dispute = this.#dispute(peer, origin)
    if (nowMs - dispute.saidMs < againMs) return
    dispute.saidMs = nowMs
    const { unfitting } = dispute
    effects.send.push({
      to: peer,
      message: { kind: 'fork', origin, end: this.#state.endOf(origin), ...(unfitting === null ? {} : { unfitting }) },
      urgency: 'ordinary',
    })
  }

  #startOver(origin: OriginId, effects: EffectsDraft): void {
    if (this.#hasForked) return
    this.#hasForked = true
    effects.notify.push({ kind: 'forked', origin })
  }
}
