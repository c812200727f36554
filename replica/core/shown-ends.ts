import type { OriginId } from './model/ids.ts'
import type { VersionVector } from './model/messages.ts'
import type { SignedEnd } from './model/proofs.ts'
import type { GroupState } from './state/group-state.ts'
import { fitOfHeld } from './state/log-chains.ts'
import { heldFrom } from './version-vector.ts'

/**
 * Where members have shown, signed by the logs' origins, that their copies of logs end. As long as such an end is not in what is held
 * here, the member holds another log of that name, or may do so: how many updates it holds of it says nothing about those here.
 */
export class ShownEnds {
  readonly #state: GroupState
  /** The last word of each member on each log. */
  readonly #ends = new Map<OriginId, Map<OriginId, SignedEnd>>()

  constructor(state: GroupState) {
    this.#state = state
  }

  /** Of logs of which nothing is held here nothing can be another one. */
  shown(member: OriginId, end: SignedEnd): void {
    if (this.#state.held(end.origin) === 0) return
    const ofMember = this.#ends.get(member) ?? new Map<OriginId, SignedEnd>()
    this.#ends.set(member, ofMember.set(end.origin, end))
  }

  /** The member holds the same log as is held here. */
  isSame(member: OriginId, origin: OriginId): void {
    this.#ends.get(member)?.delete(origin)
  }

  /** What a member showed beyond what it holds now is of a copy that it has no more. */
  holds(member: OriginId, row: VersionVector): void {
    const ofMember = this.#ends.get(member)
    for (const [origin, { sequence }] of ofMember ?? []) if (sequence > heldFrom(row, origin)) ofMember?.delete(origin)
  }

  /** Whether the member has shown that the log goes on from where what is held here ends. */
  isBeyond(member: OriginId, origin: OriginId): boolean {
    return (this.#ends.get(member)?.get(origin)?.sequence ?? 0) > this.#state.held(origin)
  }

  /** Whether the end is of another log than the one that is held here, as far as that goes. */
  isOther({ origin, sequence, hash }: SignedEnd): boolean {
    return sequence <= this.#state.held(origin) && fitOfHeld(this.#state, origin, sequence, hash) === 'fork'
  }

  /** Whether any of these members holds another log than the one that is held here, or more of it, which may be another one. */
  isInDoubt(members: readonly OriginId[]): boolean {
    return members.some((member) =>
      [...(this.#ends.get(member)?.values() ?? [])].some(
        (end) => end.sequence > this.#state.held(end.origin) || this.isOther(end),
      ),
    )
  }
}
