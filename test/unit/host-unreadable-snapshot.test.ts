import { expect, test, vi } from 'vitest'
import type { StateImage } from '../../replica/core/model/image.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { HostScene } from '../support/host-fixture.ts'

test('a snapshot that a start could not read is not written, and the log keeps everything', async () => {
  const disk = new SimDisk(() => 0)
  const storage = disk.open()
  const written = vi.spyOn(storage, 'writeSnapshot')
  const scene = await HostScene.start(storage, { seat: 3 })
  await scene.host.receive(new LogMaker(4).batches(41, 100, 0))
  const state = await scene.host.read((core) => core.state)
  const image = state.image.bind(state)
  // As a fault of the encoder would have it.
  const unreadable = (): StateImage => ({ ...image(), newestClock: 0.5 })
  const images = vi.spyOn(state, 'image').mockImplementation(unreadable)
  await passUntil(scene, () => images.mock.calls.length > 0)
  expect(written).not.toHaveBeenCalled()
  expect(await scene.host.read((core) => core.state.vector.size)).toBe(1)

  images.mockImplementation(image)
  await passUntil(scene, () => written.mock.calls.length > 0)

  images.mockImplementation(unreadable)
  await scene.host.stop()
  expect(written).toHaveBeenCalledTimes(1)
  const { snapshot } = await disk.open().recover()
  expect(snapshot?.vector.size).toBe(1)
}, 30_000)

const passUntil = async (scene: HostScene, holds: () => boolean): Promise<void> => {
  for (let seconds = 0; seconds < 60 && !holds(); seconds += 1) await scene.clock.pass(1_000)
  expect(holds()).toBe(true)
}
