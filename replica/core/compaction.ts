import type { VersionVector } from './model/messages.ts'
import { distance, meetVectors } from './version-vector.ts'

/** When snapshots and compaction are worth their cost. */
export interface CompactionTuning {
  /** A snapshot is due after this many updates, or a twentieth of the mails when that is more, so that its cost stays in proportion. */
  readonly snapshotUpdates: number
  /** In a quiet hour (no update for `quietMs`) this many updates, or 2 % of the mails, are worth a snapshot and a compaction. */
  readonly quietMs: number
  readonly quietGain: number
  /** What is due waits until nothing has come for so long, because people wait for what else there is to do: but unless much comes, for no longer. */
  readonly calmMs: number
  readonly patienceMs: number
}

export const usualTuning: CompactionTuning = {
  snapshotUpdates: 4_000,
  quietMs: 3_000,
  quietGain: 20,
  calmMs: 1_000,
  patienceMs: 10_000,
}

/** It does not wait any more when it is worth so many times as much. */
const busyFactor = 3
const snapshotShare = 0.05
const quietShare = 0.02
/** While what others have had for long is fetched, a snapshot is soon outdated: it is due when half of the mails are not in the last one. */
const fetchingShare = 0.5
/**
 * A state of many people and few mails is large, and twenty updates are small: unless a snapshot frees as much as it takes, a quiet hour writes
 * no more than this on average. Of an update the log has some thousand characters.
 */
const quietCharsAMs = 20
const charsAnUpdate = 1_000

export interface CompactionPlan {
  readonly snapshot: 'due' | null
  readonly compact: VersionVector | null
}

/** What comes in at the moment. */
export interface Pace {
  /** By a clock that only goes forward, in milliseconds. */
  readonly nowMs: number
  /** How long ago the last update came, in milliseconds. */
  readonly idleMs: number
  /** Whether so much comes that it is not dealt with one by one. */
  readonly isRush: boolean
  /** Whether some of what others hold has been asked for. */
  readonly isFetching: boolean
}

const idle: CompactionPlan = { snapshot: null, compact: null }

/**
 * When to write a snapshot, and how far the log may be discarded: an update goes only when it is stable and the
 * older of the two kept snapshots covers it, so that a broken snapshot can be fallen back from.
 */
export class Compaction {
  #older: VersionVector = new Map()
  #newer: VersionVector
  #floor: VersionVector = new Map()
  /** How many there were when the log was last compacted. */
  #mails = 0
  readonly #tuning: CompactionTuning
  #busy = false
  /** When the last snapshot was begun, and how long it is. */
  #begunMs = -Infinity
  #chars = 0
  /** Since when something is due that waits for a calm moment; null while nothing does. */
  #waitingSinceMs: number | null = null

  constructor(snapshot: VersionVector, tuning: CompactionTuning) {
    this.#newer = snapshot
    this.#tuning = tuning
  }

  plan(vector: VersionVector, stable: VersionVector, mails: number, pace: Pace): CompactionPlan {
    if (this.#busy) return idle
    const { snapshotUpdates, quietMs, quietGain, calmMs, patienceMs } = this.#tuning
    const isQuiet = !pace.isRush && pace.idleMs >= quietMs
    const worthwhile = Math.max(quietGain, mails * quietShare)
    const floor = meetVectors(stable, this.#older)
    // One update may delete a thousand mails, as that by which somebody empties the trash.
    const gain = distance(floor, this.#floor) + Math.max(0, this.#mails - mails)
    const updates = distance(vector, this.#newer)
    const snapshotAt = Math.max(snapshotUpdates, mails * snapshotShare)
    const isWaiting = !pace.isRush && (gain >= snapshotUpdates || updates >= snapshotAt)
    this.#waitingSinceMs = isWaiting ? (this.#waitingSinceMs ?? pace.nowMs) : null
    const waitedMs = pace.nowMs - (this.#waitingSinceMs ?? pace.nowMs)
    const factor = isWaiting && (pace.idleMs >= calmMs || waitedMs >= patienceMs) ? 1 : busyFactor
    if (gain >= snapshotUpdates * factor || (isQuiet && gain >= worthwhile)) {
      this.#busy = true
      this.#floor = floor
      this.#mails = mails
      return { snapshot: null, compact: floor }
    }
    const isRested = pace.nowMs - this.#begunMs >= this.#chars / quietCharsAMs
    const least = isRested ? worthwhile : Math.max(worthwhile, this.#chars / charsAnUpdate)
    const wouldFree = isQuiet && distance(meetVectors(stable, vector), this.#older) >= least
    const leastUpdates = pace.isFetching
      ? Math.max(snapshotUpdates * busyFactor, mails * fetchingShare)
      : snapshotAt * factor
    if (updates < leastUpdates && !wouldFree) return idle
    this.#busy = true
    this.#begunMs = pace.nowMs
    return { snapshot: 'due', compact: null }
  }

  snapshotWritten(vector: VersionVector, chars = 0): void {
    this.#chars = chars
    this.#older = this.#newer
    this.#newer = vector
    this.#ended()
  }

  /**
   * The state holds by itself now what the kept snapshots only name, because they were written before it was understood: what they name must not
   * be discarded as long as it may be read again from one of them.
   */
  understood(): void {
    this.#older = new Map()
    this.#newer = new Map()
  }

  compacted(): void {
    this.#ended()
  }

  #ended(): void {
    this.#busy = false
    this.#waitingSinceMs = null
  }
}
