import { expect, test, vi } from 'vitest'
import { noEffects } from '../../replica/core/effects.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { BackgroundWork } from '../../replica/host/background-work.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
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
