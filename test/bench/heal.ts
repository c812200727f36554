import path from 'node:path'
import type { PeopledGroup } from './bench-group.ts'
import {
  agreed,
  allFive,
  atRest,
  lettersOf,
  pidsOf,
  processorSeconds,
  secondsOf,
  sendLetters,
  warm,
  withGroup,
} from './bench-group.ts'
import { seededRandom } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atMost, limitOf } from './figures.ts'
import { rawStreamBytesASecond } from './machine-limits.ts'

const mails = 5_000
/** The last of them is of processes that have run for a while. */
const rounds = 5
const parts = [
  [1, 2],
  [3, 4, 5],
] as const
/** About what an update of a 1,000-character letter has. */
const updateBytes = 950

/** Two sides of a partition send apart; then they meet: first of all, and when the group has run for a while. */
export const healBench: Bench = {
  name: 'heal',
  about: 'a partition {1,2}|{3,4,5} with 5,000 mails sent apart, from `resume` until all five digests agree',
  figures: ['', warm].flatMap((when) => [
    {
      name: `until all agree${when}`,
      unit: 's',
      target: atMost(1),
      limit: 'the same bytes to all five down one raw libp2p stream',
    },
    { name: `replicas' processor${when}`, unit: 's', target: null, limit: null },
    { name: `clients' processor${when}`, unit: 's', target: null, limit: null },
  ]),
  prepare: (scale) => {
    let runs = 0
    const run = (): Promise<Sample> => {
      runs += 1
      return runOnce({ ...scale, directory: path.join(scale.directory, `heal-${runs}`) })
    }
    return Promise.resolve({ run, end: () => Promise.resolve() })
  },
}

const runOnce = ({ share, directory }: BenchScale): Promise<Sample> =>
  withGroup(directory, async (peopled) => {
    const all = Math.ceil(mails * share)
    const figures = new Map<string, number>()
    for (let round = 1; round <= rounds; round += 1) {
      const sample = await measure(peopled, all)
      if (round === 1) for (const [name, value] of sample) figures.set(name, value)
      if (round === rounds) for (const [name, value] of sample) figures.set(`${name}${warm}`, value)
    }
    // Each side's half goes to the servers of the other one: five copies of half of the mails.
    const limit = ((all / 2) * updateBytes * allFive.length) / (await rawStreamBytesASecond())
    for (const when of ['', warm]) figures.set(limitOf(`until all agree${when}`), limit)
    return figures
  })

const measure = async (peopled: PeopledGroup, all: number): Promise<Sample> => {
  const { group } = peopled
  const { mails: held } = await group.status(1)
  await group.partition(...parts)
  await Promise.all(
    parts.flatMap((part) =>
      part.map((server) => {
        const count = Math.ceil(all / parts.length / part.length)
        return sendLetters(peopled, server, lettersOf(server, { count, kind: 'natural', random: seededRandom(server) }))
      }),
    ),
  )
  // Each side is done with itself before the two meet.
  for (const part of parts) await group.settled(part)
  await atRest(pidsOf(group))
  const sent = (await group.status(1)).mails + (await group.status(3)).mails - held
  const before = await processorSeconds(peopled)
  const seconds = await secondsOf(async () => {
    await group.heal()
    await agreed(group, sent)
  })
  const after = await processorSeconds(peopled)
  return new Map([
    ['until all agree', seconds],
    ["replicas' processor", after.replicas - before.replicas],
    ["clients' processor", after.clients - before.clients],
  ])
}
