import { parentPort, workerData } from 'node:worker_threads'
import { replaceSeatCount } from '../simulation/seat-count.ts'
import type { ScaleOptions } from './options.ts'

const options = workerData as ScaleOptions
replaceSeatCount(options.seats)
const { runScale } = await import('./run.ts')
parentPort?.postMessage(await runScale(options))
