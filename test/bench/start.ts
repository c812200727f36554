import { cp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { JsonProcess } from '../../build/cluster/json-process.ts'
import { agreed, allFive, endGroup, endPeople, makeGroup, secondsOf } from './bench-group.ts'
import type { Bench, Sample } from './figures.ts'
import { atMost, limitOf } from './figures.ts'
import { FirstPageReader } from './first-page.ts'
import { parseSeconds } from './machine-limits.ts'
import { fillMailbox } from './mailbox.ts'
import { putBack } from './put-back.ts'

const mails = 100_000
const afterSnapshot = 2_000
const pageHeaders = 50
const restingMs = 8_000
const started = 1

/**
 * A replica of five that was killed comes back: from the start of its process to the first page, opened, at a client that knows
 * no other replica.
 */
export const startBench: Bench = {
  name: 'start',
  about: `from the start of a killed replica to the first page, ${mails} mails on disk (${afterSnapshot} after the snapshot)`,
  figures: [
    { name: 'first page', unit: 's', target: atMost(0.4), limit: 'read + JSON.parse of all records' },
    { name: 'peak memory', unit: 'MB', target: atMost(200), limit: null },
    { name: 'peak memory, after compaction', unit: 'MB', target: atMost(350), limit: null },
    { name: 'ready', unit: 's', target: null, limit: null },
    { name: 'of it: code loaded', unit: 's', target: null, limit: null },
  ],
  prepare: async (scale) => {
    const count = Math.ceil(mails * scale.share)
    const directory = path.join(scale.directory, 'start')
    const peopled = await makeGroup(directory)
    const { group } = peopled
    await Promise.all(group.servers.map((server) => group.replica(server).stop()))
    const seconds = await secondsOf(() =>
      fillMailbox({
        directories: group.servers.map((server) => group.dataOf(server)),
        mails: count,
        batchMails: 1,
        afterSnapshot: Math.ceil(afterSnapshot * scale.share),
      }),
    )
    scale.tell(`start: made ${count} mails in ${seconds.toFixed(0)} s`)
    await cp(group.dataOf(started), keptOf(directory), { recursive: true })
    await group.restart(...allFive)
    await agreed(group, count)
    // The people's clients would go on at the other servers, and take part in what is measured.
    await endPeople(peopled)
    const reader = await FirstPageReader.prepare(group.dataOf(started))
    return { run: () => runOnce({ group, reader, directory, count }), end: () => endGroup(group) }
  },
}

const keptOf = (directory: string): string => path.join(directory, 'kept')

interface Prepared {
  readonly group: ReplicaGroup
  readonly reader: FirstPageReader
  readonly directory: string
  readonly count: number
}

const runOnce = async ({ group, reader, directory, count }: Prepared): Promise<Sample> => {
  await group.kill(started)
  // Each run begins with the same files, as the crash left them.
  await putBack(keptOf(directory), group.dataOf(started))
  const began = performance.now()
  const restarted = group.restart(started).then(() => performance.now() - began)
  const { subjects, total } = await reader.read(pageHeaders)
  const shownMs = performance.now() - began
  const isWhole = subjects.every((subject) => subject.startsWith('letter '))
  if (subjects.length !== Math.min(pageHeaders, total) || !isWhole)
    throw new Error(`the first page is not whole: ${subjects.length} of ${total}`)
  const readyMs = await restarted
  const peakMegabytes = await peakOf(group)
  await pause(restingMs)
  const later = await peakOf(group)
  const status = await group.status(started)
  if (status.mails < count) throw new Error(`${status.mails} of ${count} mails are there`)
  return new Map([
    ['first page', shownMs / 1_000],
    [limitOf('first page'), await parseSeconds(path.join(keptOf(directory), 'log'))],
    ['peak memory', peakMegabytes],
    ['peak memory, after compaction', later],
    ['ready', readyMs / 1_000],
    ['of it: code loaded', await codeSeconds()],
  ])
}

/** Peak resident set of the started replica so far. */
const peakOf = async (group: ReplicaGroup): Promise<number> => {
  const status = await readFile(`/proc/${group.replica(started).process.pid}/status`, 'utf8')
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return Number(kilobytes) / 1_024
}

/** How long the program takes to start and to do nothing but show its help. */
const codeSeconds = (): Promise<number> =>
  secondsOf(async () => {
    const help = new JsonProcess({ script: 'replica/main.ts', args: ['--help'] })
    help.endInput()
    await help.exited
  })
