import { formerInstalls } from '../core/door.ts'
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
  return claim !== undefined && !state.seats.isAdmitted(claim.peer) && !state.seats.isRetiredPeer(claim)
}
