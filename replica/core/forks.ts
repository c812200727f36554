import type { EffectsDraft } from './effects.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Identity } from './membership.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import type { KnowledgeMessage } from './model/messages.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { forkedIn } from './state/log-chains.ts'
import { heldFrom } from './version-vector.ts'

/** Who has no state waits so long before it starts over: the others may be about to agree on one log. */
const patienceMs = 3_000

/**
 * Finds out that two logs go by the name of one origin: a copy of it was restored and written to. Whoever made the log
 * starts over. If it is not there, one of the two that hold it differently does: who took its seat later, whatever the lengths
 * of the logs. But first of all who has no state yet, so that none gives its state up for one that has none.
 */
export class Forks {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  #hasForked = false
  /** When a fork was seen first, while there was no state here. */
  #firstSeenMs: number | null = null
  /** Who was told of which origin's fork on the present connections. */
  readonly #told = new Map<PeerId, Set<string>>()

  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
  }

  /** Whether this install must start over. */
  get hasForked(): boolean {
    return this.#hasForked
  }

  /** What a peer holds of an origin must be the beginning of what is held here; if it is more, it is the peer that compares. */
  compare(nowMs: number, session: GreetedPeer, message: KnowledgeMessage, effects: EffectsDraft): void {
    const row = message.rows.get(session.origin)
    if (row === undefined) return
    for (const [origin, theirs] of message.hashes) {
      const held = this.#state.held(origin)
      const mine = this.#state.lastHash(origin)
      const end = heldFrom(row, origin)
      if (end === 0 || end > held || mine === undefined) continue
      const isFork = end === held ? mine !== theirs : this.#state.chains.fit(origin, end, theirs) === 'fork'
      if (isFork) this.unfitting(nowMs, session, origin, effects)
    }
  }

  /** Whether what is held here and a peer's image are of the same logs; where they are not, a state transfer would hide the fork. */
  fits(nowMs: number, session: GreetedPeer | undefined, image: StateImage, effects: EffectsDraft): boolean {
    const forked = forkedIn(image, this.#state)
    if (session !== undefined) for (const origin of forked) this.unfitting(nowMs, session, origin, effects)
    return forked.length === 0
  }

  /** What this peer has of `origin` is of another log than what is held. */
  unfitting(nowMs: number, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    if (this.#yields(nowMs, session, origin)) this.#startOver(origin, effects)
    else this.#tell(session, origin, effects)
  }

  /** A peer says that what is held here of `origin` is not what it holds. Others' logs are judged by what they bring. */
  heard(nowMs: number, session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    if (origin === this.#identity.origin && this.#yields(nowMs, session, origin)) this.#startOver(origin, effects)
  }

  #yields(nowMs: number, session: GreetedPeer, origin: OriginId): boolean {
    const { seats } = this.#state
    const founder = seats.founder()
    if (seats.group === null || founder === null) {
      this.#firstSeenMs ??= nowMs
      return nowMs - this.#firstSeenMs >= patienceMs
    }
    // Who has not got the log with which the group began has not got a state either: it would be nobody's.
    if (heldFrom(this.#matrix.row(session.origin), founder) === 0) return false
    const isOwn = origin === this.#identity.origin
    return isOwn || (session.origin !== origin && seats.isElder(session.origin, this.#identity.origin))
  }

  disconnected(peer: PeerId): void {
    this.#told.delete(peer)
  }

  #tell({ peer }: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    // Who has no state yet is not believed, and says so again when it has one.
    const words = this.#state.seats.group === null ? `${origin} without a state` : origin
    const told = this.#told.get(peer) ?? new Set<string>()
    if (told.has(words)) return
    this.#told.set(peer, told.add(words))
    effects.send.push({ to: peer, message: { kind: 'fork', origin }, urgency: 'ordinary' })
  }

  #startOver(origin: OriginId, effects: EffectsDraft): void {
    if (this.#hasForked) return
    this.#hasForked = true
    effects.notify.push({ kind: 'forked', origin })
  }
}
