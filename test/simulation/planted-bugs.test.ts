import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { HistoryResult } from './history.ts'
import { plantedBugNames } from './planted-bugs.ts'
import type { WorkerData } from './worker.ts'

/** Enough for each of these bugs, whatever the seeds make of the present code. */
const seedsTried = 40
const workerFile = new URL('worker.ts', import.meta.url)

/** The first seed of `1..seeds` that finds the planted bug, by which check. A thread of its own: a bug stays planted. */
const firstFound = (plant: string, seeds: number): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: { plant, seats: null, mix: 'ordinary' } satisfies WorkerData })
    const finish = (check: string | null): void => void worker.terminate().then(() => resolve(check), reject)
    worker.on('error', reject)
    worker.on('message', ({ seed, failed }: HistoryResult) => {
      if (failed !== null || seed === seeds) finish(failed?.check ?? null)
      else worker.postMessage({ seed: seed + 1, mode: 'last' })
    })
    worker.postMessage({ seed: 1, mode: 'last' })
  })

test.each([
  ['answers before it is durable', 'durable before answered'],
  ['own row counts what is not durable', 'over-claim'],
  ['compaction forgets one seat', 'stable before discarded'],
  ['a repeated command is executed again', 'executed once'],
  ['a mail given to two servers counts twice', 'executed once'],
  ['a post given to two servers is there twice', 'executed once', 'model', 'convergence'],
  ['a read brings a deleted copy back', 'mark stays', 'convergence', 'model', 'recovery'],
  ['of several words on a follow the first counts', 'model', 'convergence'],
  ['a deletion of a post that comes before it is dropped', 'model', 'convergence', 'recovery'],
  ['the clock forgets what it saw', 'answer after question'],
  ['a transfer is joined before its mails are stored', 'content of live mail'],
  ['nothing missing is asked for', 'convergence'],
  ['a machine that was shut out is known all the same', 'shut out'],
  ['of two group keys the first stays', 'convergence'],
])('the simulator finds that %s', async (plant, ...checks) => {
  expect(plantedBugNames).toContain(plant)
  expect(checks).toContain(await firstFound(plant, seedsTried))
})
