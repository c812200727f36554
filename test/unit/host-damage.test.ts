import { expect, test, vi } from 'vitest'
import type { Sequence } from '../../replica/core/model/ids.ts'
import { LogMaker, updatesOf } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { founderOn, HostScene } from '../support/host-fixture.ts'

test('what a start finds damaged is fetched again from the others', async () => {
  const four = new LogMaker(4)
  const batches = four.batches(2, 10, 0)
  const { founding, rows } = founderOn(2, batches)
  const disk = new SimDisk(() => 0)
  const before = await HostScene.start(disk.open())
  await before.host.receive([...founding, ...batches])
  // With a snapshot that covers all of it.
  await before.host.stop()
  disk.damage(four.origin, 15)
  const asked: Sequence[] = []
  const storage = disk.open()
  const damage = [{ origin: four.origin, first: 11, last: 20, reason: 'a bit has flipped' }]
  const recover = storage.recover.bind(storage)
  vi.spyOn(storage, 'recover').mockImplementationOnce(async () => ({ ...(await recover()), damage }))
  const scene = await HostScene.start(storage, {
    answer: (message, scene) => {
      if (message.kind !== 'mailRequest') return
      const { id, origin, sequences } = message
      asked.push(...sequences)
      const updates = updatesOf(batches).filter(({ sequence }) => sequences.includes(sequence))
      scene.hear(2, { kind: 'mails', id, origin, covered: sequences.at(-1) ?? 0, updates })
    },
  })
  scene.greet(2, rows)
  await scene.clock.pass(5_000)
  expect(asked).not.toEqual([])
  expect(await storage.missing(four.origin, [11, 15, 20])).toEqual([])
})
