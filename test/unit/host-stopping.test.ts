import { expect, test, vi } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { BackgroundWork } from '../../replica/host/background-work.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { HostScene } from '../support/host-fixture.ts'

const log = new LogMaker(4)
const batch = log.batch(3)

/** The next append waits for the returned functions. */
const holdAppend = (storage: Storage) => {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const append = storage.append.bind(storage)
  vi.spyOn(storage, 'append').mockImplementationOnce((batches) => promise.then(() => append(batches)))
  return {
    goOn: () => {
      resolve(undefined)
    },
    fail: reject,
  }
}

test('nobody is shown what could not be written when a disk has failed for good', async () => {
  const storage = new SimDisk(() => 0).open()
  const scene = await HostScene.start(storage, { seat: 3 })
  const { fail } = holdAppend(storage)
  const received = scene.host.receive([batch])
  await Promise.resolve()
  const read = scene.host.read((core) => core.state.held(log.origin))
  fail(new QuintetError('DISK_FAILED', 'it is broken'))
  await expect(received).rejects.toMatchObject({ code: 'DISK_FAILED' })
  await expect(read).rejects.toMatchObject({ code: 'DISK_FAILED' })
  expect(scene.fatal).toHaveLength(1)
})

test('the last snapshot does not cover what is still being written', async () => {
  const storage = new SimDisk(() => 0).open()
  const scene = await HostScene.start(storage, { seat: 3 })
  const done: string[] = []
  const write = storage.writeSnapshot.bind(storage)
  vi.spyOn(storage, 'writeSnapshot').mockImplementation((snapshot) => {
    done.push('snapshot')
    return write(snapshot)
  })
  // As a compaction that takes its time.
  const background = Promise.withResolvers<undefined>()
  vi.spyOn(BackgroundWork.prototype, 'finished').mockImplementation(() => background.promise)
  const stopped = scene.host.stop()
  await scene.clock.pass(100)
  const { goOn } = holdAppend(storage)
  const received = scene.host.receive([batch]).then(() => done.push('batch'))
  await scene.clock.pass(100)
  background.resolve(undefined)
  await scene.clock.pass(100)
  expect(done).toEqual([])
  goOn()
  await Promise.all([stopped, received])
  expect(done).toEqual(['batch', 'snapshot'])
})

test('one whose disk has failed for good lets go of the network and of the directory when it is stopped, and writes nothing any more', async () => {
  const storage = new SimDisk(() => 0).open()
  const scene = await HostScene.start(storage, { seat: 3 })
  const wrote = vi.spyOn(storage, 'writeSnapshot')
  const close = vi.spyOn(storage, 'close').mockRejectedValue(new QuintetError('DISK_FAILED', 'it is still broken'))
  const { fail } = holdAppend(storage)
  const received = scene.host.receive([batch])
  await Promise.resolve()
  fail(new QuintetError('DISK_FAILED', 'it is broken'))
  await expect(received).rejects.toMatchObject({ code: 'DISK_FAILED' })
  await Promise.all([scene.host.stop(), scene.host.stop()])
  expect(scene.isConnected).toBe(false)
  expect(scene.clock.timers).toBe(0)
  expect(close).toHaveBeenCalledOnce()
  expect(wrote).not.toHaveBeenCalled()
  await expect(scene.host.read(() => 0)).rejects.toMatchObject({ code: 'DISK_FAILED' })
})

test('the last snapshot does not cover what could not be written while it was being stopped', async () => {
  const storage = new SimDisk(() => 0).open()
  const scene = await HostScene.start(storage, { seat: 3 })
  const wrote = vi.spyOn(storage, 'writeSnapshot')
  const { fail } = holdAppend(storage)
  const received = scene.host.receive([batch])
  await Promise.resolve()
  const stopped = scene.host.stop()
  fail(new QuintetError('DISK_FAILED', 'it is broken'))
  await expect(received).rejects.toMatchObject({ code: 'DISK_FAILED' })
  await stopped
  expect(wrote).not.toHaveBeenCalled()
})
