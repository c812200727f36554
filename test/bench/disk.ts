import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { PeopledGroup } from './bench-group.ts'
import { agreed, allFive, bodyChars, lettersOf, sendLetters, withGroup } from './bench-group.ts'
import type { TextKind } from './corpus.ts'
import { seededRandom } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atMost, limitOf } from './figures.ts'
import { fillMailbox } from './mailbox.ts'

const mails = 5_000
const settledForMs = 8_000
const lookEveryMs = 500
const kinds: readonly TextKind[] = ['natural', 'random']
const measured = 1
const kilobyte = 1_024

/** What a mail takes on one replica's disk when snapshots and compaction have done their work. */
export const diskBench: Bench = {
  name: 'disk',
  about: 'bytes on disk a mail of 1,000 characters when compaction has settled',
  figures: [
    ...kinds.map((kind) => ({
      name: `${kind} text, sent in bulk`,
      unit: 'KB/mail',
      target: atMost(kind === 'natural' ? 1.9 : 2.5),
      limit: 'the body as it was written',
    })),
    {
      name: 'natural text, one by one',
      unit: 'KB/mail',
      target: atMost(1.9),
      limit: 'the body as it was written',
    },
  ],
  prepare: (scale) => {
    let runs = 0
    const run = (): Promise<Sample> => {
      runs += 1
      return runOnce({ ...scale, directory: path.join(scale.directory, `disk-${runs}`) })
    }
    return Promise.resolve({ run, end: () => Promise.resolve() })
  },
}

const runOnce = ({ share, directory }: BenchScale): Promise<Sample> =>
  withGroup(directory, async (peopled) => {
    const { group } = peopled
    const count = Math.ceil(mails * share)
    const figures = new Map<string, number>()
    const note = (name: string, bytes: number): void => {
      figures.set(name, bytes / count / kilobyte)
      figures.set(limitOf(name), bodyChars / kilobyte)
    }
    let before = await settledBytes(group)
    for (const kind of kinds) {
      await sendAll(peopled, kind, count)
      const after = await settledBytes(group)
      note(`${kind} text, sent in bulk`, after - before)
      before = after
    }
    await Promise.all(group.servers.map((server) => group.replica(server).stop()))
    const directories = group.servers.map((server) => group.dataOf(server))
    await fillMailbox({ directories, mails: count, batchMails: 1, afterSnapshot: 0 })
    await group.restart(...allFive)
    note('natural text, one by one', (await settledBytes(group)) - before)
    return figures
  })

const sendAll = async (peopled: PeopledGroup, kind: TextKind, count: number): Promise<void> => {
  const each = Math.ceil(count / allFive.length)
  await Promise.all(
    allFive.map((server) =>
      sendLetters(peopled, server, lettersOf(server, { count: each, kind, random: seededRandom(server) })),
    ),
  )
}

/** The size of one replica's files when all agree and it has not changed for a while. */
const settledBytes = async (group: ReplicaGroup): Promise<number> => {
  await agreed(group)
  let bytes = -1
  for (let since = performance.now(); performance.now() - since < settledForMs; await pause(lookEveryMs)) {
    const now = await bytesIn(group.dataOf(measured))
    if (now !== bytes) since = performance.now()
    bytes = now
  }
  return bytes
}

/** Of the log and the snapshots; a file that goes meanwhile has none. */
const bytesIn = async (data: string): Promise<number> => {
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.db'))
    .map((entry) =>
      stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
