import path from 'node:path'
import { agreed, allFive, lettersOf, processorSeconds, secondsOf, sendLetters, withGroup } from './bench-group.ts'
import { seededRandom } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atMost, limitOf } from './figures.ts'
import { rawStreamBytesASecond } from './machine-limits.ts'

const mails = 5_000
const parts = [
  [1, 2],
  [3, 4, 5],
] as const
/** About what an update of a 1,000-character letter has. */
const updateBytes = 950

/** Two sides of a partition send apart; then they meet. */
export const healBench: Bench = {
  name: 'heal',
  about: 'a partition {1,2}|{3,4,5} with 5,000 mails sent apart, from `resume` until all five digests agree',
  figures: [
    {
      name: 'until all agree',
      unit: 's',
      target: atMost(1),
      limit: 'the same bytes to all five down one raw libp2p stream',
    },
    { name: "replicas' processor", unit: 's', target: null, limit: null },
    { name: "clients' processor", unit: 's', target: null, limit: null },
  ],
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
    const { group } = peopled
    await group.partition(...parts)
    const all = Math.ceil(mails * share)
    await Promise.all(
      parts.flatMap((part) =>
        part.map((server) => {
          const count = Math.ceil(all / parts.length / part.length)
          return sendLetters(
            peopled,
            server,
            lettersOf(server, { count, kind: 'natural', random: seededRandom(server) }),
          )
        }),
      ),
    )
    // Each side is done with itself before the two meet.
    for (const part of parts) await group.settled(part)
    const sent = await group.status(1).then(async ({ mails: held }) => held + (await group.status(3)).mails)
    const before = await processorSeconds(peopled)
    const seconds = await secondsOf(async () => {
      await group.heal()
      await agreed(group, sent)
    })
    const after = await processorSeconds(peopled)
    // Each side's half goes to the servers of the other one: five copies of half of the mails.
    const copiedBytes = (sent / 2) * updateBytes * allFive.length
    return new Map([
      ['until all agree', seconds],
      ["replicas' processor", after.replicas - before.replicas],
      ["clients' processor", after.clients - before.clients],
      [limitOf('until all agree'), copiedBytes / (await rawStreamBytesASecond())],
    ])
  })
