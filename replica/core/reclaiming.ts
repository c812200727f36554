import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity } from './membership.ts'
import type { OriginId, Sequence } from './model/ids.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

/** How long members that say that they hold more of the own log have to bring some of it. */
const patienceMs = 30_000

/**
 * Takes the own log back from others, up to where they, or traces on disk, know of it. Whoever says that there is more and
 * brings nothing is not believed any more, so that one that lies cannot keep this install from writing. Should it have been
 * right, what is written now forks the log, which is found out and mended (`Forks`).
 */
export class Reclaiming {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  /** Of which there are traces on disk. */
  #traced: Sequence
  /** Of which others say that there are. */
  #heard: Sequence = 0
  readonly #claimants = new Set<OriginId>()
  readonly #disbelieved = new Set<OriginId>()
  /** What a member says of what another holds. */
  #hearsay: 'believed' | 'disbelieved' = 'believed'
  /** Since when nothing of the own log has come. */
  #idle: { readonly held: Sequence; readonly sinceMs: number } | null = null

  /** `traced`: up to where there are traces on disk. */
  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix, traced: Sequence) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.#traced = traced
  }

  get isUnderWay(): boolean {
    return this.#held < Math.max(this.#traced, this.#heard)
  }

  /** Others know of updates of this install of which its disk never had a trace: it is an old copy, and may have been written to. */
  get isOfOldCopy(): boolean {
    return this.isUnderWay && this.#heard > this.#traced
  }

  /** `teller` says that `holder` holds so much of the own log. */
  heardOf(known: Sequence, holder: OriginId, teller: OriginId): void {
    if (known <= this.#held) return
    const isBelieved = holder === teller ? !this.#disbelieved.has(teller) : this.#hearsay === 'believed'
    if (!isBelieved) return
    if (holder === teller) this.#claimants.add(teller)
    this.#heard = Math.max(this.#heard, known)
  }

  /** Ends it when there is nothing to take back; `transferring` while a state is on its way here. */
  endIfVain(nowMs: number, greeted: readonly GreetedPeer[], transferring: 'transferring' | 'idle'): void {
    const { origin: own } = this.#identity
    const others = this.#state.seats.holders().filter((claim) => claim.origin !== own)
    const here = new Set(greeted.map((session) => session.origin))
    const known = Math.max(0, ...others.map((claim) => heldFrom(this.#matrix.row(claim.origin), own)))
    // Traces of own updates that nobody has: every seat in use is here, and none of them knows more.
    if (known <= this.#held && others.every((claim) => here.has(claim.origin))) {
      this.#traced = this.#held
      this.#heard = this.#held
      return
    }
    const isWaiting = this.#idle?.held === this.#held && here.size > 0 && transferring === 'idle'
    if (!isWaiting) this.#idle = { held: this.#held, sinceMs: nowMs }
    else if (this.#idle !== null && nowMs - this.#idle.sinceMs > patienceMs) this.#disbelieve()
  }

  #disbelieve(): void {
    for (const claimant of this.#claimants) this.#disbelieved.add(claimant)
    this.#claimants.clear()
    this.#hearsay = 'disbelieved'
    this.#heard = this.#held
    this.#idle = null
  }

  get #held(): Sequence {
    return this.#state.held(this.#identity.origin)
  }
}
