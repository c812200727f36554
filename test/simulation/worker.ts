import { parentPort, workerData } from 'node:worker_threads'
import { runHistory } from './history.ts'
import { plantBug } from './planted-bugs.ts'
import type { TraceMode } from './trace.ts'

/** One seed to run. */
export interface Job {
  readonly seed: number
  readonly mode: TraceMode
}

const { plant } = workerData as { readonly plant: string | null }
if (plant !== null) plantBug(plant)

parentPort?.on('message', ({ seed, mode }: Job) => {
  parentPort?.postMessage(runHistory(seed, mode))
})
