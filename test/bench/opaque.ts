import path from 'node:path'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { JsonProcess } from '../../build/cluster/json-process.ts'
import { agreed, allFive, endPeople, processorSeconds, warm, withGroup } from './bench-group.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atLeast, limitOf } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mailsEach = 2_000
/** The last of them is of processes that have run for a while. */
const rounds = 5
const awayReader = 'somebody who is away'
const recordsAnFsync = 100
const withinMs = 120_000
const msPerSecond = 1_000

/** As `throughput`, but what is sent was sealed and signed before the clock starts: the engine alone, from client to agreement. */
export const opaqueBench: Bench = {
  name: 'opaque',
  about: 'five clients giving 2,000 ready-made updates each to the engine, until all five digests agree',
  figures: ['', warm].flatMap((when) => [
    {
      name: `all agree${when}`,
      unit: 'updates/s',
      target: atLeast(6_000),
      limit: `appended with an fsync every ${recordsAnFsync} records`,
    },
    { name: `processor time of the replicas${when}`, unit: 'ms/update', target: null, limit: null },
  ]),
  prepare: (scale) => {
    let runs = 0
    const run = (): Promise<Sample> => {
      runs += 1
      return runOnce({ ...scale, directory: path.join(scale.directory, `opaque-${runs}`) })
    }
    return Promise.resolve({ run, end: () => Promise.resolve() })
  },
}

const runOnce = ({ share, directory }: BenchScale): Promise<Sample> =>
  withGroup(directory, async (peopled) => {
    const { group } = peopled
    // Announcing to clients and opening there is not the engine's part: who is written to is not logged in.
    const away = await group.person(awayReader, 1)
    await away.close()
    await endPeople(peopled)
    await agreed(group)
    const count = Math.ceil(mailsEach * share)
    const senders = allFive.map(
      (server) =>
        new JsonProcess({
          script: 'test/bench/sealed-sender.ts',
          args: [group.dataOf(server), String(count), String(rounds), awayReader],
        }),
    )
    await Promise.all(senders.map((sender) => sender.until(() => said(sender, 'ready') > 0 || null, withinMs, 'ready')))
    const figures = new Map<string, number>()
    for (let round = 1; round <= rounds; round += 1) {
      const sample = await measure(peopled.group, senders, { round, all: count * allFive.length })
      if (round === 1) for (const [name, value] of sample) figures.set(name, value)
      if (round === rounds) for (const [name, value] of sample) figures.set(`${name}${warm}`, value)
    }
    for (const sender of senders) sender.endInput()
    await Promise.all(senders.map(({ exited }) => exited))
    const limit = await durableAppendsASecond(directory, recordsAnFsync)
    for (const when of ['', warm]) figures.set(limitOf(`all agree${when}`), limit)
    return figures
  })

const said = (sender: JsonProcess, event: string): number =>
  sender.lines.filter((line) => line['event'] === event).length

const measure = async (
  group: ReplicaGroup,
  senders: readonly JsonProcess[],
  { round, all }: { readonly round: number; readonly all: number },
): Promise<Sample> => {
  const replicas = { group, people: new Map<number, never>() }
  const before = await processorSeconds(replicas)
  const began = performance.now()
  for (const sender of senders) sender.write('go')
  await Promise.all(
    senders.map((sender) => sender.until(() => said(sender, 'done') === round || null, withinMs, `round ${round}`)),
  )
  await agreed(group, all * round)
  const seconds = (performance.now() - began) / msPerSecond
  const after = await processorSeconds(replicas)
  return new Map([
    ['all agree', all / seconds],
    ['processor time of the replicas', ((after.replicas - before.replicas) * msPerSecond) / all],
  ])
}
