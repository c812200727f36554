import path from 'node:path'
import type { PeopledGroup } from './bench-group.ts'
import {
  agreed,
  allFive,
  lettersOf,
  processorSeconds,
  secondsOf,
  sendLetters,
  warm,
  warmUp,
  withGroup,
} from './bench-group.ts'
import type { TextKind } from './corpus.ts'
import { seededRandom } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atLeast, limitOf } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mailsEach = 2_000
const recordsAnFsync = 100
const msPerSecond = 1_000
const kinds: readonly TextKind[] = ['natural', 'random']

/** Five clients send at full speed, one at each server, until all five digests agree: first of all, and when that has been done for a while. */
export const throughputBench: Bench = {
  name: 'throughput',
  about: 'five clients sending 2,000 sealed mails each, until all five digests agree',
  figures: kinds.flatMap((kind) =>
    ['', ...(kind === 'natural' ? [warm] : [])].flatMap((when) => [
      {
        name: `${kind} text, all agree${when}`,
        unit: 'mails/s',
        target: atLeast(kind === 'natural' ? 2_000 : 800),
        limit: `appended with an fsync every ${recordsAnFsync} records`,
      },
      { name: `${kind} text, answered${when}`, unit: 'mails/s', target: null, limit: null },
      { name: `${kind} text, processor time of the replicas${when}`, unit: 'ms/mail', target: null, limit: null },
      { name: `${kind} text, processor time of the clients${when}`, unit: 'ms/mail', target: null, limit: null },
    ]),
  ),
  prepare: (scale) => {
    let runs = 0
    const run = async (): Promise<Sample> => {
      runs += 1
      const figures = new Map<string, number>()
      for (const kind of kinds) {
        const one = { ...scale, directory: path.join(scale.directory, `throughput-${kind}-${runs}`) }
        for (const [name, value] of await runKind(kind, one)) figures.set(name, value)
      }
      return figures
    }
    return Promise.resolve({ run, end: () => Promise.resolve() })
  },
}

const runKind = (kind: TextKind, { share, directory }: BenchScale): Promise<Sample> =>
  withGroup(directory, async (peopled) => {
    const count = Math.ceil(mailsEach * share)
    const figures = new Map(await measure(peopled, { kind, count, held: 0, when: '' }))
    if (kind === 'natural') {
      await warmUp(peopled, count)
      const [{ mails: held } = { mails: 0 }] = await agreed(peopled.group)
      for (const [name, value] of await measure(peopled, { kind, count, held, when: warm })) figures.set(name, value)
    }
    const limit = await durableAppendsASecond(directory, recordsAnFsync)
    for (const name of [...figures.keys()].filter((each) => each.includes('all agree')))
      figures.set(limitOf(name), limit)
    return figures
  })

interface Measured {
  readonly kind: TextKind
  /** Mails of each of the five. */
  readonly count: number
  /** Mails that there are already. */
  readonly held: number
  readonly when: string
}

const measure = async (peopled: PeopledGroup, { kind, count, held, when }: Measured): Promise<Sample> => {
  const letters = allFive.map((server) => lettersOf(server, { count, kind, random: seededRandom(server) }))
  const all = count * allFive.length
  const before = await processorSeconds(peopled)
  const began = performance.now()
  const answered = await secondsOf(() =>
    Promise.all(allFive.map((server, index) => sendLetters(peopled, server, letters[index] ?? []))),
  )
  await agreed(peopled.group, held + all)
  const seconds = (performance.now() - began) / msPerSecond
  const after = await processorSeconds(peopled)
  return new Map([
    [`${kind} text, all agree${when}`, all / seconds],
    [`${kind} text, answered${when}`, all / answered],
    [`${kind} text, processor time of the replicas${when}`, ((after.replicas - before.replicas) * msPerSecond) / all],
    [`${kind} text, processor time of the clients${when}`, ((after.clients - before.clients) * msPerSecond) / all],
  ])
}
