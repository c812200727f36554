import { rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { FileSystem } from '../../replica/drivers/nedb-files.ts'
import { diskFiles } from '../../replica/drivers/nedb-files.ts'
import { LogMaker, range, updatesOf, wholeOf } from '../conformance/storage-fixture.ts'
import { flipByte, makeDirectory, openStorage, segmentPaths } from '../conformance/storage-files.ts'

const directories: string[] = []
const newDirectory = async (): Promise<string> => {
  const directory = await makeDirectory()
  directories.push(directory)
  return directory
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

test('what was being read while the log was recovered is not taken for what has been written since', async () => {
  const directory = await newDirectory()
  const gates = { list: Promise.withResolvers<undefined>(), read: Promise.withResolvers<undefined>() }
  const held = { list: false, read: false }
  const files: FileSystem = {
    ...diskFiles,
    list: async (path) => {
      if (held.list) await gates.list.promise
      return diskFiles.list(path)
    },
    read: async (path) => {
      const waits = held.read
      held.read = false
      const content = await diskFiles.read(path)
      if (waits) await gates.read.promise
      return content
    },
  }
  const one = new LogMaker(1)
  const storage = await openStorage(directory, files)
  await storage.recover()
  await storage.append([one.batch(1)])
  await storage.recover()
  await storage.append([one.batch(1)])
  held.list = true
  const recovered = storage.recover()
  // When what was being written has been closed.
  await setImmediate()
  held.read = true
  const reading = storage.readUpdates(one.origin, [1])
  gates.list.resolve(undefined)
  await recovered
  gates.read.resolve(undefined)
  expect(await reading).toHaveLength(1)
  // So much that a segment is full, and closed.
  for (const batch of one.batches(21, 50, 0)) await storage.append([batch])
  expect(await storage.missing(one.origin, range(1, one.last))).toEqual([])
  expect(await storage.readUpdates(one.origin, range(1, one.last))).toHaveLength(one.last)
  await storage.close()
})

test('a snapshot that is to be written while the log is recovered is not taken for what a crash has left', async () => {
  const directory = await newDirectory()
  const one = new LogMaker(1)
  const before = await openStorage(directory)
  await before.recover()
  await before.writeSnapshot({ vector: new Map([[one.origin, 4]]), chunks: ['old'] })
  await before.close()
  const gate = Promise.withResolvers<undefined>()
  const listed = Promise.withResolvers<undefined>()
  const order: string[] = []
  const files: FileSystem = {
    ...diskFiles,
    list: async (path) => {
      if (path.endsWith('/snapshot')) {
        listed.resolve(undefined)
        await gate.promise
      }
      return diskFiles.list(path)
    },
    read: (path) => {
      if (path.endsWith('/chunks.db')) order.push('reading')
      return diskFiles.read(path)
    },
    // With this a snapshot's writing begins.
    remove: (path) => {
      if (path.endsWith('.writing')) order.push('writing')
      return diskFiles.remove(path)
    },
  }
  const storage = await openStorage(directory, files)
  const recovered = storage.recover()
  await listed.promise
  const written = storage.writeSnapshot({ vector: new Map([[one.origin, 8]]), chunks: ['new'] })
  // Had it not to wait, it would have begun in this turn.
  await setImmediate()
  gate.resolve(undefined)
  expect(wholeOf((await recovered).snapshot)?.chunks).toEqual(['old'])
  await written
  expect(order).toEqual(['reading', 'writing'])
  await storage.close()
  const next = await openStorage(directory)
  expect(wholeOf((await next.recover()).snapshot)?.chunks).toEqual(['new'])
  await next.close()
})

test('compaction does not make whole what has been damaged since it was read', async () => {
  const directory = await newDirectory()
  const one = new LogMaker(1)
  const batches = one.batches(2, 10)
  const storage = await openStorage(directory)
  await storage.recover()
  await storage.append(batches)
  await storage.recover()
  await storage.missing(one.origin, range(1, 20))
  // As when much else has been read since.
  await storage.close()
  const [file = ''] = await segmentPaths(directory, one.origin)
  await flipByte(file, 3_000)
  await storage.compact(new Map([[one.origin, 20]]), (_, sequence) => sequence % 2 === 0)
  const read = await storage.readUpdates(one.origin, range(1, 20))
  const written = updatesOf(batches)
  expect(read).toEqual(read.map(({ sequence }) => written[sequence - 1]))
  expect(read.map(({ sequence }) => sequence)).toEqual([12, 14, 16, 18, 20])
})

test.each([
  { what: 'the text of a line', at: 3_000 },
  { what: 'what makes it a line', at: 2 },
])('of a log that goes on, $what that is damaged since it was read is written anew', async ({ at }) => {
  const directory = await newDirectory()
  const one = new LogMaker(1)
  const batches = one.batches(2, 10)
  const storage = await openStorage(directory)
  await storage.recover()
  await storage.append(batches)
  await storage.recover()
  const [file = ''] = await segmentPaths(directory, one.origin)
  await flipByte(file, at)
  const more = one.batch(1)
  await storage.append([more])
  const all = updatesOf([...batches, more])
  expect(await storage.readUpdates(one.origin, range(1, 21))).toEqual(all)
  await storage.close()
  const next = await openStorage(directory)
  expect((await next.recover()).damage).toEqual([])
  expect(await next.readUpdates(one.origin, range(1, 21))).toEqual(all)
  await next.close()
})

test('a storage is closed when the setting is written that is on its way', async () => {
  const directory = await newDirectory()
  const gate = Promise.withResolvers<undefined>()
  const order: string[] = []
  const files: FileSystem = {
    ...diskFiles,
    rename: async (from, to) => {
      if (to.endsWith('/addresses.json')) await gate.promise
      return diskFiles.rename(from, to)
    },
  }
  const storage = await openStorage(directory, files)
  const written = storage.writeSetting('addresses', {}).then(() => order.push('written'))
  const closed = storage.close().then(() => order.push('closed'))
  // Had it not to wait, it would be closed in this turn: there is nothing else to close.
  await setImmediate()
  gate.resolve(undefined)
  await Promise.all([written, closed])
  expect(order).toEqual(['written', 'closed'])
})
