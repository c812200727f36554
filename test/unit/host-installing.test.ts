import { expect, test, vi } from 'vitest'
import type { Message } from '../../replica/core/model/messages.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { LogMaker, updatesOf } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { founderOn, HostScene } from '../support/host-fixture.ts'

test('a snapshot that is being made when a state is joined does not come after that of the joined state', async () => {
  const mails = new LogMaker(2).batches(1, 20, 0)
  const { core: founder, rows } = founderOn(1, mails)
  const chunks = encodeImage(founder.state.image())
  let last = null as Message | null
  const answer = (message: Message, scene: HostScene): void => {
    if (message.kind === 'request') scene.hear(1, { kind: 'discarded', id: message.id, origin: message.origin })
    if (message.kind === 'stateRequest') {
      const { index } = message
      scene.hear(1, { kind: 'stateChunk', image: 1, index, count: chunks.length, chunk: chunks[index] ?? '' })
    }
    // With these the transfer is complete.
    if (message.kind === 'mailRequest') {
      const { id, origin, sequences } = message
      last = { kind: 'mails', id, origin, covered: sequences.at(-1) ?? 0, updates: updatesOf(mails) }
    }
  }
  const disk = new SimDisk(() => 0)
  const storage = disk.open()
  const snapshots = vi.spyOn(storage, 'writeSnapshot')
  const scene = await HostScene.start(storage, { seat: 3, answer })
  scene.greet(1, rows)
  for (let rounds = 0; rounds < 100 && last === null; rounds += 1) await scene.clock.pass(50)
  await scene.host.receive(new LogMaker(4).batches(41, 100, 0))
  // The image is encoded in turns, between which the state is joined.
  const state = await scene.host.read((core) => core.state)
  const image = state.image.bind(state)
  vi.spyOn(state, 'image').mockImplementationOnce(() => {
    if (last !== null) scene.hear(1, last)
    return image()
  })
  for (let seconds = 0; seconds < 60 && snapshots.mock.calls.length < 2; seconds += 1) await scene.clock.pass(1_000)
  const held = await scene.host.read((core) => new Map(core.state.vector))
  expect(snapshots.mock.calls.length).toBeGreaterThan(1)
  expect(held.size).toBe(3)
  const { snapshot, suffix } = await disk.open().recover()
  const found = new Map(snapshot?.vector)
  for (const { origin, last } of suffix) found.set(origin, last)
  expect(found).toEqual(held)
}, 30_000)
