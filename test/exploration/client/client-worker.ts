import { parentPort, workerData } from 'node:worker_threads'
import { plantClientBug } from './planted-client-bugs.ts'
import { runClients } from './client-explore.ts'
import { clientScenarios } from './client-scenarios.ts'
import type { ClientDeviation } from './client-deviations.ts'

/** A bug stays planted in its thread. */
export interface PlantedClientBug {
  readonly plant: string
  readonly scenario: string
  readonly plans: readonly (readonly ClientDeviation[])[]
}

const { plant, scenario: name, plans } = workerData as PlantedClientBug
const scenario = clientScenarios[name]
if (scenario === undefined) throw new Error(`no scenario is called "${name}"`)
plantClientBug(plant)
let found: string | null = null
for (const plan of plans) found ??= (await runClients(scenario, plan)).failed?.check ?? null
parentPort?.postMessage(found)
