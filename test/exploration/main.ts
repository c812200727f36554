import { parseArgs } from 'node:util'
import { plantBug, plantedBugNames } from '../simulation/planted-bugs.ts'
import { plantClientBug, plantedClientBugs } from './client/planted-client-bugs.ts'
import { runClients } from './client/client-explore.ts'
import { clientScenarios } from './client/client-scenarios.ts'
import type { ClientDeviation } from './client/client-deviations.ts'
import { realMs } from './client/native-work.ts'
import type { Deviation } from './deviations.ts'
import { Exploration, planned, type PlayOnce } from './exploration.ts'
import { run } from './explore.ts'
import { scenarios } from './scenarios.ts'

const usage = `Plays short scenarios, and lets something go wrong at every moment of them.
  --of core|client  scenarios of the servers' core, or of the client (default: all)
  --scenario NAME   one of: ${[...Object.keys(scenarios), ...Object.keys(clientScenarios)].join('; ')} (default: all)
  --depth 1|2       how many things go wrong in one run (default 1)
  --most N          so many runs of each scenario at most, spread evenly
  --window N        the second within so many moments after the first (default: any)
  --seed S          small delays are those of this seed (default 1)
  --minutes M       stop after so long
  --part I/N        of N parts of the runs, this one
  --plant NAME      with this bug planted: it must be found
  --replay "..."    one run, every event; as a failure prints it, or "" for the scenario as it is
  --moments         with --replay: and the moments, by their numbers`

const { values } = parseArgs({
  options: {
    of: { type: 'string' },
    scenario: { type: 'string' },
    depth: { type: 'string', default: '1' },
    most: { type: 'string', default: 'Infinity' },
    window: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
    part: { type: 'string', default: '1/1' },
    plant: { type: 'string' },
    replay: { type: 'string' },
    moments: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const msPerMinute = 60_000
const seed = Number(values.seed)
const untilMs = realMs() + Number(values.minutes) * msPerMinute
const [part = 1, parts = 1] = values.part.split('/').map(Number)
const plantText = values.plant === undefined ? '' : ` --plant "${values.plant}"`

interface Chosen {
  readonly name: string
  readonly of: 'core' | 'client'
  readonly play: PlayOnce
}

const all: readonly Chosen[] = [
  ...Object.entries(scenarios).map(([name, scenario]): Chosen => ({
    name,
    of: 'core',
    play: (plan, mode) => run(scenario, plan as readonly Deviation[], seed, mode),
  })),
  ...Object.entries(clientScenarios).map(([name, scenario]): Chosen => ({
    name,
    of: 'client',
    play: (plan) => runClients(scenario, plan as readonly ClientDeviation[]),
  })),
]

const replay = async (play: PlayOnce, plan: string): Promise<boolean> => {
  const { failed, lines, moments } = await play(planned(plan), 'all')
  console.log(lines.join('\n'))
  for (const [index, { text }] of moments.entries()) if (values.moments) console.log(`${index}: ${text()}`)
  if (failed !== null) console.log(`FAILED: ${failed.check}\n${failed.message}`)
  return failed === null
}

const chosen = all.filter(({ name, of }) => (values.scenario ?? name) === name && (values.of ?? of) === of)
const plants = [...plantedBugNames, ...plantedClientBugs]
const isKnown = values.plant === undefined || plants.includes(values.plant)
if (values.help || chosen.length === 0 || !isKnown || !['1', '2'].includes(values.depth)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}
if (values.plant !== undefined) {
  if (plantedClientBugs.includes(values.plant)) plantClientBug(values.plant)
  else plantBug(values.plant)
}

if (values.replay !== undefined) {
  const [first] = chosen
  if (first !== undefined && !(await replay(first.play, values.replay))) process.exitCode = 1
} else {
  let [passed, failed] = [0, 0]
  for (const { name, of, play } of chosen) {
    const exploration: Exploration = new Exploration(name, play, {
      most: Number(values.most),
      window: Number(values.window),
      part: [part, parts],
      isOver: () => realMs() > untilMs || (values.plant !== undefined && exploration.failed > 0),
      replayed: of === 'core' ? `${plantText} --seed ${seed}` : plantText,
    })
    await exploration.explore(Number(values.depth))
    passed += exploration.runs - exploration.failed
    failed += exploration.failed
  }
  console.log(`runs: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
