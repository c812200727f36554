import { maxDriftMs } from './hybrid-clock.ts'
import { msToClock } from './model/clock.ts'
import { limits } from './model/limits.ts'
import type { Overtaken } from './model/signed.ts'
import type { PersonChange } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'

/**
 * Whether a word that its person gives in now would not be the last one, or would count as one of long ago: another client of theirs has a
 * clock that is ahead, this one has a clock that is behind, or the word has been on its way for long. Null when it counts.
 */
export const overtaken = (state: GroupState, change: PersonChange, nowMs: number): Overtaken | null => {
  if (!('saidAt' in change)) return null
  const clock = msToClock(nowMs)
  const by = Math.min(Math.max(state.wordBefore(change), clock - msToClock(maxDriftMs)), limits.lastClock - 1)
  return change.saidAt > by ? null : { by, clock }
}
