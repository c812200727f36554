import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseQuery } from '../../replica/client/search/query.ts'
import { SavedIndex, type SavedIndexOptions } from '../../replica/client/search/saved-index.ts'
import { SearchIndex } from '../../replica/client/search/search-index.ts'
import { roleBits } from '../../replica/client/search/segment.ts'
import { Turns } from '../../replica/client/search/turns.ts'
import { accountId, originId, updateId } from '../../replica/core/model/ids.ts'
import { createClientStore } from '../../replica/drivers/client-store.ts'
import { bodyChars, secondsOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import { atMost, type Bench, type BenchScale, type Sample } from './figures.ts'

const mails = 100_000
/** Names, numbers, misspellings: what makes a real vocabulary large. */
const rareWords = 60_000
const rareWordsInMail = 8
const rounds = 5

/** From what a person types letter by letter to words that are in nearly every mail. */
const queries = [
  ...['pump', 'pu', 'engine pres', 'patient dose wednesday', 'reykjvik', 'bering', 'from:ben generator'],
  ...[
    '"the patient"',
    '"of the"',
    '"engine room"',
    'the',
    'subject:harbour weather',
    'before:2026-01-01 captain',
    'w1234',
    'in:sent',
  ],
] as const

/** The search index alone, in this process. */
export const searchBench: Bench = {
  name: 'search',
  about: `the search index with ${mails} mails of ${bodyChars} characters: built, searched, saved and loaded in this process`,
  figures: [
    { name: 'search, p50', unit: 'ms', target: null, limit: null },
    { name: 'search, p95', unit: 'ms', target: atMost(50), limit: null },
    { name: 'search, the slowest of all', unit: 'ms', target: atMost(50), limit: null },
    { name: 'memory a mail', unit: 'bytes', target: null, limit: null },
    { name: 'indexed (opening aside)', unit: 'mails/s', target: null, limit: null },
    { name: 'on the disk a mail', unit: 'bytes', target: null, limit: null },
    { name: 'loaded', unit: 's', target: null, limit: null },
    { name: 'event loop held while building, p99', unit: 'ms', target: atMost(10), limit: null },
    { name: 'event loop held while saving and loading, p99', unit: 'ms', target: atMost(10), limit: null },
  ],
  prepare: (scale) => Promise.resolve({ run: () => runOnce(scale), end: () => Promise.resolve() }),
}

const runOnce = async ({ share, directory }: BenchScale): Promise<Sample> => {
  const count = Math.ceil(mails * share)
  const before = heldBytes()
  const turns = new Turns(nextTurn)
  const index = new SearchIndex()
  const building = monitorEventLoopDelay({ resolution: 1 })
  building.enable()
  const workedMs = await fill(index, count, turns)
  building.disable()
  const held = heldBytes() - before

  const folder = path.join(directory, `run-${randomBytes(4).toString('hex')}`)
  const options: SavedIndexOptions = {
    store: createClientStore(folder),
    account: accountId('A'.repeat(43)),
    key: randomBytes(32),
    random: randomBytes,
  }
  const keeping = monitorEventLoopDelay({ resolution: 1 })
  keeping.enable()
  const { saved } = await SavedIndex.load(options, turns)
  await saved.save(index, turns)
  await saved.close()
  let loaded = index
  const load = await secondsOf(async () => {
    const again = await SavedIndex.load(options, turns)
    loaded = again.index
    await again.saved.close()
  })
  keeping.disable()
  const times = searchTimes(loaded).sort((left, right) => left - right)
  return new Map([
    ['search, p50', times[Math.floor(times.length * 0.5)] ?? 0],
    ['search, p95', times[Math.floor(times.length * 0.95)] ?? 0],
    ['search, the slowest of all', times.at(-1) ?? 0],
    ['memory a mail', held / count],
    ['indexed (opening aside)', (count / workedMs) * 1_000],
    ['on the disk a mail', (await bytesIn(folder)) / count],
    ['loaded', load],
    ['event loop held while building, p99', heldMs(building)],
    ['event loop held while saving and loading, p99', heldMs(keeping)],
  ])
}

/** A client rests as long as it works; here nobody wants to type meanwhile. */
const nextTurn = (_delayMs: number, task: () => void): (() => void) => {
  const turn = setImmediate(task)
  return () => {
    clearImmediate(turn)
  }
}

/** Resolves to the time that indexing itself took. */
const fill = async (index: SearchIndex, count: number, turns: Turns): Promise<number> => {
  const random = seededRandom(1)
  const origin = originId('1.abcdefgh')
  let workedMs = 0
  for (let number = 1; number <= count; number += 1) {
    const rare = Array.from({ length: rareWordsInMail }, () => `w${Math.floor(random() ** 2 * rareWords)}`).join(' ')
    const mail = {
      mail: updateId(origin, number),
      sentAt: Date.UTC(2026, 0, 1) - number * 60_000,
      roles: number % 3 === 0 ? roleBits.sender : roleBits.recipient,
      from: number % 5 === 0 ? 'Ben Berg' : 'Anna',
      to: ['Cleo', 'Dan'],
      cc: [],
      subject: textOf('natural', 40, random),
      body: `${textOf('natural', bodyChars - rare.length, random)} ${rare}`,
    }
    const beganMs = performance.now()
    index.add(mail)
    workedMs += performance.now() - beganMs
    await turns.pass()
  }
  return workedMs
}

const searchTimes = (index: SearchIndex): number[] => {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const text of queries) {
      const beganMs = performance.now()
      index.search({ query: parseQuery(text), admits: () => true, offset: 0, limit: 50 })
      // The first round warms the code up, as the first letters that a person types do.
      if (round > 0) times.push(performance.now() - beganMs)
    }
  }
  return times
}

const nanosecondsPerMs = 1_000_000
/** The timer's own interval is in what the monitor tells. */
const resolutionMs = 1
const heldMs = (monitor: ReturnType<typeof monitorEventLoopDelay>): number =>
  Math.max(0, monitor.percentile(99) / nanosecondsPerMs - resolutionMs)

const heldBytes = (): number => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const bytesIn = async (directory: string): Promise<number> => {
  const names = await readdir(directory, { recursive: true })
  const sizes = await Promise.all(names.map((name) => stat(path.join(directory, name))))
  return sizes.reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0)
}
