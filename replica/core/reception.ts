import type { EffectsDraft } from './effects.ts'
import type { HybridClock } from './hybrid-clock.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { LogIntake } from './log-intake.ts'
import { LogRoom } from './log-room.ts'
import type { Identity } from './membership.ts'
import type { OriginId } from './model/ids.ts'
import type { Batch, Update } from './model/updates.ts'
import { isWord } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'
import { noteChanges } from './write-desk.ts'

/** Takes batches in that came by gossip, push or anti-entropy. */
export class Reception {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  readonly #clock: HybridClock
  readonly #intake: LogIntake
  readonly #room: LogRoom

  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix, clock: HybridClock, intake: LogIntake) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.#clock = clock
    this.#intake = intake
    this.#room = new LogRoom(state)
  }

  /**
   * As `receive`, for what anybody with the group's key may have published, clients and guests included: a log that is not known
   * yet begins only with an install that was let in, and none goes on that was shut out. What this leaves out comes from members by their own streams.
   */
  gossip(nowMs: number, batch: Batch, effects: EffectsDraft): void {
    if (this.#state.seats.isShutOut(batch.origin)) return
    if (this.#state.held(batch.origin) > 0 || this.#isLetIn(batch)) this.receive(nowMs, batch, effects)
  }

  /**
   * Tells whether the batch (and those that waited for it) brought anything new, or is of another log than the one held; `full`: it is of one more
   * log than there is room for, and was passed over.
   */
  receive(nowMs: number, batch: Batch, effects: EffectsDraft): 'some' | 'none' | 'fork' | 'full' {
    if (this.#isOneTooMany(batch)) return 'full'
    if (batch.origin !== this.#identity.origin) this.#matrix.raise(batch.origin, batch.origin, batch.last)
    switch (this.#intake.judge(batch)) {
      case 'duplicate':
        return 'none'
      case 'early':
        this.#intake.keepEarly(batch)
        return 'none'
      case 'fork':
        return 'fork'
      case 'accepted':
        break
    }
    for (let next: Batch | null = batch; next !== null; next = this.#nextEarly(batch.origin)) {
      this.#state.applyBatch(next)
      effects.persist.push(next)
      noteChanges(next.updates, this.#state, effects)
      for (const { clock, change } of next.updates) {
        // What this install wrote itself and takes back stands, wherever the wall clock is now.
        if (next.origin === this.#identity.origin && !isWord(change)) this.#clock.restore(clock)
        else this.#clock.observe(clock, nowMs)
      }
    }
    return 'some'
  }

  /** Takes in what was held without being understood. Tells whether there was such a one. */
  understand(updates: readonly Update[], effects: EffectsDraft): boolean {
    const understood = updates.filter((update) => this.#state.understand(update))
    noteChanges(understood, this.#state, effects)
    return understood.length > 0
  }

  #isOneTooMany(batch: Batch): boolean {
    const { origin } = batch
    return origin !== this.#identity.origin && !this.#state.vector.has(origin) && !this.#room.mayBegin(batch)
  }

  #isLetIn({ updates }: Batch): boolean {
    const change = updates[0]?.change
    if (change?.kind !== 'seat') return false
    return this.#state.seats.isAdmitted(change.peer) || this.#state.seats.isSuccession(change)
  }

  #nextEarly(origin: OriginId): Batch | null {
    const next = this.#intake.takeNext(origin)
    return next !== null && this.#intake.judge(next) === 'accepted' ? next : null
  }
}
