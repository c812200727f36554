import { expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { ViewHistory } from '../../replica/host/view-history.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { HostScene, installOn } from '../support/host-fixture.ts'

const [two, three] = [serverId(2), serverId(3)]
const pausedAt = ({ host }: HostScene) => host.read((core) => core.paused)

test('what is paused stays so over a restart, also when several are at once', async () => {
  const disk = new SimDisk(() => 0)
  const { host } = await HostScene.start(disk.open())
  await Promise.all([host.pause([two]), host.pause([three])])
  expect(await pausedAt(await HostScene.start(disk.open()))).toEqual([two, three])
  const again = await HostScene.start(disk.open())
  await again.host.resume([two])
  expect(await pausedAt(await HostScene.start(disk.open()))).toEqual([three])
})

test('what cannot be kept on a full disk is not in force either', async () => {
  const disk = new SimDisk(() => 0)
  const scene = await HostScene.start(disk.open())
  disk.fill()
  await expect(scene.host.pause([two])).rejects.toMatchObject({ code: 'DISK_FULL' })
  await expect(scene.host.setSyncInterval(450)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(await pausedAt(scene)).toEqual([])
  expect(await scene.host.read((core) => core.syncIntervalMs)).not.toBe(450)
})

test.each([new QuintetError('DAMAGED', 'a bit has flipped'), new QuintetError('DISK_FAILED', 'EIO: a sector is bad')])(
  'settings that cannot be read keep no replica from starting: $code',
  async (failure) => {
    const storage = new SimDisk(() => 0).open()
    storage.readSetting = () => Promise.reject(failure)
    const { host, clock } = await HostScene.start(storage)
    const { origin, server } = installOn(1).identity
    const history = new ViewHistory({ host, storage, clock, logger: silentLogger, origin, server })
    await history.start()
    await history.stop()
    await host.stop()
  },
)
