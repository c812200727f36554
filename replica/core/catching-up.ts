import { newIn, stillNew } from './brought.ts'
import type { EffectsDraft, MailSearch } from './effects.ts'
import type { HybridClock } from './hybrid-clock.ts'
import type { OriginId, PeerId, Sequence } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type { MailsMessage, StateChunkMessage } from './model/messages.ts'
import type { Update } from './model/updates.ts'
import { Repairs } from './repairs.ts'
import type { GroupState } from './state/group-state.ts'
import type { TransferStep } from './state-transfer.ts'
import { StateTransfer } from './state-transfer.ts'

/** An image whose mails are all stored; of no peer when it is that of an older copy of this machine. */
interface ReceivedImage {
  readonly image: StateImage
  readonly peer: PeerId | null
}

/** What anti-entropy cannot bring: a state transfer when the log is discarded, and single live updates that are damaged here. */
export class CatchingUp {
  readonly #state: GroupState
  readonly #clock: HybridClock
  readonly #transfer = new StateTransfer()
  readonly #repairs = new Repairs()
  #toJoin: ReceivedImage | null = null

  constructor(state: GroupState, clock: HybridClock) {
    this.#state = state
    this.#clock = clock
  }

  /** How many mails are being fetched again. */
  get repairing(): number {
    return this.#repairs.size
  }

  /** What is being fetched again, per origin. */
  get wanted(): ReadonlyMap<OriginId, ReadonlySet<Sequence>> {
    return this.#repairs.wanted
  }

  get transferringFrom(): PeerId | null {
    return this.#transfer.peer
  }

  /** Begins a state transfer unless one is under way. */
  begin(nowMs: number, peer: PeerId, effects: EffectsDraft): void {
    if (this.#transfer.peer !== null) return
    effects.notify.push({ kind: 'transfer', phase: 'begun', peer })
    this.#proceed(peer, this.#transfer.begin(nowMs, peer), effects)
  }

  chunk(nowMs: number, peer: PeerId, message: StateChunkMessage, effects: EffectsDraft): void {
    this.#proceed(peer, this.#transfer.chunk(nowMs, peer, message), effects)
  }

  /** The image that was asked to be decoded; null when it was not valid. */
  decoded(nowMs: number, peer: PeerId, image: StateImage | null, effects: EffectsDraft): void {
    if (image === null) this.#abandoned(this.#transfer.abandon(), effects)
    else this.#proceed(peer, this.#transfer.decoded(nowMs, peer, image, this.#state.vector), effects)
  }

  missing(nowMs: number, found: MailSearch, effects: EffectsDraft): void {
    const peer = this.#transfer.peer
    if (peer !== null) this.#proceed(peer, this.#transfer.missing(nowMs, found), effects)
  }

  mails(nowMs: number, peer: PeerId, message: MailsMessage, effects: EffectsDraft): void {
    const isTransfer = this.#transfer.isWaitingFor(peer, message)
    if (!isTransfer && !this.#repairs.isWaitingFor(peer, message)) return
    if (message.updates.length > 0) effects.store.push({ origin: message.origin, updates: message.updates })
    if (isTransfer) this.#proceed(peer, this.#transfer.mails(nowMs, message), effects)
    else this.#repairs.mails(message)
  }

  /** Joins this image in the same step. Its contents are stored. */
  adopt(image: StateImage): void {
    this.#toJoin = { image, peer: null }
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

  /**
   * Joins an image whose mails are all stored, and tells whether there was one. Last in a step, so that nothing is
   * appended between the image that is written and the logs that go on after it. `fits` tells whether another's image is still of
   * the logs that are held here: while its mails came, batches of a log that has forked may have come, too.
   */
  join(wallMs: number, fits: (peer: PeerId, image: StateImage) => boolean, effects: EffectsDraft): boolean {
    const received = this.#toJoin
    if (received === null) return false
    this.#toJoin = null
    const { image, peer } = received
    if (peer !== null && !fits(peer, image)) {
      this.#abandoned(peer, effects)
      return false
    }
    if (peer !== null) effects.notify.push({ kind: 'transfer', phase: 'done', peer })
    const continueAfter = new Map<OriginId, Sequence>()
    for (const [origin, sequence] of image.vector) {
      if (sequence > this.#state.held(origin)) continueAfter.set(origin, sequence)
    }
    const held = new Map(this.#state.vector)
    const brought = newIn(image, this.#state, held)
    this.#state.join(image)
    effects.notify.push({ kind: 'brought', ...stillNew(brought, this.#state, held) })
    this.#clock.observe(this.#state.newestClock, wallMs)
    effects.install = { image: this.#state.image(), continueAfter }
    return true
  }

  /** Ends a transfer that stalled; goes on with one that waited for its peer. */
  tick(nowMs: number, effects: EffectsDraft): void {
    this.#abandoned(this.#transfer.abandonIfStalled(nowMs), effects)
    const peer = this.#transfer.peer
    if (peer !== null) this.#proceed(peer, this.#transfer.resume(nowMs), effects)
  }

  disconnected(peer: PeerId, effects: EffectsDraft): void {
    this.#repairs.disconnected(peer)
    if (this.#transfer.peer === peer) this.#abandoned(this.#transfer.abandon(), effects)
  }

  #proceed(peer: PeerId, step: TransferStep, effects: EffectsDraft): void {
    for (const message of step.ask) effects.send.push({ to: peer, message, urgency: 'ordinary' })
    for (const { origin, sequences } of step.absent) this.#repairs.want(origin, sequences)
    if (step.decode !== null) effects.decodeImage = { peer, chunks: step.decode }
    if (step.findMissing !== null) effects.findMissing = step.findMissing
    if (step.complete === null) return
    this.#toJoin = { image: step.complete, peer }
  }

  #abandoned(peer: PeerId | null, effects: EffectsDraft): void {
    if (peer !== null) effects.notify.push({ kind: 'transfer', phase: 'abandoned', peer })
  }
}
