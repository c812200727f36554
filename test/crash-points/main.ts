// First: NeDB keeps Node's functions when it is loaded.
import { record } from './recorder.ts'
import type { Operation } from './recorder.ts'
import fs from 'node:fs'
import { constants, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../simulation/random.ts'
import { openStorage } from '../conformance/storage-files.ts'
import { crashChanges } from './changing-places.ts'
import type { Fate, Lie } from './crashed-disk.ts'
import { CrashedDisk, fates, lies } from './crashed-disk.ts'
import type { Promised } from './scenario.ts'
import { Scenario } from './scenario.ts'
import { goOn, judge, promisedWhile, promisedWith } from './verdict.ts'

const usage = `Crashes the storage at every write, fsync, rename and removal of a scenario, and looks what a start finds.
  --most N     look at so many points only, spread evenly
  --twice N    crash again within every Nth recovery (default 20)
A disk that lies (${lies.join(', ')}) must be found out: that is tried in the end.`

const { values } = parseArgs({
  options: {
    most: { type: 'string' },
    twice: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
})
const most = values.most === undefined ? Infinity : Number(values.most)
const everyTwice = Number(values.twice)
if (values.help || !(most > 0) || !(everyTwice > 0)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}

const pointsPerLie = 60
const memory = '/dev/shm'
const workshop = fs.mkdtempSync(path.join(fs.existsSync(memory) ? memory : tmpdir(), 'quintet-crash-points-'))
process.once('exit', () => fs.rmSync(workshop, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
let directories = 0
const newDirectory = (): string => {
  directories += 1
  const place = path.join(workshop, String(directories))
  fs.mkdirSync(place)
  return place
}

interface Failure {
  readonly where: string
  readonly message: string
}
let failures: Failure[] = []
let looked = 0
let lie: Lie | null = null

/** Starts on what a crash has left. `promised` holds; then it goes on writing, and starts again. */
const lookAt = async (place: string, where: string, scenario: Scenario, promised: Promised): Promise<void> => {
  looked += 1
  try {
    const storage = await openStorage(place)
    const found = await storage.recover()
    await judge(storage, found, scenario, promised)
    const written = await goOn(storage, found, scenario)
    await storage.close()
    const again = await openStorage(place)
    await judge(again, await again.recover(), scenario, promisedWith(promised, written))
    await again.close()
  } catch (error) {
    failures.push({ where, message: error instanceof Error ? error.message : String(error) })
  }
}

const describe = (operation: Operation | undefined): string => {
  if (operation === undefined) return 'the end'
  const { kind, ...rest } = operation
  return `${kind} ${Object.values(rest)
    .map((value) => (Buffer.isBuffer(value) ? `${value.length} bytes` : String(value)))
    .join(' ')}`
}

/** Crashes within the recovery from a crash, at each of its operations. */
const crashTwice = async (
  before: CrashedDisk,
  fate: Fate,
  seed: number,
  where: string,
  scenario: Scenario,
  promised: Promised,
): Promise<void> => {
  const place = newDirectory()
  before.materialize(place, fate, new Random(seed), null)
  const disk = new CrashedDisk(place, lie)
  let recovered = Infinity
  let during = promised
  const operations = await record(place, async (list) => {
    const storage = await openStorage(place)
    const found = await storage.recover()
    recovered = list.length
    const written = await goOn(storage, found, scenario)
    during = promisedWhile(promised, written)
    await storage.close()
  })
  fs.rmSync(place, { recursive: true })
  for (const [index, operation] of operations.entries()) {
    const next = newDirectory()
    disk.materialize(next, fates[index % fates.length] ?? 'some of it', new Random(seed + index), operation)
    const now = index < recovered ? promised : during
    await lookAt(next, `${where}; then in its recovery before ${describe(operation)}`, scenario, now)
    fs.rmSync(next, { recursive: true })
    disk.apply(operation)
  }
}

const runScenario = async (size: 'small' | 'big', share: number): Promise<void> => {
  const scenario = new Scenario()
  const place = newDirectory()
  const disk = new CrashedDisk(place, lie)
  const operations = await record(place, (list) =>
    scenario.run(
      () => openStorage(place),
      size,
      () => list.length,
    ),
  )
  const points = operations.length + 1
  const step = Math.max(1, (points * fates.length) / share)
  let due = 0
  for (let index = 0; index < points; index += 1) {
    const operation = operations[index]
    for (const [turn, fate] of fates.entries()) {
      if (index * fates.length + turn < due) continue
      due += step
      const where = `${size} ${index} (${fate}) before ${describe(operation)}`
      const seed = index * fates.length + turn
      const crashed = newDirectory()
      disk.materialize(crashed, fate, new Random(seed), operation ?? null)
      const promised = scenario.promisedAt(index)
      await lookAt(crashed, where, scenario, promised)
      fs.rmSync(crashed, { recursive: true })
      if (seed % everyTwice === 0 && size === 'small' && lie === null)
        await crashTwice(disk, fate, seed, where, scenario, promised)
    }
    if (operation !== undefined) disk.apply(operation)
  }
  if (lie !== null) return
  checkRecording(disk, place, size)
  console.log(`${size}: ${operations.length} operations`)
}

/** That promises are broken on a disk that does not keep its own is noticed, or the rest proves nothing. */
const checkLies = async (): Promise<void> => {
  const [before, lookedBefore] = [failures, looked]
  for (const told of lies) {
    lie = told
    failures = []
    await runScenario('small', pointsPerLie)
    if (failures.length === 0) before.push({ where: `a disk that lies about ${told}`, message: 'nothing was found' })
    else console.log(`a disk that lies about ${told} is found out at ${failures.length} points`)
  }
  lie = null
  failures = before
  looked = lookedBefore + lies.length
}

/** What was recorded is all that was done: else a crash would be looked for in the wrong places. */
const checkRecording = (disk: CrashedDisk, place: string, size: string): void => {
  const replayed = newDirectory()
  disk.materialize(replayed, 'everything', new Random(0), null)
  const list = (root: string): string =>
    fs
      .readdirSync(root, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const file = path.join(root, name)
        return fs.statSync(file).isDirectory() ? name : `${name} ${fs.readFileSync(file).toString('base64')}`
      })
      .join('\n')
  if (list(place) !== list(replayed))
    failures.push({
      where: `${size}: the recording`,
      message: 'what was recorded does not lead to what is on the disk',
    })
}

const beganMs = performance.now()
await runScenario('small', most * 0.8)
await runScenario('big', most * 0.2)
await checkLies()
for await (const { where, failure } of crashChanges(newDirectory, describe)) {
  looked += 1
  if (failure !== null) failures.push({ where, message: failure })
}
for (const { where, message } of failures.slice(0, 20)) console.log(`\n${where}\n  ${message}`)
console.log(`${((performance.now() - beganMs) / 1_000).toFixed(0)} s`)
if (failures.length > 0) process.exitCode = 1
console.log(`crash points: ${looked - failures.length} passed, ${failures.length} failed`)
