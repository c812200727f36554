import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity } from './membership.ts'
import type { OriginId, Sequence } from './model/ids.ts'
import type { VersionVector } from './model/messages.ts'
import type { SignedEnd } from './model/proofs.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

/** What of the logs a start found; see `RecoveredState`. */
interface Traces {
  readonly highest: VersionVector
  readonly unread?: ReadonlySet<OriginId>
}

/** How long the others have to bring some of what is known to be missing. */
const patienceMs = 30_000

/**
 * Takes the own log back from others, up to where traces on disk know of it, or this install's own signature that a member shows: what
 * it says without one does not keep this install from writing. If nobody brings it in time, this install goes on, unless the disk may
 * give it back: what is written then forks the log, which is found out and mended (`Forks`).
 */
export class Reclaiming {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  /** Of which there are traces on disk. */
  #traced: Sequence
  /** What cannot be read now may be read another time: nothing else may be written in its place. */
  readonly #areUnread: boolean
  /** Which this install signed once, as others have shown. */
  #proven: Sequence = 0
  /** Up to here nobody brought it. */
  #givenUp: Sequence = 0
  /** Since when nothing of the own log has come. */
  #idle: { readonly held: Sequence; readonly sinceMs: number } | null = null

  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix, { highest, unread }: Traces) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.#traced = heldFrom(highest, identity.origin)
    this.#areUnread = unread?.has(identity.origin) === true
  }

  get isUnderWay(): boolean {
    return this.#held < Math.max(this.#traced, this.#proven)
  }

  /** Others have shown updates of this install of which its disk never had a trace: it is an old copy, and may have been written to. */
  get isOfOldCopy(): boolean {
    return this.isUnderWay && this.#proven > this.#traced
  }

  /** A member shows where this install's log ends. */
  shown({ origin, sequence }: SignedEnd): void {
    if (origin === this.#identity.origin && sequence > this.#givenUp) this.#proven = Math.max(this.#proven, sequence)
  }

  /** Ends it when there is nothing to take back; `transferring` while a state is on its way here. */
  endIfVain(nowMs: number, greeted: readonly GreetedPeer[], transferring: 'transferring' | 'idle'): void {
    const { origin: own } = this.#identity
    const others = this.#state.seats.holders().filter((claim) => claim.origin !== own)
    const here = new Set(greeted.map((session) => session.origin))
    const known = Math.max(0, ...others.map((claim) => heldFrom(this.#matrix.row(claim.origin), own)))
    const areAllHere = others.every((claim) => here.has(claim.origin))
    // Traces of own updates that nobody has: every seat in use is here, and none of them knows more.
    if (areAllHere && known <= this.#held) {
      this.#giveUp('traces, too')
      return
    }
    const isWaiting = this.#idle?.held === this.#held && here.size > 0 && transferring === 'idle'
    if (!isWaiting) this.#idle = { held: this.#held, sinceMs: nowMs }
    else if (this.#idle !== null && nowMs - this.#idle.sinceMs > patienceMs)
      // Of what left traces here somebody who is away may have more.
      this.#giveUp(areAllHere ? 'traces, too' : 'what was shown')
  }

  #giveUp(what: 'what was shown' | 'traces, too'): void {
    this.#givenUp = Math.max(this.#givenUp, this.#proven)
    this.#proven = this.#held
    if (what === 'traces, too' && !this.#areUnread) this.#traced = this.#held
    this.#idle = null
  }

  get #held(): Sequence {
    return this.#state.held(this.#identity.origin)
  }
}
