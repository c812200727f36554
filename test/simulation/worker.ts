import { parentPort, workerData } from 'node:worker_threads'
import { replaceSeatCount } from './seat-count.ts'
import type { Mix } from './settings.ts'
import type { TraceMode } from './trace.ts'

/** What all histories of a worker have in common. */
export interface WorkerData {
  readonly plant: string | null
  /** Null for as many as the product has. */
  readonly seats: number | null
  readonly mix: Mix
}

/** One seed to run. */
export interface Job {
  readonly seed: number
  readonly mode: TraceMode
}

const { plant, seats, mix } = workerData as WorkerData
if (seats !== null) replaceSeatCount(seats)
const { runHistory } = await import('./history.ts')
const { plantBug } = await import('./planted-bugs.ts')
if (plant !== null) plantBug(plant)

parentPort?.on('message', ({ seed, mode }: Job) => {
  parentPort?.postMessage(runHistory(seed, mode, mix))
})
