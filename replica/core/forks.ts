import type { EffectsDraft } from './effects.ts'
import type { Identity } from './membership.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { KnowledgeMessage } from './model/messages.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

/**
 * Finds out that two logs go by the name of one origin: a copy of it was restored and written to. Whoever made the log
 * starts over; if it is not there, whoever holds the shorter of the two does, since the longer one cannot follow on it.
 */
export class Forks {
  readonly #identity: Identity
  readonly #state: GroupState
  #hasForked = false
  /** Who was told of which origin's fork on the present connections. */
  readonly #told = new Map<PeerId, Set<OriginId>>()

  constructor(identity: Identity, state: GroupState) {
    this.#identity = identity
    this.#state = state
  }

  /** Whether this install must start over. */
  get hasForked(): boolean {
    return this.#hasForked
  }

  /** Where two hold equally much of an origin their chains must have the same value there. */
  compare(session: GreetedPeer, message: KnowledgeMessage, effects: EffectsDraft): void {
    const row = message.rows.get(session.origin)
    if (row === undefined) return
    for (const [origin, theirs] of message.hashes) {
      const held = this.#state.held(origin)
      const mine = this.#state.lastHash(origin)
      if (held === 0 || heldFrom(row, origin) !== held || mine === undefined || mine === theirs) continue
      const isOwn = origin === this.#identity.origin
      if (isOwn || (session.origin !== origin && mine < theirs)) this.#startOver(origin, effects)
      else this.#tell(session, origin, effects)
    }
  }

  /** What this peer sent of `origin` does not follow on what is held. */
  unfitting(session: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    if (session.origin === origin) this.#tell(session, origin, effects)
    else this.#startOver(origin, effects)
  }

  /** A peer says that what is held here of `origin` is not what it holds. Others' logs are judged by what they bring. */
  heard(origin: OriginId, effects: EffectsDraft): void {
    if (origin === this.#identity.origin) this.#startOver(origin, effects)
  }

  disconnected(peer: PeerId): void {
    this.#told.delete(peer)
  }

  #tell({ peer }: GreetedPeer, origin: OriginId, effects: EffectsDraft): void {
    const told = this.#told.get(peer) ?? new Set<OriginId>()
    if (told.has(origin)) return
    this.#told.set(peer, told.add(origin))
    effects.send.push({ to: peer, message: { kind: 'fork', origin }, urgency: 'ordinary' })
  }

  #startOver(origin: OriginId, effects: EffectsDraft): void {
    if (this.#hasForked) return
    this.#hasForked = true
    effects.notify.push({ kind: 'forked', origin })
  }
}
