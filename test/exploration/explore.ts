import { Faults } from '../simulation/faults.ts'
import { KeyChanges } from '../simulation/group-keys.ts'
import { type Failed, failureOf, healed, restartAll } from '../simulation/history.ts'
import { LogIns } from '../simulation/log-ins.ts'
import type { Settings } from '../simulation/settings.ts'
import type { TraceMode } from '../simulation/trace.ts'
import { World } from '../simulation/world.ts'
import { Calm } from './calm.ts'
import { type Deviation, Deviations, type Moment } from './deviations.ts'
import type { Scenario } from './scenario.ts'
import { Stage } from './stage.ts'

const never = 1e12
const healLimitMs = 120_000

export const settingsOf = ({ seats, lastsMs, has }: Scenario): Settings => ({
  chaosMs: lastsMs,
  firstSeats: seats,
  joiners: 0,
  replacements: 0,
  faultEveryMs: never,
  faults: [],
  commandEveryMs: never,
  logInEveryMs: has.includes('log-ins') ? never : null,
  keyEveryMs: has.includes('keys') ? never : null,
  burstChance: 0,
  network: { delayMs: 20, slowChance: 0, gossipLoss: 0, gossipRepeat: 0, pushDrop: 0 },
  tuning: {
    compaction: { snapshotUpdates: 12, quietMs: 400, quietGain: 2, calmMs: 80, patienceMs: 400 },
    gathering: { burst: 25, aSecond: 250, calmMs: 500, gatherMs: 50, gatherBytes: 65_536 },
  },
  chunkBytes: 2_000,
})

export interface Run {
  readonly failed: Failed | null
  /** What could have gone wrong, in its order. */
  readonly moments: readonly Moment[]
  /** Equal for runs that went the same way. */
  readonly course: string
  /** Equal for runs that ended with the same state. */
  readonly end: string
  readonly lines: readonly string[]
}

/** Plays a scenario once, with what is planned to go wrong; then everything is healed, and all the checks of the simulator have to hold. */
export const run = (scenario: Scenario, plan: readonly Deviation[], seed: number, mode: TraceMode = 'last'): Run => {
  const random = new Calm(seed)
  const deviations = new Deviations(plan, random)
  const world = new World(random, settingsOf(scenario), mode, 'ordinary', deviations)
  deviations.begin(world)
  let failed: Failed | null = null
  let end: string
  try {
    end = play(world, scenario, deviations)
  } catch (error) {
    failed = failureOf(world, error)
    end = failed.check
  }
  return { failed, moments: deviations.seen, course: world.trace.fingerprint, end, lines: world.trace.all() }
}

const play = (world: World, { lastsMs, has, play: begin }: Scenario, deviations: Deviations): string => {
  const faults = new Faults(world)
  const stage = new Stage(world, faults, deviations)
  if (has.includes('keys')) world.keyChanges = new KeyChanges(world, never)
  if (has.includes('log-ins')) world.logIns = new LogIns(world, never)
  begin(stage)
  world.timeline.run(lastsMs, () => false)
  stage.stop()
  deviations.stop()
  world.keyChanges?.stop()
  world.logIns?.stop()
  healed(world, { faults, growth: stage.growth }, healLimitMs)
  restartAll(world)
  return world.lasting()[0]?.core.state.digest() ?? ''
}

/** All that can go wrong alone at one of these moments. */
export const deviationsAt = (moments: readonly Moment[], from: number, until: number): readonly Deviation[] =>
  moments
    .slice(from, until)
    .flatMap(({ options }, index) => options.map((option) => ({ moment: from + index, option })))
