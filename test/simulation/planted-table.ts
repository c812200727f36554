import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { HistoryResult } from './history.ts'
import { plantedBugNames } from './planted-bugs.ts'

/** Counts which checks find each planted bug, and in how many seeds: the table of docs/simulation.md. */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, plant: { type: 'string', multiple: true } },
})
const seeds = Number(values.seeds)

interface Count {
  readonly plant: string
  readonly found: number
  /** How many seeds each check found it in. */
  readonly checks: ReadonlyMap<string, number>
}

/** A thread of its own: a bug stays planted. */
const count = (plant: string): Promise<Count> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: { plant, seats: null, mix: 'ordinary' },
    })
    const checks = new Map<string, number>()
    let found = 0
    worker.on('error', reject)
    worker.on('message', ({ seed, failed }: HistoryResult) => {
      if (failed !== null) {
        found += 1
        checks.set(failed.check, (checks.get(failed.check) ?? 0) + 1)
      }
      if (seed < seeds) worker.postMessage({ seed: seed + 1, mode: 'last' })
      else void worker.terminate().then(() => resolve({ plant, found, checks }), reject)
    })
    worker.postMessage({ seed: 1, mode: 'last' })
  })

const caughtBy = ({ found, checks }: Count): string => {
  const ranked = [...checks].sort(([, left], [, right]) => right - left)
  if (ranked.length === 1) return ranked[0]?.[0] ?? ''
  return found === 0 ? 'nobody' : ranked.map(([check, times]) => `${check} ${times}`).join(', ')
}

const counts: Count[] = []
for (const plant of values.plant ?? plantedBugNames) {
  const counted = await count(plant)
  console.error(`${plant}: ${counted.found}, ${caughtBy(counted)}`)
  counts.push(counted)
}
console.log(`| planted bug | seeds of ${seeds} | caught by |\n| --- | --- | --- |`)
for (const counted of counts.toSorted((left, right) => right.found - left.found))
  console.log(`| ${counted.plant} | ${counted.found} | ${caughtBy(counted)} |`)
