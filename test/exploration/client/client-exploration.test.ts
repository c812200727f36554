import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { runClients } from './client-explore.ts'
import { clientDeviationsAt, type ClientDeviation, type ClientOption } from './client-deviations.ts'
import { clientScenarios } from './client-scenarios.ts'
import type { PlantedClientBug } from './client-worker.ts'

const scenarioOf = (name: string) => {
  const scenario = clientScenarios[name]
  if (scenario === undefined) throw new Error(`no scenario is called "${name}"`)
  return scenario
}

/** With this option alone, each time that it can be at one of these moments. */
const plansOf = async (name: string, option: ClientOption, from: number, until: number) => {
  const { moments } = await runClients(scenarioOf(name), [])
  return clientDeviationsAt(moments, from, until).filter((deviation) => deviation.option === option)
}

const expectTrue = async (name: string, deviation: ClientDeviation): Promise<void> => {
  expect((await runClients(scenarioOf(name), [deviation])).failed, JSON.stringify(deviation)).toBe(null)
}

test('a scenario goes the same way whenever the same goes wrong, and another way otherwise', async () => {
  const scenario = scenarioOf('sent, and taken back')
  const plan = [
    { moment: 10, option: 'slow' },
    { moment: 40, option: 'kill' },
  ] as const
  const one = await runClients(scenario, plan)
  const two = await runClients(scenario, plan)
  expect(two.moments.map(({ text }) => text())).toEqual(one.moments.map(({ text }) => text()))
  expect((await runClients(scenario, plan.slice(1))).course).not.toBe(one.course)
})

test.each(Object.keys(clientScenarios))('what people are told is true, whatever goes wrong once: %s', async (name) => {
  const { moments, failed } = await runClients(scenarioOf(name), [])
  expect(failed).toBe(null)
  const all = clientDeviationsAt(moments, 0, moments.length)
  for (const share of [0.3, 0.7]) {
    const deviation = all[Math.floor(share * all.length)]
    if (deviation !== undefined) await expectTrue(name, deviation)
  }
})

test('who signs up at a server that goes away at once is logged in at the next, with the same account', async () => {
  const plans = await plansOf('signed up', 'away', 5, 12)
  expect(plans.length).toBeGreaterThan(2)
  for (const deviation of plans) await expectTrue('signed up', deviation)
})

/** The check that finds the planted bug, if one does. */
const findsOut = (planted: PlantedClientBug): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('client-worker.ts', import.meta.url), { workerData: planted })
    worker.on('error', reject)
    worker.on('message', resolve)
  })

test.each([
  ['a document is said to be written before it is', 'a draft is written', 'full', 'not as told'],
  [
    'of a draft that was written on two sides the last version is kept',
    'a draft is written on two sides',
    'slow',
    'a version of a draft is lost',
  ],
  ['a session that was taken over goes on', 'away, and back', 'elsewhere', 'a client that is logged in is not served'],
] as const)('exploration finds that %s', async (plant, scenario, option, check) => {
  const plans = (await plansOf(scenario, option, 4, 24)).map((deviation) => [deviation])
  expect(await findsOut({ plant, scenario, plans })).toBe(check)
})
