import path from 'node:path'
import { agreed, allFive, lettersOf, processorSeconds, secondsOf, sendLetters, withGroup } from './bench-group.ts'
import type { TextKind } from './corpus.ts'
import { seededRandom } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atLeast, limitOf } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mailsEach = 2_000
const recordsAnFsync = 100
const msPerSecond = 1_000
const kinds: readonly TextKind[] = ['natural', 'random']

/** Five clients send at full speed, one at each server, until all five digests agree. */
export const throughputBench: Bench = {
  name: 'throughput',
  about: 'five clients sending 2,000 sealed mails each, until all five digests agree',
  figures: kinds.flatMap((kind) => [
    {
      name: `${kind} text, all agree`,
      unit: 'mails/s',
      target: atLeast(kind === 'natural' ? 2_000 : 800),
      limit: `appended with an fsync every ${recordsAnFsync} records`,
    },
    { name: `${kind} text, answered`, unit: 'mails/s', target: null, limit: null },
    { name: `${kind} text, processor time of the replicas`, unit: 'ms/mail', target: null, limit: null },
    { name: `${kind} text, processor time of the clients`, unit: 'ms/mail', target: null, limit: null },
  ]),
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
    const all = count * allFive.length
    const letters = allFive.map((server) => lettersOf(server, { count, kind, random: seededRandom(server) }))
    const before = await processorSeconds(peopled)
    const began = performance.now()
    const answered = await secondsOf(() =>
      Promise.all(allFive.map((server, index) => sendLetters(peopled, server, letters[index] ?? []))),
    )
    await agreed(peopled.group, all)
    const seconds = (performance.now() - began) / 1_000
    const after = await processorSeconds(peopled)
    return new Map([
      [`${kind} text, all agree`, all / seconds],
      [limitOf(`${kind} text, all agree`), await durableAppendsASecond(directory, recordsAnFsync)],
      [`${kind} text, answered`, all / answered],
      [`${kind} text, processor time of the replicas`, ((after.replicas - before.replicas) * msPerSecond) / all],
      [`${kind} text, processor time of the clients`, ((after.clients - before.clients) * msPerSecond) / all],
    ])
  })
