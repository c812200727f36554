import { randomInt } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Campaign, type CampaignOptions } from './campaign.ts'
import { Journal } from './journal.ts'

const usage = `Five real replicas, people at real clients, and everything that goes wrong; a ledger of what was promised.
  --minutes N    how long (default 3; a fraction will do)
  --seed S       which faults, when, and who does what (default: by chance)
  --beside DIR   another version's checkout, set up: about half of the processes are run from there (same formats and client protocol)
  --loopback     without network namespaces, although they could be had
  --keep         leave the data directories, also when all is well`

const usageExitCode = 2
const signalExitCode = 130
const seedMost = 2 ** 31
const minutesMost = 24 * 60

interface Arguments {
  readonly minutes: number
  readonly seed: number
  readonly network: CampaignOptions['network']
  readonly beside: string | null
  readonly afterwards: 'keep' | 'remove'
}

const refuse = (sentence: string): never => {
  console.error(`torture: ${sentence}\n${usage}`)
  process.exit(usageExitCode)
}

const parse = () => {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string' },
        beside: { type: 'string' },
        loopback: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

const parsed = (): Arguments => {
  const values = parse()
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes <= minutesMost))
    refuse(`--minutes must be a number above 0 and up to ${minutesMost}, not "${values.minutes}".`)
  const seed = values.seed === undefined ? randomInt(1, seedMost) : Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 1)
    refuse(`--seed must be a whole number from 1 on, not "${String(values.seed)}".`)
  const network = values.loopback ? 'loopback' : 'best'
  const beside = values.beside === undefined ? null : path.resolve(values.beside)
  return { minutes, seed, network, beside, afterwards: values.keep ? 'keep' : 'remove' }
}

const { minutes, seed, network, beside, afterwards } = parsed()
const directory = await mkdtemp(path.join(tmpdir(), `quintet-torture-${process.pid}-`))
const journal = new Journal(directory)
const campaign = new Campaign({ seed, minutes, network, beside, directory, journal })
const again = `npm run torture -- --minutes ${minutes} --seed ${seed}${network === 'loopback' ? ' --loopback' : ''}${beside === null ? '' : ` --beside ${beside}`}`

/** What lies on small disks goes with them, so it is copied beside them. */
const keepEvidence = async (): Promise<void> => {
  const kept = path.join(directory, 'small-disks')
  for (const server of [4, 5])
    await cp(path.join(directory, `disk-${server}`), path.join(kept, `disk-${server}`), { recursive: true }).catch(
      () => undefined,
    )
}

let ending: 'no' | 'under way' = 'no'
const isEnding = (): boolean => ending === 'under way'
const end = async (keep: 'keep' | 'remove'): Promise<void> => {
  if (isEnding()) return
  ending = 'under way'
  await campaign.end()
  if (keep === 'keep') await keepEvidence()
  await campaign.unmount()
  if (keep === 'remove') await rm(directory, { recursive: true, force: true })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    void end(afterwards).finally(() => process.exit(signalExitCode))
  })
}

const report = async (wrong: readonly string[]): Promise<'well' | 'failed'> => {
  if (wrong.length === 0) return 'well'
  console.log(`\nFAILED: ${wrong.length} findings\n${wrong.join('\n')}\n\n${await campaign.logTails()}`)
  return 'failed'
}

console.log(`seed ${seed}, ${minutes} minutes: ${again}`)
const outcome = await campaign.run().then(report, async (error: unknown) => {
  // What fails because everything ends is no failure.
  if (!isEnding()) console.log(`${String(error)}\n${await campaign.logTails()}`)
  return 'failed' as const
})
if (!isEnding()) {
  await end(outcome === 'failed' ? 'keep' : afterwards)
  if (outcome === 'failed')
    console.log(`\nkept: ${directory} (events.log, ledger.jsonl, the data directories)\nonce more: ${again}`)
  else console.log(`all that was promised was kept (seed ${seed})`)
  process.exitCode = outcome === 'failed' ? 1 : 0
}
