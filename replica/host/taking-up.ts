import { LogIntake } from '../core/log-intake.ts'
import type { Hash, OriginId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { stateOf } from './divergence.ts'
import type { Storage } from './ports.ts'

/** Chain value before an origin's first update. */
type FirstHash = (origin: OriginId) => Hash

/**
 * Prepares a copy that was set aside for being begun from: gives it what of the present log goes on from what it holds, this install's own
 * log first of all. What does not is of another log than the copy has by that name, and stays where it is. Returns
 * `all` when nothing stays: the copy had none of these logs.
 */
export const carryOver = async (present: Storage, copy: Storage, firstHash: FirstHash): Promise<'all' | 'some'> => {
  const { highest } = await present.recover()
  const state = stateOf(await copy.recover())
  let isAll = true
  for (const [origin, last] of highest) {
    if (state.held(origin) > 0) isAll = false
    for (let isMore = true; isMore;) {
      const batches = await present.readBatches(origin, state.held(origin), limits.chunkBytes)
      const fitting = goingOn(state, firstHash, batches)
      isMore = fitting.length > 0
      if (isMore) await copy.append(fitting)
    }
    if (state.held(origin) < last) isAll = false
  }
  return isAll ? 'all' : 'some'
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

export interface FullestCopy<Copy> {
  readonly copy: Copy
  readonly updates: number
  /** Nobody but this machine had a seat, as far as the copy knows. */
  readonly isOnly: boolean
}

/** Of copies that were set aside the one whose state covers most updates, and how many; null when none has a state. */
export const fullestCopy = <Copy>(
  copies: readonly { readonly copy: Copy; readonly state: GroupState }[],
): FullestCopy<Copy> | null => {
  const withState = copies.filter(({ state }) => state.seats.group !== null)
  const counted = withState.map(({ copy, state }) => ({
    copy,
    updates: updatesIn(state),
    isOnly: state.seats.holders().length <= 1,
  }))
  return counted.toSorted((left, right) => right.updates - left.updates)[0] ?? null
}

/** Whether it has no state, and sees nobody who could give it one. Who is told to join again is not to go on from what it was. */
export const isAlone = ({ state, peers, isRetired }: ReplicaCore): boolean =>
  state.seats.group === null && peers.allGreeted().length === 0 && !isRetired

const updatesIn = ({ vector }: GroupState): number => [...vector.values()].reduce((sum, sequence) => sum + sequence, 0)
