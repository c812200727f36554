import path from 'node:path'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import { agreed, endGroup, nameOf, processorSecondsOf, secondsOf } from './bench-group.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { limitOf } from './figures.ts'
import { rawStreamBytesASecond } from './machine-limits.ts'
import { fillMailbox } from './mailbox.ts'

const usualMails = 20_000
const manyMails = 100_000
const members = [1, 2]
const joiner = 3
const megabyte = 1_000_000

/** A new replica joins a group that has written for a while. */
const transferOf = (name: string, mails: number): Bench => ({
  name,
  about: `a new replica gets ${mails} mails, from its start until it agrees`,
  figures: [
    { name: 'joined', unit: 's', target: null, limit: null },
    { name: 'rate', unit: 'MB/s', target: null, limit: 'one raw libp2p stream' },
    { name: "the newcomer's processor", unit: 's', target: null, limit: null },
  ],
  prepare: (scale) => {
    let runs = 0
    const run = (): Promise<Sample> => {
      runs += 1
      return runOnce({ ...scale, directory: path.join(scale.directory, `transfer-${runs}`) }, mails)
    }
    return Promise.resolve({ run, end: () => Promise.resolve() })
  },
})

export const transferBench = transferOf('transfer', usualMails)
export const largeTransferBench = transferOf('transfer-large', manyMails)

const runOnce = async ({ share, directory }: BenchScale, mails: number): Promise<Sample> => {
  const group = await ReplicaGroup.create({ directory, name: 'Bench', servers: members })
  try {
    await Promise.all(members.map((server) => group.person(nameOf(server), server)))
    await agreed(group)
    await Promise.all(group.servers.map((server) => group.replica(server).stop()))
    const count = Math.ceil(mails * share)
    const directories = members.map((server) => group.dataOf(server))
    await fillMailbox({ directories, mails: count, batchMails: 1, afterSnapshot: 0 })
    await group.restart(...members)
    await agreed(group, count)
    const seconds = await secondsOf(async () => {
      await group.join(joiner, 1)
      await agreed(group, count)
    })
    const processor = await processorSecondsOf([group.replica(joiner).process.pid])
    const { diskBytes } = await group.status(joiner)
    return new Map([
      ['joined', seconds],
      ['rate', diskBytes / seconds / megabyte],
      ["the newcomer's processor", processor],
      [limitOf('rate'), (await rawStreamBytesASecond()) / megabyte],
    ])
  } finally {
    await endGroup(group)
  }
}
