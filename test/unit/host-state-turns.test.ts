import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import type { Message, VersionVector } from '../../replica/core/model/messages.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { LogMaker, sequencesOf, updatesOf } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { founderOn, HostScene } from '../support/host-fixture.ts'

/** Counts the turns of the event loop for as long as the test runs. */
class TurnCounter {
  turns = 0
  #isOver = false

  constructor() {
    void this.#count()
  }

  end(): void {
    this.#isOver = true
  }

  async #count(): Promise<void> {
    while (!this.#isOver) {
      await setImmediate()
      this.turns += 1
    }
  }
}

test('the state that a newcomer is given is decoded, and written to its disk, a chunk in a turn of the event loop', async () => {
  const mails = new LogMaker(2).batches(3, 100, 0)
  const { core: founder, rows } = founderOn(1, mails)
  const chunks = encodeImage(founder.state.image())
  const updates = updatesOf(mails)
  const counter = new TurnCounter()
  const at = { lastChunk: 0, asked: 0, joined: 0, written: 0 }
  const answer = (message: Message, scene: HostScene): void => {
    if (message.kind === 'request') scene.hear(1, { kind: 'discarded', id: message.id, origin: message.origin })
    if (message.kind === 'stateRequest') {
      const { index } = message
      if (at.asked === 0) at.lastChunk = counter.turns
      scene.hear(1, { kind: 'stateChunk', image: 1, index, count: chunks.length, chunk: chunks[index] ?? '' })
    }
    if (message.kind === 'mailRequest') {
      const { id, origin, sequences } = message
      at.asked ||= counter.turns
      const asked = new Set(sequences)
      const found = updates.filter(({ sequence }) => asked.has(sequence))
      scene.hear(1, { kind: 'mails', id, origin, covered: sequencesOf(found).at(-1) ?? 0, updates: found })
    }
  }
  let joined: VersionVector | null = null
  const originalStep = ReplicaCore.prototype.step
  const storage = new SimDisk(() => 0).open()
  const writeSnapshot = storage.writeSnapshot.bind(storage)
  vi.spyOn(storage, 'writeSnapshot').mockImplementation((snapshot) => {
    if (snapshot.vector === joined) at.written ||= counter.turns
    return writeSnapshot(snapshot)
  })
  const step = vi.spyOn(ReplicaCore.prototype, 'step')
  step.mockImplementation(function (this: ReplicaCore, ...parts) {
    const effects = originalStep.apply(this, parts)
    if (effects.install === null) return effects
    joined ??= effects.install.image.vector
    at.joined ||= counter.turns
    return effects
  })
  const scene = await HostScene.start(storage, { seat: 3, answer })
  scene.greet(1, rows)
  const passed = async (): Promise<number> => {
    await scene.clock.pass(1_000)
    return at.written
  }
  // Signatures are verified by other threads meanwhile, which the scene's clock does not wait for.
  await expect.poll(passed, { timeout: 25_000, interval: 20 }).toBeGreaterThan(0)
  counter.end()
  step.mockRestore()
  expect(chunks.length).toBeGreaterThan(3)
  expect(at.asked - at.lastChunk).toBeGreaterThanOrEqual(chunks.length)
  // It is encoded, and read again.
  expect(at.written - at.joined).toBeGreaterThanOrEqual(chunks.length * 2 - 2)
}, 30_000)
