import type { EffectsDraft } from './effects.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Failure } from './model/errors.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { HelloMessage, VersionVector } from './model/messages.ts'
import type { GreetedPeer } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { covers } from './version-vector.ts'

const nothing: VersionVector = new Map()

/** What a retired machine hears when it comes back. */
export const retiredFailure: Failure = {
  code: 'RETIRED',
  message:
    'The others have retired this machine. What it had not sent yet was taken in; start it with --reset and a new invite to join again.',
}

/** Machines that were retired and come back: what they had not sent yet is taken in, and they are told to join again. */
export class RetiredPeers {
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix

  constructor(state: GroupState, matrix: KnowledgeMatrix) {
    this.#state = state
    this.#matrix = matrix
  }

  has(origin: OriginId | null): boolean {
    return origin !== null && this.#state.seats.isRetired(origin)
  }

  /** Whether a retired machine that says hello has nothing that is not known here. */
  isNeedless(hello: HelloMessage): boolean {
    return this.has(hello.origin) && covers(this.#state.vector, hello.rows.get(hello.origin) ?? nothing)
  }

  /** Sends those away of which all has been taken in: who has told only of its own log may have more to hand over. */
  dismiss(sessions: readonly GreetedPeer[], effects: EffectsDraft): void {
    for (const { peer, origin, hasToldAll } of sessions) {
      if (hasToldAll && this.has(origin) && covers(this.#state.vector, this.#matrix.row(origin)))
        this.sendAway(peer, origin, effects)
    }
  }

  /** Tells it why, with what proves it, and ends the connection. */
  sendAway(peer: PeerId, origin: OriginId, effects: EffectsDraft): void {
    const proof = this.#state.seats.retirementOf(origin)
    const retirement = proof && { retired: origin, proof, vouchers: this.#state.seats.vouchersOf(proof.by) }
    effects.send.push({
      to: peer,
      message: { kind: 'refusal', failure: retiredFailure, retirement },
      urgency: 'ordinary',
    })
    effects.disconnect.push(peer)
  }
}
