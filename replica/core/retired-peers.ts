import type { EffectsDraft } from './effects.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Failure } from './model/errors.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { HelloMessage, VersionVector } from './model/messages.ts'
import type { GreetedPeer, PeerSession } from './peers.ts'
import type { GroupState } from './state/group-state.ts'
import { covers } from './version-vector.ts'

const nothing: VersionVector = new Map()

/** What a retired machine hears when it comes back. */
export const retiredFailure: Failure = {
  code: 'RETIRED',
  message:
    'The others have retired this machine. What it had not sent yet is taken in, at the latest when it joins again: start it with --reset and a new invite.',
}

/** Machines that were retired and come back: what they had not sent yet is taken in, and they are told to join again. */
export class RetiredPeers {
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix

  constructor(state: GroupState, matrix: KnowledgeMatrix) {
    this.#state = state
    this.#matrix = matrix
  }

  has(session: Pick<PeerSession, 'peer' | 'origin'>): boolean {
    return this.#state.seats.isRetiredPeer(session)
  }

  /** Whether a retired machine that says hello has nothing that is not known here. */
  isNeedless(peer: PeerId, hello: HelloMessage): boolean {
    return (
      this.has({ peer, origin: hello.origin }) && covers(this.#state.vector, hello.rows.get(hello.origin) ?? nothing)
    )
  }

  /** Nothing is taken from it: who was let in by it could not be told from who was not. */
  isShutOut({ origin }: Pick<HelloMessage, 'origin'>): boolean {
    return this.#state.seats.isShutOut(origin)
  }

  /** Sends those away of which all has been taken in, or nothing is: who has told only of its own log may have more to hand over. */
  dismiss(sessions: readonly GreetedPeer[], effects: EffectsDraft): void {
    for (const { peer, origin, hasToldAll } of sessions) {
      if (!this.has({ peer, origin })) continue
      const isEmpty = hasToldAll && covers(this.#state.vector, this.#matrix.row(origin))
      if (this.isShutOut({ origin }) || isEmpty) this.sendAway(peer, origin, effects)
    }
  }

  /** Tells it why, with what proves it, and ends the connection. `origin`: what it is, or was before it started over. */
  sendAway(peer: PeerId, origin: OriginId, effects: EffectsDraft): void {
    const { seats } = this.#state
    const machine = seats.claimOf(origin)?.peer ?? peer
    // By the name that it knows itself by, if that is one of them.
    const retired = seats.hasRetired(origin) ? origin : (seats.retiredAs(machine) ?? origin)
    const proof = seats.retirementOf(retired)
    const retirement = proof && { retired, proof, vouchers: seats.vouchersOf(proof.by) }
    effects.send.push({
      to: peer,
      message: { kind: 'refusal', failure: retiredFailure, retirement },
      urgency: 'ordinary',
    })
    effects.disconnect.push(peer)
  }
}
