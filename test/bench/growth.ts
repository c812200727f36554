import { constants } from 'node:fs'
import { cp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { agreed, processorSecondsOf, secondsOf } from './bench-group.ts'
import type { Bench, BenchScale, FigureInfo, Sample } from './figures.ts'
import { median } from './figures.ts'
import { FirstPageReader } from './first-page.ts'
import { grownMailbox, grownServer } from './grown-mailbox.ts'
import { putBack } from './put-back.ts'

export const growthSizes = [1_000, 10_000, 100_000, 1_000_000] as const
const quickSizes = 2
const pageHeaders = 50
const joiner = 5
const repeats = 101
/** More are not copied to a newcomer: that takes minutes, and each mail costs it the same. */
const copiedAtMost = 100_000
const acts = [
  'a page of 50 in the middle',
  'a mail read',
  'a mark',
  'a mail put into the trash',
  'a mail sent',
] as const
const restingMs = 3_000
const megabyte = 1_000_000

/** What is measured at each size, by unit. */
export const growthFigures: ReadonlyMap<string, string> = new Map<string, string>([
  ['first page', 's'],
  ['processor until then', 's'],
  ['peak memory', 'MB'],
  ...acts.flatMap(
    (act) =>
      [
        [act, 'ms'],
        [processorOf(act), 'ms'],
      ] as const,
  ),
  ['disk a mail', 'bytes'],
  ['transfer', 'MB/s'],
])

function processorOf(act: string): string {
  return `${act}, processor`
}

export const growthFigure = (name: string, mails: number): string => `${name}, ${mails} mails`

/** One person's mailbox, ten times as large each time: what a person waits for must not grow with it. */
export const growthBench: Bench = {
  name: 'growth',
  about: `a replica with ${growthSizes.join(', ')} mails to one person: started after a crash, used, copied by a newcomer`,
  figures: growthSizes.flatMap((mails) =>
    [...growthFigures].map(([name, unit]): FigureInfo => ({
      name: growthFigure(name, mails),
      unit,
      target: null,
      limit: null,
    })),
  ),
  prepare: async (scale) => {
    const sizes = growthSizes.slice(0, scale.share < 1 ? quickSizes : growthSizes.length)
    for (const mails of sizes) await grownMailbox(mails, scale.tell)
    return { run: () => runAll(scale, sizes), end: () => Promise.resolve() }
  },
}

const runAll = async (scale: BenchScale, sizes: readonly number[]): Promise<Sample> => {
  const sample = new Map<string, number>()
  for (const mails of sizes) {
    for (const [name, value] of await runOnce(scale, mails)) sample.set(growthFigure(name, mails), value)
    scale.tell(`growth: ${mails}: ${[...growthFigures.keys()].map((name) => told(sample, name, mails)).join('; ')}`)
  }
  return sample
}

const told = (sample: Sample, name: string, mails: number): string =>
  `${name} ${sample.get(growthFigure(name, mails))?.toPrecision(3) ?? '-'} ${growthFigures.get(name) ?? ''}`

const runOnce = async (scale: BenchScale, mails: number): Promise<Sample> => {
  const kept = await grownMailbox(mails, scale.tell)
  const directory = path.join(scale.directory, `growth-${mails}`)
  await cp(kept, directory, { recursive: true, mode: constants.COPYFILE_FICLONE })
  const group = await ReplicaGroup.reopen({ directory, servers: [grownServer] })
  try {
    const reader = await FirstPageReader.prepare(group.dataOf(grownServer))
    await group.kill(grownServer)
    await putBack(path.join(kept, `server-${grownServer}`), group.dataOf(grownServer))
    const sample = new Map(await started(group, reader))
    const { pid } = group.replica(grownServer).process
    for (const [name, value] of await used(reader, pid, mails)) sample.set(name, value)
    const { diskBytes } = await group.status(grownServer)
    sample.set('disk a mail', diskBytes / mails)
    if (mails > copiedAtMost) return sample
    const seconds = await secondsOf(async () => {
      await group.join(joiner, grownServer)
      await agreed(group, mails)
    })
    return sample.set('transfer', diskBytes / seconds / megabyte)
  } finally {
    await group.end()
    await rm(directory, { recursive: true, force: true })
  }
}

const started = async (group: ReplicaGroup, reader: FirstPageReader): Promise<Sample> => {
  const began = performance.now()
  const restarted = group.restart(grownServer)
  const { subjects, total } = await reader.read(pageHeaders)
  const shownMs = performance.now() - began
  if (subjects.length !== pageHeaders) throw new Error(`the first page is not whole: ${subjects.length} of ${total}`)
  await restarted
  const { pid } = group.replica(grownServer).process
  const processor = await processorSecondsOf([pid])
  await pause(restingMs)
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return new Map([
    ['first page', shownMs / 1_000],
    ['processor until then', processor],
    ['peak memory', Number(kilobytes) / 1_024],
  ])
}

/** Of what a person does at the middle of the folder the median, and what the replica's processor needs for it, in milliseconds. */
const used = (reader: FirstPageReader, pid: number, mails: number): Promise<Sample> =>
  reader.use(async ({ page, read, mark, trash, send }) => {
    const middle = Math.floor(mails / 2)
    const work: Readonly<Record<(typeof acts)[number], (mail: UpdateId, index: number) => Promise<unknown>>> = {
      'a page of 50 in the middle': (_, index) => page(middle - index, pageHeaders),
      'a mail read': read,
      'a mark': mark,
      'a mail put into the trash': trash,
      'a mail sent': (_, index) => send(`letter ${index}`),
    }
    const listed = await page(middle, repeats)
    const sample = new Map<string, number>()
    for (const act of acts) {
      const times: number[] = []
      const before = await processorSecondsOf([pid])
      for (const [index, mail] of listed.entries()) times.push((await secondsOf(() => work[act](mail, index))) * 1_000)
      sample.set(processorOf(act), (((await processorSecondsOf([pid])) - before) * 1_000) / listed.length)
      sample.set(act, median(times))
    }
    return sample
  })
