import type { VersionVector } from './model/messages.ts'
import { distance, meetVectors } from './version-vector.ts'

/** When snapshots and compaction are worth their cost. */
export interface CompactionTuning {
  /** A snapshot is due after this many updates, or a twentieth of the mails when that is more, so that its cost stays in proportion. */
  readonly snapshotUpdates: number
  /** In a quiet hour (no update for `quietMs`) this many updates, or 2 % of the mails, are worth a snapshot and a compaction. */
  readonly quietMs: number
  readonly quietGain: number
}

export const usualTuning: CompactionTuning = { snapshotUpdates: 4_000, quietMs: 3_000, quietGain: 100 }

/** While much comes in, both wait until they are worth so many times more: people wait for what else there is to do. */
const rushFactor = 3
const snapshotShare = 0.05
const quietShare = 0.02

export interface CompactionPlan {
  readonly snapshot: 'due' | null
  readonly compact: VersionVector | null
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
  readonly #tuning: CompactionTuning
  #busy = false

  constructor(snapshot: VersionVector, tuning: CompactionTuning) {
    this.#newer = snapshot
    this.#tuning = tuning
  }

  /** `pace`: how long ago the last update came, in milliseconds, or that much comes in. */
  plan(vector: VersionVector, stable: VersionVector, mails: number, pace: number | 'rush'): CompactionPlan {
    if (this.#busy) return idle
    const { snapshotUpdates, quietMs, quietGain } = this.#tuning
    const isQuiet = pace !== 'rush' && pace >= quietMs
    const factor = pace === 'rush' ? rushFactor : 1
    const worthwhile = Math.max(quietGain, mails * quietShare)
    const floor = meetVectors(stable, this.#older)
    const gain = distance(floor, this.#floor)
    if (gain >= snapshotUpdates * factor || (isQuiet && gain >= worthwhile)) {
      this.#busy = true
      this.#floor = floor
      return { snapshot: null, compact: floor }
    }
    const due = distance(vector, this.#newer) >= Math.max(snapshotUpdates, mails * snapshotShare) * factor
    const wouldFree = isQuiet && distance(meetVectors(stable, vector), this.#older) >= worthwhile
    if (!due && !wouldFree) return idle
    this.#busy = true
    return { snapshot: 'due', compact: null }
  }

  snapshotWritten(vector: VersionVector): void {
    this.#older = this.#newer
    this.#newer = vector
    this.#busy = false
  }

  compacted(): void {
    this.#busy = false
  }
}
