import { LogIntake } from '../core/log-intake.ts'
import type { Hash, OriginId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'
import { stateOf } from './divergence.ts'
import type { Storage } from './ports.ts'

/** Chain value before an origin's first update. */
type FirstHash = (origin: OriginId) => Hash

/**
 * Prepares a copy that was set aside for being begun from: gives it what of the present log goes on from what it holds, this install's own
 * log first of all. What does not is of another log than the copy has by that name, and stays where it is.
 */
export const carryOver = async (present: Storage, copy: Storage, firstHash: FirstHash): Promise<void> => {
  const { highest } = await present.recover()
  const state = stateOf(await copy.recover())
  for (const origin of highest.keys()) {
    for (let isMore = true; isMore;) {
      const batches = await present.readBatches(origin, state.held(origin), limits.chunkBytes)
      const fitting = goingOn(state, firstHash, batches)
      isMore = fitting.length > 0
      if (isMore) await copy.append(fitting)
    }
  }
}

/** Of batches of one log, in order, those that go on from what a state holds; it has taken them in then. */
export const goingOn = (state: GroupState, firstHash: FirstHash, batches: readonly Batch[]): readonly Batch[] => {
  const intake = new LogIntake(state, firstHash)
  return batches.filter((batch) => {
    if (intake.judge(batch) !== 'accepted') return false
    state.applyBatch(batch)
    return true
  })
}

/** Of copies that were set aside the one whose state covers most updates, and how many; null when none has a state. */
export const fullestCopy = <Copy>(
  copies: readonly { readonly copy: Copy; readonly state: GroupState }[],
): { readonly copy: Copy; readonly updates: number } | null => {
  const withState = copies.filter(({ state }) => state.seats.group !== null)
  const counted = withState.map(({ copy, state }) => ({ copy, updates: updatesIn(state) }))
  return counted.toSorted((left, right) => right.updates - left.updates)[0] ?? null
}

const updatesIn = ({ vector }: GroupState): number => [...vector.values()].reduce((sum, sequence) => sum + sequence, 0)
