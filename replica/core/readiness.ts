import type { AntiEntropy } from './anti-entropy.ts'
import type { CatchingUp } from './catching-up.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity, Membership } from './membership.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { GroupState } from './state/group-state.ts'
import { covers } from './version-vector.ts'

/** So long newcomers wait for somebody who has a state before what they have of it counts as one. */
const newcomersPatienceMs = 30_000

interface ReadinessParts {
  readonly identity: Identity
  readonly state: GroupState
  readonly matrix: KnowledgeMatrix
  readonly membership: Membership
  readonly antiEntropy: AntiEntropy
  readonly catchingUp: CatchingUp
}

/** What is here, compared with what those who are here say that they have. */
export class Readiness {
  readonly #parts: ReadinessParts
  /** Those of this machine that were set aside. */
  copies: 'waiting' | 'givenBack' = 'givenBack'
  #hasState: boolean
  /** Since when all that those have shown who are here has been here, too. */
  #caughtUpSinceMs: number | null = null

  constructor(parts: ReadinessParts) {
    this.#parts = parts
    this.#hasState = !parts.state.seats.isUnknown
  }

  /**
   * Whether all that the reachable others are known to hold is held here too, but for what somebody says and does not show; false when
   * there is nobody. What somebody has discarded is still to come with its state.
   */
  get isCaughtUp(): boolean {
    const { antiEntropy, catchingUp } = this.#parts
    const isToCome = (origin: OriginId, peer: PeerId): boolean =>
      antiEntropy.hasDiscarded(origin, peer) && !catchingUp.hasStalled(peer)
    return this.#knowsGroup && this.#hasAll((origin, peer) => this.#isShown(origin, peer) || isToCome(origin, peer))
  }

  /** Whether nobody who is here has a state: all that had one have started over, each at the word of another. */
  get isStranded(): boolean {
    return !this.#knowsGroup && this.#hasAll(() => true)
  }

  /**
   * Whether this install began with a state, was given one, or has had all that somebody had who has one. A newcomer that has only
   * some of the logs has none, even if it knows the group by them; where there are only newcomers, what they have counts after a while.
   */
  get hasState(): boolean {
    return this.#hasState
  }

  /**
   * Whether no command can come here by another name: nothing is known to exist that is not here, whoever has it, and no copy waits. What that
   * one has may have been given to another server as well, when this one had gone.
   */
  get hasAllNames(): boolean {
    const { state, matrix } = this.#parts
    return (
      this.copies === 'givenBack' &&
      state.seats.holders().every(({ origin }) => covers(state.vector, matrix.row(origin)))
    )
  }

  /** A state was joined. */
  joined(): void {
    this.#hasState = true
  }

  /** To be called when a step is over. */
  note(nowMs: number): void {
    if (this.#hasState || !this.#knowsGroup) return
    const { identity, state } = this.#parts
    if (this.#hasAll((origin, peer) => this.#isShown(origin, peer))) this.#caughtUpSinceMs ??= nowMs
    else this.#caughtUpSinceMs = null
    const isLong = this.#caughtUpSinceMs !== null && nowMs - this.#caughtUpSinceMs >= newcomersPatienceMs
    this.#hasState =
      isLong || state.seats.founder() === identity.origin || (this.#hasAll(() => true) && this.#isWithState)
  }

  #isShown(origin: OriginId, peer: PeerId): boolean {
    return !this.#parts.antiEntropy.isInVain(origin, peer)
  }

  get #knowsGroup(): boolean {
    return this.#parts.state.seats.group !== null
  }

  /** Whether somebody is here who has a state: newcomers tell of their own logs only. */
  get #isWithState(): boolean {
    const { state, matrix, membership } = this.#parts
    const founder = state.seats.founder()
    return membership.peers
      .allGreeted()
      .some(({ origin }) => origin === founder || [...matrix.row(origin).keys()].some((of) => of !== origin))
  }

  /** Of what a peer says that it holds of an origin only that counts of which `counts` is true. */
  #hasAll(counts: (origin: OriginId, peer: PeerId) => boolean): boolean {
    const { state, matrix, membership, catchingUp } = this.#parts
    const greeted = membership.peers.allGreeted()
    if (greeted.length === 0 || catchingUp.transferringFrom !== null) return false
    return greeted.every(({ origin: whose, peer }) =>
      [...matrix.row(whose)].every(([origin, end]) => end <= state.held(origin) || !counts(origin, peer)),
    )
  }
}
