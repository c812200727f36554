import { rm } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { noEffects } from '../../replica/core/effects.ts'
import type { Sequence } from '../../replica/core/model/ids.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { BackgroundWork } from '../../replica/host/background-work.ts'
import { UnreadableFiles } from '../conformance/storage-faults.ts'
import { makeDirectory, openStorage, segmentPaths, silentLogger } from '../conformance/storage-files.ts'
import { LogMaker, range, updatesOf } from '../conformance/storage-fixture.ts'
import { wire } from '../property/arbitraries.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { founderOn, HandClock, HostScene } from '../support/host-fixture.ts'

const diskFailed = new QuintetError('DISK_FAILED', 'The disk failed (reading the log): EIO')

test('a replica without a snapshot does not begin from nothing where its log may be read another time', async () => {
  const { founding } = founderOn(1)
  const storage = new SimDisk(() => 0).open()
  await storage.append(founding)
  const recover = storage.recover.bind(storage)
  const damage = [{ origin: new LogMaker(4).origin, first: 1, last: 20, reason: 'EIO', mayComeBack: true as const }]
  vi.spyOn(storage, 'recover').mockImplementation(async () => ({ ...(await recover()), damage }))
  await expect(HostScene.start(storage)).rejects.toMatchObject({ code: 'DISK_FAILED' })
})

test('a disk that fails to read while something is looked for does not end the replica', async () => {
  const storage = new SimDisk(() => 0).open()
  const missing = vi.spyOn(storage, 'missing').mockRejectedValue(diskFailed)
  const failed = vi.fn(() => Promise.resolve())
  const enqueue = vi.fn()
  const loop = { read: vi.fn(), enqueue, failed }
  const work = new BackgroundWork({ storage, logger: silentLogger, wire, clock: new HandClock() }, loop)
  const mails = new Map([[new LogMaker(1).origin, [{ sequence: 1, clock: 1 }]]])
  work.start({ ...noEffects(), findMissing: { search: 1, mails } })
  await work.finished()
  expect(missing).toHaveBeenCalledOnce()
  expect(failed).not.toHaveBeenCalled()

  missing.mockRejectedValue(new Error('a fault of the program'))
  work.start({ ...noEffects(), findMissing: { search: 2, mails } })
  await work.finished()
  expect(failed).toHaveBeenCalledOnce()
  expect(enqueue).not.toHaveBeenCalled()
})

test(
  'what cannot be read is fetched from the others, while the disk keeps what it has',
  { timeout: 30_000 },
  async () => {
    const directory = await makeDirectory()
    const disk = new UnreadableFiles()
    const four = new LogMaker(4)
    const batches = four.batches(22, 50, 0)
    const { founding, rows } = founderOn(2, batches)
    const before = await HostScene.start(await openStorage(directory, disk.files))
    await before.host.receive([...founding, ...batches])
    await before.host.stop()
    const [spoilt = ''] = await segmentPaths(directory, four.origin)
    await disk.spoil(spoilt)
    // The others have not got everything either.
    const held = updatesOf(batches).filter(({ sequence }) => sequence <= 20)
    const storage = await openStorage(directory, disk.files)
    const stored = Promise.withResolvers<undefined>()
    const store = storage.storeUpdates.bind(storage)
    vi.spyOn(storage, 'storeUpdates').mockImplementation(async (origin, updates) => {
      await store(origin, updates)
      stored.resolve(undefined)
    })
    const asked: Sequence[] = []
    const scene = await HostScene.start(storage, {
      answer: (message, scene) => {
        if (message.kind !== 'mailRequest') return
        asked.push(...message.sequences)
        const { id, origin, sequences } = message
        const updates = held.filter(({ sequence }) => sequences.includes(sequence))
        scene.hear(2, { kind: 'mails', id, origin, covered: sequences.at(-1) ?? 0, updates })
      },
    })
    scene.greet(2, rows)
    const read = async (sequence: Sequence) => (await scene.host.readUpdates(four.origin, [sequence])).length
    expect(await read(7)).toBe(0)
    for (let rounds = 0; rounds < 200 && asked.length === 0; rounds += 1) await scene.clock.pass(50)
    await stored.promise
    expect([await read(7), await read(800), await read(1_050)]).toEqual([1, 0, 1])
    expect(scene.fatal).toEqual([])
    await scene.host.stop()
    disk.heal()
    const last = await openStorage(directory, disk.files)
    await last.recover()
    expect(await last.missing(four.origin, range(1, four.last))).toEqual([])
    await last.close()
    await rm(directory, { recursive: true })
  },
)
