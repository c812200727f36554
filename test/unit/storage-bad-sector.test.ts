import { cp, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { openNedbStorage } from '../../replica/drivers/nedb-storage.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import type { Damage } from '../../replica/host/ports.ts'
import { FaultyFiles, UnreadableFiles } from '../conformance/storage-faults.ts'
import { makeDirectory, openStorage, segmentPaths, silentLogger } from '../conformance/storage-files.ts'
import { LogMaker, range, sequencesOf, spansOf, updatesOf } from '../conformance/storage-fixture.ts'
import { wire } from '../property/arbitraries.ts'

const unlimited = 1_000_000_000
const full = limits.segmentUpdates
const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

const maker = new LogMaker(1)
const { origin } = maker
const batches = maker.batches(50, 50, 0)
const updates = updatesOf(batches)
const next = maker.batch(3)
const vector = new Map([[origin, updates.length]])
/** What is written before each test: a log of three segments, and a snapshot of it. */
let written = ''
beforeAll(async () => {
  written = await makeDirectory()
  const storage = await openStorage(written)
  await storage.recover()
  await storage.append(batches)
  await storage.writeSnapshot({ vector, chunks: ['{}'] })
  await storage.close()
})
afterAll(() => rm(written, { recursive: true }))

/** One sector of the log's `which` segment is bad: it stands within one batch, at this share of the file. */
const prepare = async (which: 1 | 2, at = 0.51) => {
  const directory = await makeDirectory()
  directories.push(directory)
  await cp(written, directory, { recursive: true })
  const faults = new FaultyFiles()
  const disk = new UnreadableFiles(faults.files)
  const paths = await segmentPaths(directory, origin)
  const spoilt = paths[which] ?? ''
  const from = Math.floor(((await stat(spoilt)).size * at) / 4_096) * 4_096
  const spoil = (): Promise<void> => disk.spoil(spoilt, { from: from + 100, to: from + 612 })
  await spoil()
  const start = async () => {
    const storage = await openStorage(directory, disk.files)
    const told: Damage[] = []
    storage.onDamage((damage) => told.push(damage))
    return { storage, told, found: await storage.recover() }
  }
  return { directory, disk, faults, paths, spoil, start }
}

const codeOf = (failure: unknown): unknown => (failure instanceof QuintetError ? failure.code : failure)
const all = range(1, updates.length)
/** The batch in which the sector is, of the second segment and of the last. */
const lost = { 1: range(full + 501, full + 550), 2: range(2 * full + 251, 2 * full + 300) }
const without = (gone: readonly Sequence[]) => all.filter((sequence) => !gone.includes(sequence))
/** Which updates these are; each must be as it was written. */
const whole = (found: readonly Update[]): readonly Sequence[] => {
  for (const { sequence, bytes } of found)
    if (Buffer.compare(bytes, updates[sequence - 1]?.bytes ?? Buffer.alloc(0)) !== 0)
      throw new Error(`${sequence} is another`)
  return sequencesOf(found)
}
const at = (sequences: readonly Sequence[]) => updates.filter(({ sequence }) => sequences.includes(sequence))
const stretches = (damage: readonly Damage[]) =>
  damage.map(({ first, last, mayComeBack }) => [first, last, mayComeBack])
const names = async (paths: readonly string[]): Promise<readonly string[]> => readdir(path.dirname(paths[0] ?? ''))
const ends = (sequences: readonly Sequence[]) => [sequences.at(0), sequences.at(-1), true]

test.each([1, 2] as const)(
  'what stands around a bad sector can be read, with nobody else there: segment %i',
  async (which) => {
    const { disk, start } = await prepare(which)
    const { storage, found, told } = await start()
    expect(found.highest.get(origin)).toBe(updates.length)
    expect(whole(await storage.readUpdates(origin, all))).toEqual(without(lost[which]))
    expect(await storage.missing(origin, all)).toEqual(lost[which])
    // A start does not look into what a snapshot covers, but for the end of a log.
    expect(stretches([...found.damage, ...told])).toEqual([ends(lost[which])])
    disk.heal()
    expect(await storage.missing(origin, all)).toEqual([])
    expect(spansOf(await storage.readBatches(origin, 0, unlimited))).toEqual(spansOf(batches))
    await storage.close()
  },
)

test.each([1, 2] as const)('only what it held is repaired, and what was not comes back: segment %i', async (which) => {
  const { disk, paths, start } = await prepare(which)
  const gone = lost[which]
  const { storage } = await start()
  const repaired = at(gone.slice(2, 5))
  await storage.storeUpdates(origin, repaired)
  const rest = gone.filter((_, index) => index < 2 || index >= 5)
  expect(whole(await storage.readUpdates(origin, all))).toEqual(without(rest))
  await storage.close()
  const again = await start()
  expect(stretches(again.found.damage)).toEqual([ends(gone)])
  expect(whole(await again.storage.readUpdates(origin, all))).toEqual(without(rest))
  await again.storage.close()
  disk.heal()
  const last = await start()
  expect(last.found.damage).toEqual([])
  expect(whole(await last.storage.readUpdates(origin, all))).toEqual(all)
  expect(await names(paths)).toEqual(paths.map((one) => path.basename(one)).sort())
  await last.storage.close()
})

test('the file with it goes when all that it held has been repaired', async () => {
  const { paths, start } = await prepare(1)
  const { storage } = await start()
  await storage.storeUpdates(origin, at(lost[1]))
  expect(await names(paths)).toContain(`${full + 1}.unread`)
  await storage.close()
  const again = await start()
  expect(again.found.damage).toEqual([])
  expect(await names(paths)).toEqual(paths.map((one) => path.basename(one)).sort())
  expect(whole(await again.storage.readUpdates(origin, all))).toEqual(all)
  await again.storage.close()
})

test('a log goes on behind it', async () => {
  const { start } = await prepare(2)
  const { storage } = await start()
  await storage.append([next])
  expect(await storage.missing(origin, all)).toEqual(lost[2])
  await storage.close()
  const again = await start()
  expect(spansOf(again.found.suffix)).toEqual(spansOf([next]))
  expect(await again.storage.missing(origin, all)).toEqual(lost[2])
  await again.storage.close()
})

test('at the end of a log it keeps the replica from starting, and the log from going on', async () => {
  const { disk, directory, spoil, start } = await prepare(2, 0.999)
  expect(await start().then(() => null, codeOf)).toBe('DISK_FAILED')
  disk.heal()
  const storage = await openStorage(directory, disk.files)
  await storage.recover()
  await storage.missing(origin, all)
  // As when much else has been read since.
  await storage.close()
  await spoil()
  const one = at([updates.length])
  expect(await storage.storeUpdates(origin, one).then(() => null, codeOf)).toBe('DISK_FAILED')
  disk.heal()
  await storage.storeUpdates(origin, one)
  expect(await storage.missing(origin, all)).toEqual([])
  await storage.close()
})

test('whoever would give it up gets an error instead', async () => {
  const { directory, disk } = await prepare(1)
  const options = { directory, wire, logger: silentLogger, files: disk.files, readErrors: 'failure' as const }
  const storage = await openNedbStorage(options)
  await storage.recover()
  expect(await storage.readUpdates(origin, [full + 1]).then(() => null, codeOf)).toBe('DISK_FAILED')
  await storage.close()
})

test('compaction keeps the file while anything live may be in it, and then takes what is live out of it', async () => {
  const { disk, paths, start } = await prepare(1)
  const [inIt = 0] = lost[1]
  const { storage } = await start()
  const floor = new Map([[origin, 2 * full]])
  const isLiveAmong =
    (...live: readonly Sequence[]) =>
    (_: OriginId, sequence: Sequence): boolean =>
      sequence <= full || live.includes(sequence)
  await storage.compact(floor, isLiveAmong(full + 7, inIt))
  expect(await storage.missing(origin, all)).toEqual(lost[1])
  await storage.compact(floor, isLiveAmong(full + 7))
  expect(await storage.missing(origin, range(full + 1, 2 * full))).toHaveLength(full - 1)
  expect(await storage.readUpdates(origin, [full + 7])).toEqual(at([full + 7]))
  await storage.close()
  disk.heal()
  const again = await start()
  expect(again.found.damage).toEqual([])
  expect(await names(paths)).toEqual(paths.map((one) => path.basename(one)).sort())
  await again.storage.close()
})

test.each(['ENOSPC', 'end'] as const)(
  'a repair that ends at any operation (%s) takes nothing from it',
  { timeout: 60_000 },
  async (fault) => {
    let operations = 0
    for (let isOver = true; isOver; operations += 1) {
      const { disk, faults, start } = await prepare(1)
      const { storage } = await start()
      faults.arm(fault, operations + 1)
      const failure = await storage.storeUpdates(origin, at(lost[1].slice(2, 5))).then(() => null, codeOf)
      ;({ isOver } = faults)
      faults.disarm()
      if (fault === 'ENOSPC') {
        if (isOver && failure !== null) expect(failure).toBe('DISK_FULL')
        const left = failure === null ? lost[1].filter((_, index) => index < 2 || index >= 5) : lost[1]
        expect(await storage.missing(origin, all)).toEqual(left)
        await storage.close()
      }
      disk.heal()
      const after = await start()
      expect(after.found.damage).toEqual([])
      expect(whole(await after.storage.readUpdates(origin, lost[1]))).toEqual(lost[1])
      expect(await after.storage.missing(origin, all)).toEqual([])
      await after.storage.close()
    }
    expect(operations).toBeGreaterThan(10)
  },
)

test('who reads while it is put aside finds what could be read', async () => {
  const { disk, start } = await prepare(1)
  const { storage } = await start()
  const { rename } = disk.files
  const seen: (readonly Sequence[])[] = []
  disk.files.rename = async (from, to) => {
    await rename(from, to)
    if (to.endsWith('.unread')) seen.push(await storage.missing(origin, all))
  }
  await storage.storeUpdates(origin, at(lost[1]))
  expect(seen).toEqual([lost[1]])
  await storage.close()
})
