import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity } from './membership.ts'
import type { Sequence } from './model/ids.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

/** Takes the own log back from others, up to where they, or traces on disk, know of it. */
export class Reclaiming {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  readonly #traced: Sequence
  #to: Sequence

  /** `to`: of which there are traces on disk. */
  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix, to: Sequence) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.#to = to
    this.#traced = to
  }

  get isUnderWay(): boolean {
    return this.#held < this.#to
  }

  /** Others know of updates of this install of which its disk never had a trace: it is an old copy, and may have been written to. */
  get isOfOldCopy(): boolean {
    return this.isUnderWay && this.#to > this.#traced
  }

  /** Somebody knows of so much of the own log. */
  heardOf(known: Sequence): void {
    if (known > this.#held) this.#to = Math.max(this.#to, known)
  }

  /** Traces of own updates that nobody has: when every seat in use is here and none of them knows more, there is nothing to take back. */
  endIfVain(greeted: readonly GreetedPeer[]): void {
    const { origin: own } = this.#identity
    const others = this.#state.seats.holders().filter((claim) => claim.origin !== own)
    const here = new Set(greeted.map((session) => session.origin))
    const known = Math.max(0, ...others.map((claim) => heldFrom(this.#matrix.row(claim.origin), own)))
    if (known <= this.#held && others.every((claim) => here.has(claim.origin))) this.#to = this.#held
  }

  get #held(): Sequence {
    return this.#state.held(this.#identity.origin)
  }
}
