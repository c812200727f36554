import type { OriginId, PeerId, Sequence } from './model/ids.ts'
import type { GroupState } from './state/group-state.ts'

/** So long nobody brings anything of a log that a member says went another way, before that is believed without more. */
const doubtMs = 20_000

/** That a log goes on from something else than what is held of it here. */
interface Doubt {
  readonly held: Sequence
  /** Since when no more of it has come; null as long as no state has shown it, and nobody else who has a state has been here. */
  readonly sinceMs: number | null
  /** Who says so, is here, and would not start over itself. */
  readonly yieldsTo: PeerId
}

/**
 * Logs that go on, as their origins have signed, and not from what is held here, as one says who is here. That is believed when nobody
 * brings more of them, and somebody could have.
 */
export class LogDoubts {
  readonly #state: GroupState
  readonly #doubts = new Map<OriginId, Doubt>()

  constructor(state: GroupState) {
    this.#state = state
  }

  /** A peer says so, and its state shows it or only its word. */
  raise(nowMs: number, yieldsTo: PeerId, origin: OriginId, by: 'a state' | 'a word'): void {
    const held = this.#state.held(origin)
    const before = this.#doubts.get(origin)
    const sinceMs = (before?.held === held ? before.sinceMs : null) ?? (by === 'a state' ? nowMs : null)
    this.#doubts.set(origin, { held, sinceMs, yieldsTo })
  }

  disconnected(peer: PeerId): void {
    for (const [origin, { yieldsTo }] of this.#doubts) if (yieldsTo === peer) this.#doubts.delete(origin)
  }

  /**
   * Whether what is held here is about to be given up, or is not to be taken by a newcomer, which could begin with some of the one log
   * and some of the other.
   */
  isAny(among: 'newcomers' | 'members'): boolean {
    return this.#open().some(([, { sinceMs }]) => sinceMs !== null || among === 'newcomers')
  }

  /** The logs of which nobody has brought more for long enough. `isAnotherHere`: whether somebody has a state besides this peer. */
  inVain(nowMs: number, isAnotherHere: (peer: PeerId) => boolean): readonly OriginId[] {
    return this.#open().flatMap(([origin, doubt]) => {
      const sinceMs = doubt.sinceMs ?? (isAnotherHere(doubt.yieldsTo) ? nowMs : null)
      this.#doubts.set(origin, { ...doubt, sinceMs })
      return sinceMs !== null && nowMs - sinceMs >= doubtMs ? [origin] : []
    })
  }

  /** Of which nothing has come since. */
  #open(): readonly (readonly [OriginId, Doubt])[] {
    return [...this.#doubts].filter(([origin, { held }]) => held === this.#state.held(origin))
  }
}
