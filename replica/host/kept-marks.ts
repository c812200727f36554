import type { OriginId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { Change, Update } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'

/** A part of a log that is about to be discarded. */
export interface LogPart {
  readonly origin: OriginId
  /** Ascending, without gaps. */
  readonly sequences: readonly Sequence[]
}

/**
 * What compaction leaves in the log besides what is live, where a machine was retired: marks and deletions among the newest
 * `limits.marksKept` updates of each log. Two sides of a split may have retired each other, and who joins the other one again has
 * nothing but its log to show there what persons have signed: a state knows what is marked, and what is gone, but not by whose word.
 */
export class KeptMarks {
  readonly #logs = new Map<OriginId, { readonly upTo: Sequence; readonly kept: ReadonlySet<Sequence> }>()

  /** What is to be looked at, with `looked`, before the log is discarded up to `floor`. */
  unseen(state: Pick<GroupState, 'seats' | 'held'>, floor: VersionVector): readonly LogPart[] {
    if (state.seats.retired().length === 0) return []
    return [...floor].flatMap(([origin, upTo]) => {
      const first = Math.max(this.#logs.get(origin)?.upTo ?? 0, state.held(origin) - limits.marksKept) + 1
      const sequences = Array.from({ length: Math.max(0, upTo - first + 1) }, (_, index) => first + index)
      return sequences.length === 0 ? [] : [{ origin, sequences }]
    })
  }

  /** `updates`: those of this part that the log still has. */
  looked({ origin, sequences }: LogPart, updates: readonly Update[]): void {
    const upTo = sequences.at(-1)
    if (upTo === undefined) return
    const before = [...(this.#logs.get(origin)?.kept ?? [])].filter((sequence) => sequence > upTo - limits.marksKept)
    const more = updates.filter(({ change }) => isMark(change)).map(({ sequence }) => sequence)
    this.#logs.set(origin, { upTo, kept: new Set([...before, ...more]) })
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#logs.get(origin)?.kept.has(sequence) === true
  }
}

/** Whether somebody says something of what is there, or takes it away: that nothing else shows, and that takes little room. */
const isMark = (change: Change): boolean => {
  switch (change.kind) {
    case 'read':
    case 'deletion':
    case 'marks':
    case 'postDeletion':
    case 'accountDeletion':
    case 'revocation':
    case 'clientAdmission':
      return true
    case 'document':
      return change.state === 'deleted'
    // Of these the state has what was signed, or the log keeps them; or what holds on the other side is what those there know.
    case 'account':
    case 'accountKeys':
    case 'mail':
    case 'post':
    case 'follow':
    case 'forgetting':
    case 'unknown':
    case 'group':
    case 'seat':
    case 'invite':
    case 'admission':
    case 'retirement':
    case 'machineName':
    case 'forged':
      return false
  }
}
