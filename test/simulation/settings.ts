import type { CompactionTuning } from '../../replica/core/compaction.ts'
import { seatCount } from '../../replica/core/model/ids.ts'
import type { CoreTuning } from '../../replica/core/tuning.ts'
import type { NetworkQuality } from './network.ts'
import { Random } from './random.ts'

/** Kinds of faults; each history has its own mix of them (swarm testing: Groce et al., 2012). */
export const faultKinds = ['crash', 'partition', 'oneWay', 'cut', 'clock', 'pause', 'away', 'rot', 'restore'] as const
/** `everybody`: all copies are set aside at once, as by `--reset --even-alone` at each machine. */
export type FaultKind = (typeof faultKinds)[number] | 'everybody' | 'full'

/**
 * `copies`: old copies are restored all the time, and in some histories everybody's is set aside at once. `versions`: some machines begin with a
 * former version of the program, which knows some kinds of updates only when it has been replaced; and somebody looks after the group. `liar`:
 * one machine is not honest.
 */
export type Mix = 'ordinary' | 'copies' | 'versions' | 'liar'

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
  /** How often somebody logs in or out; null for never. */
  readonly logInEveryMs: number | null
  /** How often somebody makes a new key for the group; null for never. */
  readonly keyEveryMs: number | null
  readonly burstChance: number
  readonly network: NetworkQuality
  readonly tuning: CoreTuning
  /** What one answer carries: small, so that long ranges take many. */
  readonly chunkBytes: number
}

/** These two blur what can be checked: of most histories they are kept away. */
const rareFaults: readonly FaultKind[] = ['rot', 'restore']

export const chooseSettings = (random: Random, mix: Mix): Settings => {
  const settings = ordinary(random)
  const faults = settings.faults.filter((kind) => !rareFaults.includes(kind))
  if (mix === 'versions') return { ...settings, faults }
  if (mix === 'liar') return { ...settings, faults, replacements: 0, keyEveryMs: null, logInEveryMs: null }
  return mix === 'ordinary' ? settings : withCopies(settings, random)
}

/** In three of ten the group gets new keys. By chances of its own, so that others stay as they are. */
const ordinary = (random: Random): Settings => {
  const settings = withoutKeys(random)
  const ofKeys = new Random(settings.chaosMs + 2)
  return ofKeys.chance(0.3) ? withKeys(settings, ofKeys) : settings
}

/** Most of the time some kinds are left out, so that the others get far. */
const withoutKeys = (random: Random): Settings => {
  const faults = faultKinds.filter((kind) => random.chance(rareFaults.includes(kind) ? 0.25 : 0.6))
  const firstSeats = random.int(3, seatCount)
  const replacements =
    firstSeats < seatCount && !faults.includes('rot') && !faults.includes('restore') ? random.int(0, 2) : 0
  const chaosMs = random.int(10_000, 32_000)
  // By chances of its own, so that histories stay what they are otherwise.
  const full: readonly FaultKind[] = new Random(chaosMs + 1).chance(0.3) ? ['full'] : []
  const ofLogIns = new Random(chaosMs + 5)
  return {
    chaosMs,
    logInEveryMs: ofLogIns.chance(0.25) ? ofLogIns.int(200, 2_000) : null,
    keyEveryMs: null,
    firstSeats,
    joiners: random.int(0, seatCount - firstSeats + 1),
    replacements,
    faultEveryMs: random.int(500, 6_000),
    faults: [...faults, ...full],
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
      compaction: withPauses({
        snapshotUpdates: random.pick([20, 60, 200]) ?? 60,
        quietMs: random.pick([500, 1_500, 3_000]) ?? 1_500,
        quietGain: random.int(3, 20),
      }),
      gathering: chooseGathering(new Random(chaosMs)),
    },
    chunkBytes: random.pick([600, 4_000, 40_000]) ?? 4_000,
  }
}

/** Machines are shut out, too, where they can be replaced; and in some of these histories to fetch what one has missed takes long. */
const withKeys = (settings: Settings, random: Random): Settings => {
  const isBlurred = settings.faults.some((kind) => rareFaults.includes(kind))
  const isSlow = random.chance(0.5)
  return {
    ...settings,
    keyEveryMs: random.int(1_500, 8_000),
    replacements: isBlurred ? 0 : Math.max(1, settings.replacements),
    network: isSlow ? { ...settings.network, delayMs: 80 } : settings.network,
    chunkBytes: isSlow ? 600 : settings.chunkBytes,
  }
}

/** What is due waits for a moment without commands, which not every run has. */
const withPauses = (tuning: Omit<CompactionTuning, 'calmMs' | 'patienceMs'>): CompactionTuning => ({
  ...tuning,
  calmMs: tuning.quietMs / 5,
  patienceMs: tuning.quietMs,
})

/** What rots is left out: the others that have it whole may be restored from before they had it. */
const withCopies = (settings: Settings, random: Random): Settings => {
  const others = settings.faults.filter((kind) => kind !== 'rot' && kind !== 'restore')
  const everybody: readonly FaultKind[] = random.chance(0.4) ? ['everybody'] : []
  return {
    ...settings,
    firstSeats: random.int(2, seatCount),
    joiners: random.int(0, 1),
    replacements: 0,
    faultEveryMs: random.int(500, 2_500),
    faults: [...others, ...everybody, 'restore', 'restore', 'restore'],
  }
}

/** By chances of its own, so that histories stay what they are otherwise. */
const chooseGathering = (random: Random): CoreTuning['gathering'] => ({
  burst: random.pick([1, 3, 25]) ?? 3,
  aSecond: random.pick([0, 5, 250]) ?? 5,
  calmMs: random.pick([100, 2_000]) ?? 100,
  gatherMs: random.pick([25, 200]) ?? 25,
  gatherBytes: random.pick([500, 65_536]) ?? 500,
})
