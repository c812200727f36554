import type { CompactionTuning } from '../../replica/core/compaction.ts'
import { seatCount } from '../../replica/core/model/ids.ts'
import type { NetworkQuality } from './network.ts'
import type { Random } from './random.ts'

/** Kinds of faults; each history has its own mix of them (swarm testing: Groce et al., 2012). */
export const faultKinds = ['crash', 'partition', 'oneWay', 'cut', 'clock', 'pause', 'away', 'rot', 'restore'] as const
export type FaultKind = (typeof faultKinds)[number]

/** What one history is like. */
export interface Settings {
  readonly chaosMs: number
  /** Seats taken before the chaos begins. */
  readonly firstSeats: number
  readonly joiners: number
  readonly replacements: number
  readonly faultEveryMs: number
  readonly faults: readonly FaultKind[]
  readonly commandEveryMs: number
  readonly burstChance: number
  readonly network: NetworkQuality
  readonly tuning: CompactionTuning
  /** What one answer carries: small, so that long ranges take many. */
  readonly chunkBytes: number
}

/** These two blur what can be checked: of most histories they are kept away. */
const rareFaults: readonly FaultKind[] = ['rot', 'restore']

/** Most of the time some kinds are left out, so that the others get far. */
export const chooseSettings = (random: Random): Settings => {
  const faults = faultKinds.filter((kind) => random.chance(rareFaults.includes(kind) ? 0.25 : 0.6))
  const firstSeats = random.int(3, seatCount)
  const replacements =
    firstSeats < seatCount && !faults.includes('rot') && !faults.includes('restore') ? random.int(0, 2) : 0
  return {
    chaosMs: random.int(10_000, 32_000),
    firstSeats,
    joiners: random.int(0, seatCount - firstSeats + 1),
    replacements,
    faultEveryMs: random.int(500, 6_000),
    faults,
    commandEveryMs: random.int(40, 600),
    burstChance: random.chance(0.5) ? 0.03 : 0.005,
    network: {
      delayMs: random.pick([2, 10, 80]) ?? 10,
      slowChance: random.pick([0, 0.05, 0.3]) ?? 0,
      gossipLoss: random.pick([0, 0.05, 0.5]) ?? 0,
      gossipRepeat: random.pick([0, 0.1]) ?? 0,
      pushDrop: random.pick([0, 0.1, 1]) ?? 0,
    },
    tuning: {
      snapshotUpdates: random.pick([20, 60, 200]) ?? 60,
      quietMs: random.pick([500, 1_500, 3_000]) ?? 1_500,
      quietGain: random.int(3, 20),
    },
    chunkBytes: random.pick([600, 4_000, 40_000]) ?? 4_000,
  }
}
