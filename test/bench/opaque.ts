import path from 'node:path'
import { JsonProcess } from '../../build/cluster/json-process.ts'
import { agreed, allFive, endPeople, processorSeconds, withGroup } from './bench-group.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atLeast, limitOf } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mailsEach = 2_000
const recordsAnFsync = 100
const withinMs = 120_000
const msPerSecond = 1_000

/** As `throughput`, but what is sent was sealed and signed before the clock starts: the engine alone, from client to agreement. */
export const opaqueBench: Bench = {
  name: 'opaque',
  about: 'five clients giving 2,000 ready-made updates each to the engine, until all five digests agree',
  figures: [
    {
      name: 'all agree',
      unit: 'updates/s',
      target: atLeast(6_000),
      limit: `appended with an fsync every ${recordsAnFsync} records`,
    },
    { name: 'processor time of the replicas', unit: 'ms/update', target: null, limit: null },
  ],
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
    // Announcing to clients and opening there is not the engine's part.
    await endPeople(peopled)
    const count = Math.ceil(mailsEach * share)
    const senders = allFive.map(
      (server) =>
        new JsonProcess({ script: 'test/bench/sealed-sender.ts', args: [group.dataOf(server), String(count)] }),
    )
    const said = (sender: JsonProcess, event: string): Promise<true> =>
      sender.until(() => (sender.lines.some((line) => line['event'] === event) ? true : null), withinMs, event)
    await Promise.all(senders.map((sender) => said(sender, 'ready')))
    const all = count * allFive.length
    const none = { group, people: new Map() }
    const before = await processorSeconds(none)
    const began = performance.now()
    for (const sender of senders) sender.write('go')
    await Promise.all(senders.map((sender) => said(sender, 'done')))
    await agreed(group, all)
    const seconds = (performance.now() - began) / msPerSecond
    const after = await processorSeconds(none)
    return new Map([
      ['all agree', all / seconds],
      [limitOf('all agree'), await durableAppendsASecond(directory, recordsAnFsync)],
      ['processor time of the replicas', ((after.replicas - before.replicas) * msPerSecond) / all],
    ])
  })
