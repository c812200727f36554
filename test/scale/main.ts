import { writeFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { parseArgs } from 'node:util'
import type { ScaleOptions } from './options.ts'
import { usualOptions } from './options.ts'
import type { ScaleResult } from './run.ts'
import { table } from './table.ts'

const usage = `Simulates groups of other sizes, and tells what they cost.
  --seats N,N...   (default ${usualOptions.seats})
  --delay MS       of each link, one way (default ${usualOptions.delayMs})
  --loss PERCENT   of TCP's segments (default ${usualOptions.lossPercent})
  --link MBIT      of each link (default ${usualOptions.linkMbit})
  --uplink MBIT    of each machine (default ${usualOptions.uplinkMbit})
  --fsync MS       (default ${usualOptions.fsyncMs})
  --mails N        written one by one (default ${usualOptions.mails})
  --rate N         mails a second of the whole group (default ${usualOptions.mailsPerSecond})
  --parted N       mails written while the group is split (default ${usualOptions.partedMails})
  --seed N         (default ${usualOptions.seed})
  --json FILE      writes the results down, for the plots`

const number = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    seats: number,
    delay: number,
    loss: number,
    link: number,
    uplink: number,
    fsync: number,
    mails: number,
    rate: number,
    parted: number,
    seed: number,
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const given = (text: string | undefined, usual: number): number => (text === undefined ? usual : Number(text))
const seatCounts = (values.seats ?? String(usualOptions.seats)).split(',').map(Number)
const common: ScaleOptions = {
  seats: 0,
  delayMs: given(values.delay, usualOptions.delayMs),
  lossPercent: given(values.loss, usualOptions.lossPercent),
  linkMbit: given(values.link, usualOptions.linkMbit),
  uplinkMbit: given(values.uplink, usualOptions.uplinkMbit),
  fsyncMs: given(values.fsync, usualOptions.fsyncMs),
  mails: given(values.mails, usualOptions.mails),
  mailsPerSecond: given(values.rate, usualOptions.mailsPerSecond),
  partedMails: given(values.parted, usualOptions.partedMails),
  seed: given(values.seed, usualOptions.seed),
}
const areNumbers = [...Object.values(common), ...seatCounts].every((value) => Number.isFinite(value) && value >= 0)
if (values.help || !areNumbers || seatCounts.some((seats) => !Number.isInteger(seats) || seats < 2 || seats > 999)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}

/** A thread of its own for each group: how many seats there are is one constant of all that a thread has loaded. */
const runGroup = (seats: number): Promise<ScaleResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { ...common, seats } })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

const results: ScaleResult[] = []
let failed = 0
for (const seats of seatCounts) {
  const beganMs = performance.now()
  try {
    results.push(await runGroup(seats))
  } catch (error) {
    failed += 1
    process.exitCode = 1
    console.error(`${seats} seats:`, error)
  }
  console.error(`${seats} seats: ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`)
}
console.log(table(results))
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 1)}\n`)
console.log(`groups: ${results.length} passed, ${failed} failed`)
