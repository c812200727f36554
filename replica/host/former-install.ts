import { formerInstalls } from '../core/door.ts'
import type { SeatClaim } from '../core/model/image.ts'
import { namesOf, type OriginId } from '../core/model/ids.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import type { GroupState } from '../core/state/group-state.ts'

/**
 * Whether the install of a copy that was set aside is to be retired before its log is handed in. A machine that joins again, because what it was
 * is retired or a stranger to the others, was an install that no member knows: by its log that would take a seat, perhaps this
 * machine's, and never come. One that members know may be running elsewhere, from another copy of its directory.
 */
export const isToBeDisowned = (
  { identity, state }: Pick<ReplicaCore, 'identity' | 'state'>,
  copy: OriginId,
  aside: GroupState,
): boolean => {
  const goesOnFor = formerInstalls([identity.admission ?? [], identity.vouchers].flat())
  if ([identity.origin, ...goesOnFor].some((own) => namesOf(own).includes(copy))) return false
  const claim = aside.seats.claimOf(copy)
  return claim !== undefined && isStranger(state, claim)
}

const isStranger = ({ seats }: GroupState, claim: SeatClaim): boolean =>
  !seats.isAdmitted(claim.peer) && !seats.isRetiredPeer(claim)

/**
 * Others whose logs the copy has, and that are to be retired before these are handed in: machines that the other side of a split has let in, which has
 * retired members of this one, as this one has those who let them in. By their logs they would be members here, while they hold the members for retired.
 */
export const ofOtherSide = (state: GroupState, aside: GroupState): readonly OriginId[] => {
  if (!state.seats.holders().some(({ origin }) => aside.seats.isRetired(origin))) return []
  return aside.seats.claims().flatMap((claim) => {
    const by = aside.seats.vouchersOf(claim.origin)[0]?.by
    const isLetInThere = by !== undefined && state.seats.isRetired(by) && isStranger(state, claim)
    return isLetInThere ? [claim.origin] : []
  })
}
