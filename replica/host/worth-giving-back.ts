import { namesOf, splitUpdateId, updateId } from '../core/model/ids.ts'
import { type Meant, meantBy } from '../core/model/meant.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'

/**
 * Whether this retires a machine that has a seat here, by the word of one that was retired itself. Two sides of a split may have retired each other:
 * who joins one of them again must not bring along that all who are there are gone.
 */
const retiresMember = ({ seats }: Pick<GroupState, 'seats'>, { origin, change }: Update): boolean =>
  change.kind === 'retirement' &&
  seats.isRetired(origin) &&
  seats.holders().some((holder) => namesOf(holder.origin).includes(change.retired))

/** Those of the batches, which follow on each other, that can be handed in as they are: up to one that retires a member. */
export const asTheyAre = (present: Pick<GroupState, 'seats'>, batches: readonly Batch[]): readonly Batch[] => {
  const end = batches.findIndex(({ updates }) => updates.some((update) => retiresMember(present, update)))
  return end < 0 ? batches : batches.slice(0, end)
}

/**
 * What of the updates that only a copy has is to be written anew. What is done to mails and posts that were written and deleted there, and of which the
 * log has been discarded since, is not: nobody can bring these any more, and what waits for them would wait for ever.
 */
export const worthGivingBack = (
  found: readonly Update[],
  aside: GroupState,
  present: GroupState,
): readonly Update[] => {
  const names = new Set(found.map(({ origin, sequence }) => updateId(origin, sequence)))
  const isOver = ({ id, tag }: Meant): boolean => {
    const { origin, sequence } = splitUpdateId(id)
    const isThereOnly = sequence > present.held(origin) && sequence <= aside.held(origin)
    const isLive = aside.mails.findMeant({ id, tag }) !== undefined || aside.posts.findMeant({ id, tag }) !== undefined
    return isThereOnly && !isLive && !names.has(id)
  }
  return found.filter((update) => {
    const meant = meantBy(update.change)
    return !retiresMember(present, update) && (meant.length === 0 || !meant.every(isOver))
  })
}
