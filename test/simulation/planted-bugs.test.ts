import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { HistoryResult } from './history.ts'
import { plantedBugNames } from './planted-bugs.ts'
import type { WorkerData } from './worker.ts'

/** Enough for each of these bugs, whatever the seeds make of the present code: the first ones that are told below are only quick. */
const seedsTried = 40
const workerFile = new URL('worker.ts', import.meta.url)

/** By which check the planted bug is found, at the first seed from this one on that finds it. A thread of its own: a bug stays planted. */
const firstFound = (plant: string, first: number): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: { plant, seats: null, mix: 'ordinary' } satisfies WorkerData })
    const finish = (check: string | null): void => void worker.terminate().then(() => resolve(check), reject)
    worker.on('error', reject)
    worker.on('message', ({ seed, failed }: HistoryResult) => {
      if (failed !== null || seed === first + seedsTried) finish(failed?.check ?? null)
      else worker.postMessage({ seed: seed + 1, mode: 'last' })
    })
    worker.postMessage({ seed: first, mode: 'last' })
  })

test.each([
  ['answers before it is durable', 2, 'durable before answered'],
  ['gossips before it is durable', 2, 'durable before sent'],
  ['own row counts what is not durable', 2, 'over-claim'],
  ['compaction forgets one seat', 11, 'stable before discarded'],
  ['the log is discarded as far as the newest snapshot', 2, 'snapshot before discarded'],
  ['a repeated command is executed again', 2, 'executed once'],
  ['a mail given to two servers counts twice', 4, 'executed once'],
  ['a post given to two servers is there twice', 15, 'executed once', 'model', 'convergence'],
  ['a read brings a deleted copy back', 6, 'mark stays', 'convergence', 'model', 'recovery'],
  ['of several words on a follow the first counts', 4, 'model', 'convergence'],
  ['a deletion of a post that comes before it is dropped', 10, 'model', 'convergence', 'recovery'],
  ['what was forgotten of a document comes back', 1, 'model', 'convergence', 'recovery'],
  ['the clock follows the wall', 2, 'clock'],
  ['the clock forgets what it saw', 10, 'answer after question'],
  ['waiting goes by the wall clock', 10, 'heartbeat'],
  ['a transfer is joined before its mails are stored', 11, 'content of live mail'],
  ['nothing missing is asked for', 2, 'convergence'],
  ['a machine that was shut out is known all the same', 21, 'shut out'],
  ['of two group keys the first stays', 13, 'convergence'],
  ['a promised seat is given once more', 43, 'promised seat'],
] as const)('the simulator finds that %s', async (plant, first, ...checks) => {
  expect(plantedBugNames).toContain(plant)
  expect(checks).toContain(await firstFound(plant, first))
})
