import { newIn, stillNew } from './brought.ts'
import type { Effects, EffectsDraft, MailSearch, Opinion } from './effects.ts'
import type { HybridClock } from './hybrid-clock.ts'
import type { Identity } from './membership.ts'
import type { OriginId, PeerId, Sequence } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type { MailsMessage, StateChunkMessage } from './model/messages.ts'
import type { Update } from './model/updates.ts'
import { Repairs } from './repairs.ts'
import type { Member, Source } from './second-opinion.ts'
import { SecondOpinion } from './second-opinion.ts'
import type { GroupState } from './state/group-state.ts'
import { isContentIn } from './state/left-out.ts'
import type { TransferStep } from './state-transfer.ts'
import type { Witness } from './testimonies.ts'
import { Testimonies } from './testimonies.ts'
import { StateTransfer } from './state-transfer.ts'

/** So long somebody else's state is taken, if there is one, when somebody's did not come to its end. */
const avoidMs = 30_000

/** An image whose mails are all stored. */
interface ReceivedImage {
  readonly image: StateImage
  readonly witnesses: readonly Witness[]
  readonly peer: PeerId
}

/** What anti-entropy cannot bring: a state transfer when the log is discarded, and single live updates that are damaged here. */
export class CatchingUp {
  readonly #self: PeerId
  readonly #state: GroupState
  readonly #clock: HybridClock
  readonly #transfer = new StateTransfer()
  readonly #opinion: SecondOpinion
  readonly #testimonies = new Testimonies()
  readonly #repairs = new Repairs()
  readonly #doubtful = new Map<string, Opinion>()
  /** Who did not go on with its state, or showed none that can be read, on its present connection; and when. */
  readonly #stalled = new Map<PeerId, number>()
  #source: Source | null = null
  /** Of the state that waits to be joined: live only then. */
  #absent: TransferStep['absent'] = []
  #toJoin: ReceivedImage | null = null
  /** Contents that came in this step. */
  #contents: Effects['store'][number][] = []

  constructor(identity: Identity, state: GroupState, clock: HybridClock) {
    this.#self = identity.peer
    this.#state = state
    this.#clock = clock
    this.#opinion = new SecondOpinion(identity, state)
  }

  /** From now on there is a state here, which those of others could spoil. */
  beginWithState(): void {
    this.#opinion.isNewcomer = false
  }

  /** How many mails are being fetched again. */
  get repairing(): number {
    return this.#repairs.size
  }

  /** Whether this member has not got the content, although it holds the update: what is damaged here, and whoever was asked for it in vain. */
  lacks(peer: PeerId, origin: OriginId, sequence: Sequence): boolean {
    if (!this.#repairs.wants(origin, sequence)) return false
    return peer === this.#self || this.#repairs.isMissedBy(peer, origin, sequence)
  }

  /** What is being fetched again, per origin. */
  get wanted(): ReadonlyMap<OriginId, ReadonlySet<Sequence>> {
    return this.#repairs.wanted
  }

  get transferringFrom(): PeerId | null {
    return this.#transfer.peer ?? this.#opinion.source
  }

  /** States that came here and had something left out, or that nobody could confirm. */
  get doubtful(): readonly Opinion[] {
    return [...this.#doubtful.values()]
  }

  /** Whether this peer has begun to show its state, and did not go on. */
  hasStalled(peer: PeerId): boolean {
    return this.#stalled.has(peer)
  }

  /** Begins a state transfer unless one is under way, or what it brings is to wait for somebody who can confirm it. */
  begin(nowMs: number, source: Source, members: readonly Member[], effects: EffectsDraft): void {
    const isFree = this.transferringFrom === null && !this.#isAvoided(nowMs, source, members)
    if (isFree && this.#opinion.isWorthIt(source, members)) this.#copy(nowMs, source, effects)
  }

  chunk(nowMs: number, peer: PeerId, message: StateChunkMessage, effects: EffectsDraft): void {
    const isOpinion = this.#opinion.isAskedOf(peer)
    const part = isOpinion ? this.#opinion : this.#transfer
    this.#proceed(nowMs, peer, part.chunk(nowMs, peer, message), effects)
  }

  /** The image that was asked to be decoded; null when it was not valid. */
  decoded(nowMs: number, peer: PeerId, image: StateImage | null, effects: EffectsDraft): void {
    if (this.#opinion.isAskedOf(peer)) send(peer, this.#opinion.decoded(nowMs, peer, image), effects)
    else if (image === null) this.#gaveUp(nowMs, this.#transfer.abandon(), effects)
    else this.#proceed(nowMs, peer, this.#transfer.decoded(nowMs, peer, image, this.#state.vector), effects)
  }

  missing(nowMs: number, found: MailSearch, effects: EffectsDraft): void {
    const peer = this.#transfer.peer
    if (peer !== null) this.#proceed(nowMs, peer, this.#transfer.missing(nowMs, found), effects)
  }

  mails(nowMs: number, peer: PeerId, message: MailsMessage, effects: EffectsDraft): void {
    if (this.#opinion.isWaitingFor(peer, message)) {
      const { store, ask } = this.#opinion.mails(nowMs, message)
      this.#contents.push({ origin: message.origin, updates: store })
      send(peer, ask, effects)
      return
    }
    const isTransfer = this.#transfer.isWaitingFor(peer, message)
    if (!isTransfer && !this.#repairs.isWaitingFor(peer, message)) return
    const { origin } = message
    if (isTransfer) {
      const updates = this.#transfer.contentsIn(message)
      this.#contents.push({ origin, updates })
      this.#proceed(nowMs, peer, this.#transfer.mails(nowMs, { ...message, updates }), effects)
    } else {
      const isWanted = ({ sequence }: Update): boolean => this.#repairs.isAskedIn(message, sequence)
      const updates = message.updates.filter((update) => isWanted(update) && isContentIn(this.#state, update))
      if (updates.length > 0) effects.store.push({ origin, updates })
      this.#repairs.mails({ ...message, updates })
    }
  }

  /** A part of something long has come from this peer: an answer may be on its way. */
  arriving(nowMs: number, peer: PeerId): void {
    this.#transfer.arriving(nowMs, peer)
    this.#opinion.arriving(nowMs, peer)
    this.#repairs.arriving(nowMs, peer)
  }

  /** An older copy of this machine has some of what is fetched again. */
  mend(origin: OriginId, updates: readonly Update[], effects: EffectsDraft): void {
    const wanted = updates.filter(({ sequence }) => this.#repairs.wanted.get(origin)?.has(sequence))
    if (wanted.length === 0) return
    effects.store.push({ origin, updates: wanted })
    this.#repairs.found(origin, wanted)
  }

  /** Storage found this stretch of a log broken: its live updates are fetched again. */
  damaged(origin: OriginId, first: Sequence, last: Sequence): void {
    const live: Sequence[] = []
    for (let sequence = first; sequence <= last; sequence += 1) {
      if (this.#state.live.has(origin, sequence)) live.push(sequence)
    }
    this.#repairs.want(origin, live)
  }

  /** Asks for what is to be repaired. */
  repair(nowMs: number, peers: readonly PeerId[], effects: EffectsDraft): void {
    const isLive = (origin: OriginId, sequence: Sequence): boolean => this.#state.live.has(origin, sequence)
    for (const { to, message } of this.#repairs.plan(nowMs, peers, isLive)) {
      effects.send.push({ to, message, urgency: 'ordinary' })
    }
  }

  /** Has another member confirm the state that has come before it is joined. */
  confirm(nowMs: number, members: readonly Member[], effects: EffectsDraft): void {
    const peer = this.#opinion.source
    const verdict = this.#opinion.verdict(nowMs, members)
    if (verdict === null || peer === null) return
    switch (verdict.kind) {
      case 'wait':
        break
      case 'ask':
        send(verdict.peer, verdict.messages, effects)
        break
      case 'abandon':
        this.#abandoned(peer, effects)
        break
      case 'instead':
        this.#abandoned(peer, effects)
        this.#copy(nowMs, verdict.source, effects)
        break
      case 'join':
        this.#toJoin = { image: verdict.image, witnesses: verdict.witnesses, peer }
        if (verdict.opinion !== null) this.#tell(verdict.opinion, effects)
        break
    }
  }

  /**
   * Joins an image whose mails are all stored, and tells whether there was one. Last in a step, so that nothing is
   * appended between the image that is written and the logs that go on after it. `fits` tells whether the image is still of
   * the logs that are held here: while its mails came, batches of a log that has forked may have come, too.
   */
  join(wallMs: number, fits: (peer: PeerId, image: StateImage) => boolean, effects: EffectsDraft): boolean {
    this.#store(effects)
    const received = this.#toJoin
    if (received === null) return false
    this.#toJoin = null
    const { image, witnesses, peer } = received
    if (!fits(peer, image)) {
      this.#abandoned(peer, effects)
      return false
    }
    effects.notify.push({ kind: 'transfer', phase: 'done', peer })
    const continueAfter = new Map<OriginId, Sequence>()
    for (const [origin, sequence] of image.vector) {
      if (sequence > this.#state.held(origin)) continueAfter.set(origin, sequence)
    }
    const held = new Map(this.#state.vector)
    const brought = newIn(image, this.#state, held)
    this.#state.join(image)
    this.#testimonies.add(witnesses)
    const known = this.#testimonies.take(this.#state)
    if (known !== null) this.#state.learn(known)
    for (const { origin, sequences } of this.#absent) this.#repairs.want(origin, sequences)
    effects.notify.push({ kind: 'brought', ...stillNew(brought, this.#state, held) })
    this.#clock.observe(this.#state.newestClock, wallMs)
    effects.install = { image: this.#state.image(), continueAfter }
    return true
  }

  /** Takes in what those knew who confirmed a state, when all has come that they had seen. After `join`, for the same reason. */
  learn(effects: EffectsDraft): void {
    const known = this.#testimonies.take(this.#state)
    if (known === null) return
    this.#state.learn(known)
    effects.install = { image: this.#state.image(), continueAfter: new Map() }
    if (known.accounts.length > 0) effects.notify.push({ kind: 'people' })
    for (const account of new Set(known.marks.map((mark) => mark.account)))
      effects.notify.push({ kind: 'mailbox', account })
  }

  /** Ends a transfer that stalled; goes on with one that waited for its peer. */
  tick(nowMs: number, effects: EffectsDraft): void {
    this.#gaveUp(nowMs, this.#transfer.abandonIfStalled(nowMs), effects)
    this.#opinion.tick(nowMs)
    const peer = this.#transfer.peer
    if (peer !== null) this.#proceed(nowMs, peer, this.#transfer.resume(nowMs), effects)
  }

  disconnected(peer: PeerId, effects: EffectsDraft): void {
    this.#stalled.delete(peer)
    this.#repairs.disconnected(peer)
    this.#opinion.disconnected(peer)
    if (this.#transfer.peer === peer) this.#abandoned(this.#transfer.abandon(), effects)
  }

  /**
   * Contents that a transfer brings are of what was not held when it asked. Where batches of that log have come since they may be of
   * another log, and must not take the place of what came with those.
   */
  #store(effects: EffectsDraft): void {
    for (const { origin, updates } of this.#contents.splice(0)) {
      const held = this.#state.held(origin)
      const beyond = updates.filter(({ sequence }) => sequence > held)
      if (beyond.length > 0) effects.store.push({ origin, updates: beyond })
    }
  }

  #copy(nowMs: number, { peer, server }: Source, effects: EffectsDraft): void {
    this.#source = { peer, server }
    effects.notify.push({ kind: 'transfer', phase: 'begun', peer })
    this.#proceed(nowMs, peer, this.#transfer.begin(nowMs, peer), effects)
  }

  #proceed(nowMs: number, peer: PeerId, step: TransferStep, effects: EffectsDraft): void {
    send(peer, step.ask, effects)
    if (step.decode !== null) effects.decodeImage = { peer, chunks: step.decode }
    if (step.findMissing !== null) effects.findMissing = step.findMissing
    if (step.complete === null || this.#source === null) return
    this.#absent = step.absent
    this.#opinion.begin(nowMs, step.complete, this.#source)
  }

  #tell(opinion: Opinion, effects: EffectsDraft): void {
    const key = `${opinion.server} ${String(opinion.witness)}`
    const gone = opinion.gone + (this.#doubtful.get(key)?.gone ?? 0)
    if (opinion.leftOut > 0 || opinion.witness === null) this.#doubtful.set(key, { ...opinion, gone })
    effects.notify.push({ kind: 'secondOpinion', ...opinion })
  }

  /** For a while others go before who did not go on, who may be the first to offer its state again and again. */
  #isAvoided(nowMs: number, { peer }: Source, members: readonly Member[]): boolean {
    const stalledMs = this.#stalled.get(peer)
    if (stalledMs === undefined || nowMs - stalledMs >= avoidMs) return false
    return members.some((member) => member.peer !== peer && !this.#stalled.has(member.peer))
  }

  #gaveUp(nowMs: number, peer: PeerId | null, effects: EffectsDraft): void {
    if (peer !== null) this.#stalled.set(peer, nowMs)
    this.#abandoned(peer, effects)
  }

  #abandoned(peer: PeerId | null, effects: EffectsDraft): void {
    if (peer !== null) effects.notify.push({ kind: 'transfer', phase: 'abandoned', peer })
  }
}

const send = (to: PeerId, messages: TransferStep['ask'], effects: EffectsDraft): void => {
  for (const message of messages) effects.send.push({ to, message, urgency: 'ordinary' })
}
