import { SimDisk } from '../simulation/sim-disk.ts'
import { describeStorage } from './storage.ts'

describeStorage('a simulated disk', () => {
  const disk = new SimDisk(() => 0)
  return Promise.resolve({
    open: () => Promise.resolve(disk.open()),
    tearLast: async (origin) => disk.tearLast(origin),
    damage: async (origin, sequence) => disk.damage(origin, sequence),
    spoilNewestSnapshot: async () => disk.spoilNewestSnapshot(),
    remove: async () => disk.wipe(),
  })
})
