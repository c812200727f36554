import { parentPort, workerData } from 'node:worker_threads'
import { plantBug } from '../simulation/planted-bugs.ts'
import { deviationsAt, run } from './explore.ts'
import { scenarios } from './scenarios.ts'

/** A bug stays planted in its thread. */
export interface Planted {
  readonly plant: string
  readonly scenario: string
  /** The moments that are tried. */
  readonly from: number
  readonly until: number
}

const seed = 1
const { plant, scenario: name, from, until } = workerData as Planted
const scenario = scenarios[name]
if (scenario === undefined) throw new Error(`no scenario is called "${name}"`)
plantBug(plant)
const { moments, failed } = run(scenario, [], seed)
let found = failed?.check ?? null
for (const deviation of deviationsAt(moments, from, until))
  found ??= run(scenario, [deviation], seed).failed?.check ?? null
parentPort?.postMessage(found)
