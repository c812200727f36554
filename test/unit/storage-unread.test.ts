import { cp, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { openNedbStorage } from '../../replica/drivers/nedb-storage.ts'
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

const batches = new LogMaker(1).batches(50, 50, 0)
const updates = updatesOf(batches)
const { origin } = new LogMaker(1)
/** What is written before each test: a log of three segments. */
let written = ''
beforeAll(async () => {
  written = await makeDirectory()
  const storage = await openStorage(written)
  await storage.recover()
  await storage.append(batches)
  await storage.close()
})
afterAll(() => rm(written, { recursive: true }))

/** The second segment cannot be read, on a disk of which an operation may fail as well. With a snapshot of all, or without. */
const prepare = async (covered: 'covered' | 'uncovered') => {
  const directory = await makeDirectory()
  directories.push(directory)
  await cp(written, directory, { recursive: true })
  if (covered === 'covered') {
    const storage = await openStorage(directory)
    await storage.writeSnapshot({ vector: new Map([[origin, updates.length]]), chunks: ['{}'] })
    await storage.close()
  }
  const faults = new FaultyFiles()
  const disk = new UnreadableFiles(faults.files)
  const paths = await segmentPaths(directory, origin)
  const spoilt = paths[1] ?? ''
  await disk.spoil(spoilt)
  const start = async () => {
    const storage = await openStorage(directory, disk.files)
    const told: Damage[] = []
    storage.onDamage((damage) => told.push(damage))
    return { storage, told, found: await storage.recover() }
  }
  return { directory, disk, faults, paths, spoilt, start }
}

const codeOf = (failure: unknown): unknown => (failure instanceof QuintetError ? failure.code : failure)
const second = range(full + 1, 2 * full)
const stretches = (damage: readonly Damage[]) =>
  damage.map(({ first, last, mayComeBack }) => [first, last, mayComeBack])
const names = async (paths: readonly string[]): Promise<readonly string[]> => readdir(path.dirname(paths[0] ?? ''))
const bytesIn = async (directory: string, parts: readonly string[]): Promise<number> => {
  let bytes = 0
  for (const part of parts) {
    const entries = await readdir(path.join(directory, part), { recursive: true, withFileTypes: true })
    for (const entry of entries) if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size
  }
  return bytes
}
const isLiveAmong =
  (...live: readonly Sequence[]) =>
  (_: OriginId, sequence: Sequence): boolean =>
    sequence <= full || live.includes(sequence)

test('a segment that cannot be read is told as damaged, and shows what it holds when it can be', async () => {
  const { disk, start } = await prepare('uncovered')
  const { storage, found, told } = await start()
  expect(stretches(found.damage)).toContainEqual([full + 1, 2 * full, true])
  expect(spansOf(found.suffix)).toEqual(spansOf(batches.slice(0, 20)))
  expect(found.highest.get(origin)).toBe(updates.length)
  expect(await storage.readUpdates(origin, [1, full + 1, 2 * full, 2 * full + 1])).toEqual(
    [0, 2 * full].map((at) => updates[at]),
  )
  expect(await storage.missing(origin, range(1, updates.length))).toEqual(second)
  disk.heal()
  expect(await storage.missing(origin, range(1, updates.length))).toEqual([])
  expect(spansOf(await storage.readBatches(origin, 0, unlimited))).toEqual(spansOf(batches))
  expect(await storage.readUpdates(origin, second)).toEqual(updates.slice(full, 2 * full))
  expect(told).toEqual([])
  await storage.close()
})

test('an error that comes while it runs is told, and what was read before is not taken for gone', async () => {
  const { disk, spoilt, start } = await prepare('covered')
  disk.heal()
  const { storage, told, found } = await start()
  expect(found.damage).toEqual([])
  await disk.spoil(spoilt)
  expect(await storage.readUpdates(origin, [full + 1])).toEqual([])
  expect(stretches(told)).toEqual([[full + 1, 2 * full, true]])
  expect(await storage.readUpdates(origin, [full + 2])).toEqual([])
  expect(told).toHaveLength(1)
  disk.heal()
  expect(await storage.readUpdates(origin, second)).toEqual(updates.slice(full, 2 * full))
  await storage.close()
})

test("a log's last segment keeps a replica from starting: nobody may know how far it went", async () => {
  const { disk, paths, start } = await prepare('covered')
  disk.heal()
  await disk.spoil(paths[2] ?? '')
  expect(await start().then(() => null, codeOf)).toBe('DISK_FAILED')
})

test('whoever would give it up gets an error instead', async () => {
  const { directory, disk } = await prepare('covered')
  const options = { directory, wire, logger: silentLogger, files: disk.files, readErrors: 'failure' as const }
  const storage = await openNedbStorage(options)
  await storage.recover()
  expect(await storage.readUpdates(origin, [full + 1]).then(() => null, codeOf)).toBe('DISK_FAILED')
  await storage.close()
})

test('compaction leaves it alone while anything in it is live', async () => {
  const { disk, paths, start } = await prepare('covered')
  const { storage } = await start()
  const floor = new Map([[origin, 2 * full]])
  await storage.compact(floor, isLiveAmong(full + 7))
  expect(await names(paths)).toContain(`${full + 1}.db`)
  disk.heal()
  expect(await storage.readUpdates(origin, second)).toEqual(updates.slice(full, 2 * full))
  await storage.compact(floor, isLiveAmong(full + 7))
  expect(await storage.missing(origin, second)).toEqual(second.filter((sequence) => sequence !== full + 7))
  await storage.close()
})

test('compaction does not give up of a segment what it knew to be there and cannot read any more', async () => {
  const { disk, spoilt, start } = await prepare('covered')
  disk.heal()
  const { storage } = await start()
  await storage.missing(origin, second)
  // As when much else has been read since.
  await storage.close()
  await disk.spoil(spoilt)
  await storage.compact(new Map([[origin, 2 * full]]), isLiveAmong(full + 7))
  disk.heal()
  expect(await storage.readUpdates(origin, [full + 7])).toEqual([updates[full + 6]])
  await storage.close()
})

test('compaction removes it when nothing in it is live', async () => {
  const { paths, start } = await prepare('covered')
  const { storage } = await start()
  await storage.compact(new Map([[origin, 2 * full]]), isLiveAmong())
  expect(await names(paths)).not.toContain(`${full + 1}.db`)
  await storage.close()
})

test('what is repaired meanwhile is held, and the rest comes back when the disk reads it again', async () => {
  const { disk, paths, start } = await prepare('covered')
  const { storage } = await start()
  const repaired = updates.slice(full + 2, full + 5)
  await storage.storeUpdates(origin, repaired)
  expect(await storage.readUpdates(origin, second)).toEqual(repaired)
  await storage.close()
  const again = await start()
  expect(stretches(again.found.damage)).toEqual([[full + 1, 2 * full, true]])
  expect(await again.storage.readUpdates(origin, second)).toEqual(repaired)
  // As long as something in it is live that was not repaired.
  await again.storage.compact(new Map([[origin, 2 * full]]), isLiveAmong(full + 3, full + 9))
  await again.storage.close()
  disk.heal()
  const last = await start()
  expect(last.found.damage).toEqual([])
  expect(await last.storage.readUpdates(origin, second)).toEqual(updates.slice(full, 2 * full))
  expect(await names(paths)).toEqual(paths.map((one) => path.basename(one)).sort())
  await last.storage.close()
})

test('a file that could not be read is given up when all that is live in it has been repaired', async () => {
  const { directory, paths, start } = await prepare('covered')
  const { storage } = await start()
  await storage.storeUpdates(origin, updates.slice(full + 2, full + 5))
  expect(await names(paths)).toContain(`${full + 1}.unread`)
  expect(await storage.diskBytes()).toBe(await bytesIn(directory, ['log', 'snapshot']))
  await storage.compact(new Map([[origin, 2 * full]]), isLiveAmong(full + 4))
  expect(await names(paths)).toEqual(paths.map((one) => path.basename(one)).sort())
  expect(await storage.missing(origin, [full + 4])).toEqual([])
  await storage.close()
})

test('however large it is, no segment is begun within it by a repair', async () => {
  const directory = await makeDirectory()
  directories.push(directory)
  const large = new LogMaker(1).batches(6, 1, 900_000)
  const disk = new UnreadableFiles()
  const before = await openStorage(directory, disk.files)
  await before.recover()
  await before.append(large)
  await before.writeSnapshot({ vector: new Map([[origin, 6]]), chunks: ['{}'] })
  await before.close()
  const paths = await segmentPaths(directory, origin)
  await disk.spoil(paths[0] ?? '')
  const storage = await openStorage(directory, disk.files)
  await storage.recover()
  await storage.storeUpdates(origin, updatesOf(large).slice(1, 2))
  await storage.storeUpdates(origin, updatesOf(large).slice(2, 3))
  expect(await storage.missing(origin, range(1, 6))).toEqual([1, 4])
  await storage.close()
  disk.heal()
  const next = await openStorage(directory, disk.files)
  await next.recover()
  expect(await next.missing(origin, range(1, 6))).toEqual([])
  expect(await segmentPaths(directory, origin)).toEqual(paths)
  await next.close()
})

test.each(['ENOSPC', 'end'] as const)(
  'a repair that ends at any operation (%s) takes nothing from it',
  { timeout: 60_000 },
  async (fault) => {
    let operations = 0
    for (let isOver = true; isOver; operations += 1) {
      const { disk, faults, spoilt, start } = await prepare('covered')
      const { storage } = await start()
      faults.arm(fault, operations + 1)
      const repaired = updates.slice(full + 2, full + 5)
      const failure = await storage.storeUpdates(origin, repaired).then(() => null, codeOf)
      ;({ isOver } = faults)
      if (fault === 'ENOSPC') {
        if (isOver && failure !== null) expect(failure).toBe('DISK_FULL')
        faults.disarm()
        if (failure !== null) {
          disk.heal()
          expect(await storage.missing(origin, second)).toEqual([])
          await disk.spoil(spoilt)
        }
        await storage.storeUpdates(origin, repaired)
        expect(
          await storage.readUpdates(
            origin,
            repaired.map(({ sequence }) => sequence),
          ),
        ).toEqual(repaired)
        await storage.close()
      }
      faults.disarm()
      disk.heal()
      const next = await start()
      expect(sequencesOf(await next.storage.readUpdates(origin, second))).toEqual(second)
      await next.storage.close()
    }
    expect(operations).toBeGreaterThan(6)
  },
)

test('what was read before and cannot be read any more is written anew when something is written to it', async () => {
  const { disk, paths, directory } = await prepare('covered')
  disk.heal()
  const storage = await openStorage(directory, disk.files)
  await storage.recover()
  await disk.spoil(paths[2] ?? '')
  const [repaired] = updates.slice(2 * full + 1)
  if (repaired === undefined) throw new Error('there is one')
  await storage.storeUpdates(origin, [repaired])
  expect(spansOf(await storage.readBatches(origin, 2 * full, unlimited))).toEqual(spansOf(batches.slice(40)))
  await storage.close()
})
