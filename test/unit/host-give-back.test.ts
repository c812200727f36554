import { expect, test } from 'vitest'
import { serverId, updateId } from '../../replica/core/model/ids.ts'
import type { CoreEvent } from '../../replica/core/effects.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GiveBack } from '../../replica/host/give-back.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { Random } from '../simulation/random.ts'
import { newIdentity } from '../simulation/sim-codec.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { give, greet, identity, mailTo, noonMs, signUp, startCore } from '../support/core-fixture.ts'

/** What a former install of this machine had: a group with a mail. */
const oldCopy = async (): Promise<{
  readonly storage: Storage
  readonly mail: { origin: string; sequence: number }
}> => {
  const server = serverId(1)
  const { peer, origin } = newIdentity(new Random(1), server)
  const former = startCore({ origin, server, peer, admission: null, vouchers: [] })
  give(former, { kind: 'found', groupName: 'the group', server, machine: 'a machine' })
  give(former, { kind: 'submit', signed: signUp('ada') })
  const { persist } = give(former, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
  const update = persist.flatMap(({ updates }) => updates)[0]
  if (update === undefined) throw new Error('the mail is written')
  const storage = new SimDisk(() => 0).open()
  await storage.storeUpdates(update.origin, [update])
  const image = former.state.image()
  await storage.writeSnapshot({ vector: image.vector, chunks: [...encodeImage(image)] })
  return { storage, mail: update }
}

/** A newcomer that sees another one, which has nothing either. */
const strandedCore = (): ReplicaCore => {
  const other = identity(3, 'c')
  const core = startCore(identity(2, 'b'))
  greet(core, other)
  return core
}

test('where nobody has a state any more the one that was set aside is taken up again, contents first', async () => {
  const { storage, mail } = await oldCopy()
  const core = strandedCore()
  expect(core.isStranded).toBe(true)
  const stored: string[] = []
  const step = (event: CoreEvent): Promise<void> => {
    const { store } = core.step(noonMs, [event])
    for (const { origin, updates } of store) for (const { sequence } of updates) stored.push(updateId(origin, sequence))
    return Promise.resolve()
  }
  let look: () => void = () => undefined
  const giveBack = new GiveBack({
    host: {
      read: (ask) => Promise.resolve(ask(core)),
      receive: (batches) => step({ kind: 'handedIn', batches }),
      command: () => Promise.reject(new Error('nothing is issued again')),
      mend: (origin, updates) => step({ kind: 'mend', origin, updates }),
      keep: (origin, updates) => step({ kind: 'keep', origin, updates }),
      adopt: (image) => step({ kind: 'adopt', image }),
    },
    storage: new SimDisk(() => 0).open(),
    clock: {
      nowMs: () => noonMs,
      after: () => () => undefined,
      every: (_intervalMs, task) => {
        look = task
        return () => undefined
      },
    },
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    open: () => Promise.resolve({ forked: null, storage, discard: () => Promise.resolve() }),
    done: () => undefined,
  })
  giveBack.start()
  for (let looks = 0; looks < 100 && core.state.seats.group === null; looks += 1) {
    look()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await giveBack.stop()
  expect(core.state.seats.group?.name).toBe('the group')
  expect(stored).toEqual([`${mail.origin}:${mail.sequence}`])
  expect(core.state.mails.size).toBe(1)
})
