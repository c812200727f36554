import { Caretaker } from './caretaker.ts'
import * as checks from './checks.ts'
import { Faults } from './faults.ts'
import { converged, isConverged } from './convergence.ts'
import { KeyChanges } from './group-keys.ts'
import { LogIns } from './log-ins.ts'
import { beginLying } from './liar.ts'
import { Growth } from './growth.ts'
import { Random } from './random.ts'
import type { Mix, Settings } from './settings.ts'
import { chooseSettings } from './settings.ts'
import type { TraceMode } from './trace.ts'
import { understoodBy } from './versions.ts'
import { Violation } from './violation.ts'
import { Workload } from './workload.ts'
import { World } from './world.ts'

export interface Failed {
  readonly check: string
  readonly message: string
  /** The last events, readable. */
  readonly events: readonly string[]
}

export interface HistoryResult {
  readonly seed: number
  readonly settings: Settings
  /** Null when everything held. */
  readonly failed: Failed | null
  readonly coverage: Readonly<Record<string, number>>
  readonly fingerprint: string
  /** How long the group needed to agree after everything was healed. */
  readonly healMs: number
  /** Every event, when the trace was kept whole. */
  readonly lines: readonly string[]
}

/** Besides what small answers over a slow network make of what is to be fetched. Doubts about forks, of 20 s each, may follow on each other. */
const healLimitMs: Readonly<Record<Mix, number>> = {
  ordinary: 60_000,
  copies: 120_000,
  versions: 60_000,
  liar: 120_000,
}
/** The group is founded, and some have joined. */
const lieAfterMs = 1_200
const lookEveryMs = 250
const shownEvents = 50

/** Runs the history of one seed: growth, work and faults; then everything is healed and must converge. */
export const runHistory = (seed: number, mode: TraceMode = 'last', mix: Mix = 'ordinary'): HistoryResult => {
  const random = new Random(seed)
  const world = new World(random, chooseSettings(random, mix), mode, mix)
  let failed: Failed | null = null
  let healMs = 0
  try {
    healMs = live(world, healLimitMs[mix])
  } catch (error) {
    failed = failureOf(world, error)
  }
  return {
    seed,
    settings: world.settings,
    failed,
    coverage: world.coverage.counts(),
    fingerprint: world.trace.fingerprint,
    healMs,
    lines: world.trace.all(),
  }
}

/** What a check or an assertion has thrown, for people. */
export const failureOf = (world: World, error: unknown): Failed => {
  const events = world.trace.last(shownEvents)
  if (error instanceof Violation) return { check: error.check, message: error.message, events }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { check: 'invariant', message, events }
}

/** Returns how long the group needed to agree after everything was healed. */
export const live = (world: World, healLimitMs: number): number => {
  const { timeline, settings } = world
  const growth = new Growth(world)
  const workload = new Workload(world)
  const faults = new Faults(world)
  if (world.mix === 'liar') timeline.after(lieAfterMs, () => beginLying(world))
  const caretaker = world.mix === 'versions' ? new Caretaker(world) : null
  if (settings.keyEveryMs !== null) world.keyChanges = new KeyChanges(world, settings.keyEveryMs)
  if (settings.logInEveryMs !== null) world.logIns = new LogIns(world, settings.logInEveryMs)
  timeline.run(settings.chaosMs, () => false)
  workload.stop()
  growth.stop()
  caretaker?.stop()
  world.keyChanges?.stop()
  world.logIns?.stop()
  const healMs = healed(world, { faults, growth }, healLimitMs)
  if (world.liar !== null) {
    checks.littleWork(world)
    // It may have told now what it had kept back.
    agree(world, growth, healLimitMs)
  }
  restartAll(world)
  return healMs
}

/** Everything is healed, and the group has to agree. Returns how long that took. */
export const healed = (
  world: World,
  { faults, growth }: { readonly faults: Faults; readonly growth: Growth },
  limitMs: number,
): number => {
  faults.heal()
  return agree(world, growth, limitMs)
}

/** Returns how long that took. */
const agree = (world: World, growth: Growth, limitMs: number): number => {
  const { timeline } = world
  const sinceMs = timeline.nowMs
  const untilMs = sinceMs + limitMs + fetchMs(world)
  while (timeline.nowMs < untilMs && !isConverged(world)) {
    growth.joinAgain(timeline.nowMs - sinceMs)
    timeline.run(timeline.nowMs + lookEveryMs, () => false)
  }
  const neededMs = timeline.nowMs - sinceMs
  converged(world)
  return neededMs
}

/** Asking for all that there is, answer by answer, one after the other. */
const fetchMs = ({ ledger, settings }: World): number => {
  const updates = [...ledger.updates.values()]
  const bytes = updates.reduce((sum, update) => sum + update.bytes.length, 0)
  return (bytes / settings.chunkBytes) * 2 * settings.network.delayMs
}

/** What every disk gives back is the same state once more. */
export const restartAll = (world: World): void => {
  const digest = world.lasting()[0]?.core.state.digest()
  for (const machine of world.lasting()) {
    machine.audit.lookNow(machine)
    machine.crash()
    machine.start()
    machine.core.step(machine.wallMs, understoodBy(machine))
    checks.sameAfterRestart(machine, digest ?? '')
  }
}
