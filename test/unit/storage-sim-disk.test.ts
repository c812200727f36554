import { expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { LogMaker, spansOf } from '../conformance/storage-fixture.ts'
import type { Tear } from '../simulation/sim-disk.ts'
import { SimDisk } from '../simulation/sim-disk.ts'

const setUp = () => ({ disk: new SimDisk(() => 0.5), log: new LogMaker(1) })

const recoveredSpans = async (disk: SimDisk) => spansOf((await disk.open().recover()).suffix)

test.each<[Tear, number]>([
  ['nothing', 1],
  ['some', 2],
  ['everything', 3],
])('of a write under way, a crash that leaves %s keeps that, and never tells', async (tear, kept) => {
  const { disk, log } = setUp()
  const batches = log.batches(3, 2)
  const storage = disk.open()
  await storage.append(batches.slice(0, 1))
  const release = disk.hold()
  let isTold = false
  void storage.append(batches.slice(1)).then(() => {
    isTold = true
  })
  expect(disk.isWriting).toBe(true)
  disk.crash(tear)
  release()
  expect(await recoveredSpans(disk)).toEqual(spansOf(batches.slice(0, kept)))
  expect(isTold).toBe(false)
})

test('a held write is durable when it is released', async () => {
  const { disk, log } = setUp()
  const storage = disk.open()
  const release = disk.hold()
  const append = storage.append([log.batch(1)])
  expect(await storage.readBatches(log.origin, 0, 1)).toEqual([])
  release()
  await append
  expect(await storage.readBatches(log.origin, 0, 1)).toHaveLength(1)
})

test('a process that has ended can do nothing more', async () => {
  const { disk, log } = setUp()
  const storage = disk.open()
  disk.crash('nothing')
  await expect(storage.append([log.batch(1)])).rejects.toThrow(QuintetError)
})

test('an old copy comes back as it was; a wiped disk is empty', async () => {
  const { disk, log } = setUp()
  const batches = log.batches(2, 1)
  await disk.open().append(batches.slice(0, 1))
  const copy = disk.copy()
  await disk.open().append(batches.slice(1))
  disk.restore(copy)
  expect(await recoveredSpans(disk)).toEqual(spansOf(batches.slice(0, 1)))
  disk.wipe()
  expect(await recoveredSpans(disk)).toEqual([])
})

test('a full disk refuses writes until there is room', async () => {
  const { disk, log } = setUp()
  const [batch] = log.batches(1, 1)
  const storage = disk.open()
  disk.fill()
  await expect(storage.append([batch!])).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.makeRoom()
  await storage.append([batch!])
  expect(await recoveredSpans(disk)).toEqual(spansOf([batch!]))
})
