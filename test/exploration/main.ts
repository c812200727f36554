import { parseArgs } from 'node:util'
import { plantBug, plantedBugNames } from '../simulation/planted-bugs.ts'
import type { Deviation, Moment, Option } from './deviations.ts'
import { deviationsAt, type Run, run } from './explore.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'

const usage = `Plays short scenarios, and lets something go wrong at every moment of them.
  --scenario NAME   one of: ${Object.keys(scenarios).join(', ')} (default: all)
  --depth 1|2       how many things go wrong in one run (default 1)
  --most N          so many runs of each scenario at most, spread evenly
  --window N        the second within so many moments after the first (default: any)
  --seed S          small delays are those of this seed (default 1)
  --minutes M       stop after so long
  --part I/N        of N parts of the runs, this one
  --plant NAME      with this bug planted: it must be found
  --replay "..."    one run, every event; as a failure prints it, or "" for the scenario as it is
  --moments         with --replay: and the moments, by their numbers`

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    depth: { type: 'string', default: '1' },
    most: { type: 'string', default: 'Infinity' },
    window: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
    part: { type: 'string', default: '1/1' },
    plant: { type: 'string' },
    replay: { type: 'string' },
    moments: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const shownFailures = 3
const msPerMinute = 60_000
const goldenSection = 0.618
const seed = Number(values.seed)
const most = Number(values.most)
const window = Number(values.window)
const untilMs = performance.now() + Number(values.minutes) * msPerMinute
const [part, parts] = values.part.split('/').map(Number)

const parsed = (text: string): readonly Deviation[] =>
  text.split(',').map((one) => {
    const [moment, option] = one.trim().split(/\s+/)
    return { moment: Number(moment), option: option as Option }
  })

const textOf = (plan: readonly Deviation[]): string =>
  plan.map(({ moment, option }) => `${moment} ${option}`).join(', ')

/** Evenly spread. */
const some = <Value>(all: readonly Value[], count: number): readonly Value[] =>
  all.length <= count
    ? all
    : Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)] as Value)

/** In an order in which any beginning is spread over all. */
const mixed = <Value>(all: readonly Value[]): readonly Value[] => {
  const step = stride(all.length)
  return all.map((_, index) => all[(index * step) % all.length] as Value)
}

/** About the golden section of so many, and without a common factor. */
const stride = (count: number): number => {
  const common = (one: number, other: number): number => (other === 0 ? one : common(other, one % other))
  let step = Math.max(1, Math.round(count * goldenSection))
  while (common(count, step) > 1) step += 1
  return step
}

class Exploration {
  readonly #name: string
  readonly #scenario: Scenario
  readonly #courses = new Set<string>()
  readonly #ends = new Set<string>()
  readonly #failures = new Map<string, string[]>()
  #runs = 0
  #failed = 0

  constructor(name: string, scenario: Scenario) {
    this.#name = name
    this.#scenario = scenario
  }

  get isOver(): boolean {
    return performance.now() > untilMs || (values.plant !== undefined && this.#failed > 0)
  }

  get runs(): number {
    return this.#runs
  }

  get failed(): number {
    return this.#failed
  }

  explore(depth: number): void {
    const { moments, failed } = this.#take([])
    if (failed !== null) return
    const firsts = deviationsAt(moments, 0, moments.length)
    const share = some(depth === 1 ? firsts : mixed(firsts), depth === 1 ? most : Infinity)
    const mine = share.filter((_, index) => index % (parts ?? 1) === (part ?? 1) - 1)
    for (const [index, first] of mine.entries()) {
      if (this.isOver) break
      const one = this.#take([first])
      if (depth === 1 || one.failed !== null) continue
      this.#second(first, one.moments, Math.ceil(most / firsts.length), index)
    }
    this.#summary(moments.length, firsts.length)
  }

  #second(first: Deviation, moments: readonly Moment[], count: number, turn: number): void {
    const seconds = deviationsAt(moments, first.moment + 1, Math.min(moments.length, first.moment + 1 + window))
    // Another share of them for each first one.
    const shifted = seconds.map((_, index) => seconds[(index + turn * 7) % seconds.length] as Deviation)
    for (const second of some(shifted, count)) {
      if (this.isOver) return
      this.#take([first, second])
    }
  }

  #take(plan: readonly Deviation[]): Run {
    const result = run(this.#scenario, plan, seed)
    this.#runs += 1
    this.#courses.add(result.course)
    this.#ends.add(result.end)
    if (result.failed !== null) this.#fails(plan, result)
    return result
  }

  #fails(plan: readonly Deviation[], { failed, moments }: Run): void {
    if (failed === null) return
    this.#failed += 1
    const alike = this.#failures.get(failed.check) ?? []
    this.#failures.set(failed.check, [...alike, textOf(plan)])
    if (alike.length >= shownFailures) return
    const where = plan.map(({ moment, option }) => `${option} at ${moments[moment]?.text() ?? moment}`).join(', then ')
    console.log(`FAILED: ${failed.check}: ${where}\n${failed.message.split('\n').slice(0, 12).join('\n')}`)
    console.log(
      `replay: npm run explore -- --scenario "${this.#name}"${plantText()} --seed ${seed} --replay "${textOf(plan)}"`,
    )
  }

  #summary(moments: number, firsts: number): void {
    console.log(
      `${this.#name}: ${moments} moments, ${firsts} deviations, ${this.#runs} runs, ${this.#courses.size} courses, ${this.#ends.size} end states, ${this.#failed} failed`,
    )
    for (const [check, plans] of this.#failures)
      console.log(`  ${check}: ${plans.length}: ${plans.slice(0, 8).join('; ')}`)
  }
}

const plantText = (): string => (values.plant === undefined ? '' : ` --plant "${values.plant}"`)

const replay = (scenario: Scenario, plan: string): boolean => {
  const { failed, lines, moments } = run(scenario, plan === '' ? [] : parsed(plan), seed, 'all')
  console.log(lines.join('\n'))
  for (const [index, { text }] of moments.entries()) if (values.moments) console.log(`${index}: ${text()}`)
  if (failed !== null) console.log(`FAILED: ${failed.check}\n${failed.message}`)
  return failed === null
}

const chosen = Object.entries(scenarios).filter(([name]) => (values.scenario ?? name) === name)
const isKnown = values.plant === undefined || plantedBugNames.includes(values.plant)
if (values.help || chosen.length === 0 || !isKnown || !['1', '2'].includes(values.depth)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}
if (values.plant !== undefined) plantBug(values.plant)

if (values.replay !== undefined) {
  const [[, scenario] = []] = chosen
  if (scenario !== undefined && !replay(scenario, values.replay)) process.exitCode = 1
} else {
  let [passed, failed] = [0, 0]
  for (const [name, scenario] of chosen) {
    const exploration = new Exploration(name, scenario)
    exploration.explore(Number(values.depth))
    passed += exploration.runs - exploration.failed
    failed += exploration.failed
  }
  console.log(`runs: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
