import { Worker } from 'node:worker_threads'
import { parseArgs } from 'node:util'
import { Coverage, type CoverageKind, coverageKinds, leftOut, rareKinds } from './coverage.ts'
import type { HistoryResult } from './history.ts'
import { plantedBugNames } from './planted-bugs.ts'
import type { Mix } from './settings.ts'
import type { Job, WorkerData } from './worker.ts'

const usage = `Simulates whole histories of a group, one a seed.
  --seeds N      how many (default 200)
  --seed S       the first seed (default 1)
  --verbose      print every event of each history
  --plant NAME   with this bug planted: ${plantedBugNames.join(', ')}
  --copies       with old copies restored all the time, and everybody's set aside at once
  --versions     with machines of a former version, which are brought up to date one after the other
  --liar         with one machine that is not honest
  --seats N      in a group of so many (default: as many as the product has)
  --workers N    threads (default 2)`

const progressEveryMs = 5_000
const shownFailures = 5

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    plant: { type: 'string' },
    copies: { type: 'boolean', default: false },
    versions: { type: 'boolean', default: false },
    liar: { type: 'boolean', default: false },
    seats: { type: 'string' },
    workers: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
})

const firstSeed = Number(values.seed)
const seeds = Number(values.seeds)
const workers = Math.min(Number(values.workers), seeds)
const seats = values.seats === undefined ? null : Number(values.seats)
const mix: Mix = values.liar ? 'liar' : values.versions ? 'versions' : values.copies ? 'copies' : 'ordinary'
const areNumbers = [firstSeed, seeds, workers, seats ?? 3].every((value) => Number.isSafeInteger(value) && value > 0)
if (values.help || !areNumbers || (values.plant !== undefined && !plantedBugNames.includes(values.plant))) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}

const coverage = new Coverage()
const healTimesMs: number[] = []
const failures: HistoryResult[] = []
let next = firstSeed
let finished = 0

const given = (option: 'plant' | 'seats'): string => {
  const value = values[option]
  return value === undefined ? '' : ` --${option} ${/\s/.test(value) ? `"${value}"` : value}`
}

const commandFor = (seed: number): string =>
  `npm run sim -- --seeds 1 --seed ${seed}${given('plant')}${given('seats')}${mix === 'ordinary' ? '' : ` --${mix}`} --verbose`

const printFailure = ({ seed, failed, settings }: HistoryResult): void => {
  if (failed === null) return
  console.log(`\nseed ${seed} FAILED: ${failed.check}\n${failed.message}`)
  if (failures.length > shownFailures) return
  console.log(`settings: ${JSON.stringify(settings)}\nlast events:\n${failed.events.join('\n')}`)
  console.log(`replay: ${commandFor(seed)}`)
}

const take = (result: HistoryResult): void => {
  finished += 1
  coverage.merge(result.coverage)
  if (result.failed === null) healTimesMs.push(result.healMs)
  else failures.push(result)
  if (values.verbose) console.log(result.lines.join('\n'))
  printFailure(result)
}

/** Runs seed after seed until none is left. A worker that dies has lost its seed: that is a failure of the run. */
const runWorker = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const workerData: WorkerData = { plant: values.plant ?? null, seats, mix }
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData })
    const giveNext = (): void => {
      if (next >= firstSeed + seeds) {
        void worker.terminate().then(() => resolve())
        return
      }
      const job: Job = { seed: next, mode: values.verbose ? 'all' : 'last' }
      next += 1
      worker.postMessage(job)
    }
    worker.on('message', (result: HistoryResult) => {
      take(result)
      giveNext()
    })
    worker.on('error', reject)
    giveNext()
  })

const printSummary = (seconds: number): void => {
  console.log('\nwhat happened, over all seeds:')
  for (const kind of coverageKinds) console.log(`  ${String(coverage.of(kind)).padStart(10)}  ${kind}`)
  const sorted = healTimesMs.sort((left, right) => left - right)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  console.log(
    `agreed after healing: half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, all within ${at(1)} ms (simulated)`,
  )
  console.log(`${seconds.toFixed(0)} s, ${((seconds * 1_000) / finished).toFixed(0)} ms a seed`)
  const byCheck = Map.groupBy(failures, ({ failed }) => failed?.check ?? '')
  for (const [check, results] of byCheck) {
    const some = results.map(({ seed }) => seed).slice(0, 10)
    console.log(`${check}: ${results.length} seeds: ${some.join(' ')}`)
  }
}

const beganMs = performance.now()
const progress = setInterval(() => {
  console.log(`${finished} of ${seeds} seeds, ${failures.length} failed`)
}, progressEveryMs)
await Promise.all(Array.from({ length: workers }, runWorker))
clearInterval(progress)
printSummary((performance.now() - beganMs) / 1_000)

// Something that never happens is not tested: with enough seeds that is a fault of the simulator.
const enoughSeeds = (kind: CoverageKind): number => (rareKinds.has(kind) ? 2_000 : 200)
const isDue = (kind: CoverageKind): boolean => seeds >= enoughSeeds(kind) && !leftOut[mix].has(kind)
const absent = coverageKinds.filter((kind) => isDue(kind) && coverage.of(kind) === 0)
if (absent.length > 0 && values.plant === undefined) console.log(`never happened: ${absent.join(', ')}`)
if (failures.length > 0 || (absent.length > 0 && values.plant === undefined)) process.exitCode = 1
console.log(`seeds: ${finished - failures.length} passed, ${failures.length} failed`)
