import { expect, test } from 'vitest'
import { originId, serverId, type OriginId } from '../../replica/core/model/ids.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GiveBack } from '../../replica/host/give-back.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { Random } from '../simulation/random.ts'
import { newIdentity } from '../simulation/sim-codec.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { give, greet, identity, noonMs, signUp, startCore } from '../support/core-fixture.ts'

const emptyCopy = (): Storage => new SimDisk(() => 0).open()

/** What a former install of this machine had: a group with these people. */
const copyWith = async (...names: readonly string[]): Promise<Storage> => {
  const server = serverId(1)
  const { peer, origin } = newIdentity(new Random(1), server)
  const former = startCore({ origin, server, peer, admission: null, vouchers: [] })
  give(former, { kind: 'found', groupName: 'the group', server, machine: 'a machine' })
  for (const name of names) give(former, { kind: 'submit', signed: signUp(name) })
  const storage = emptyCopy()
  const image = former.state.image()
  await storage.writeSnapshot({ vector: image.vector, chunks: [...encodeImage(image)] })
  return storage
}

/** A newcomer that sees another one, which has nothing either. */
const strandedCore = (): ReplicaCore => {
  const core = startCore(identity(2, 'b'))
  greet(core, identity(3, 'c'))
  return core
}

/** Looks so often whether it is time, and tells which copies were taken up, and whether it has ended. */
const lookAt = async (core: ReplicaCore, copies: ReadonlyMap<OriginId, Storage>, times: number) => {
  let look = null as (() => void) | null
  const takenUp: OriginId[] = []
  const giveBack = new GiveBack({
    host: {
      read: (ask) => Promise.resolve(ask(core)),
      receive: () => Promise.reject(new Error('nothing is handed in')),
      command: () => Promise.reject(new Error('nothing is issued again')),
      mend: () => Promise.reject(new Error('nothing is mended')),
      tellAside: (updates) => {
        core.step(noonMs, [{ kind: 'aside', updates }])
        return Promise.resolve()
      },
    },
    storage: emptyCopy(),
    clock: {
      nowMs: () => noonMs,
      after: () => () => undefined,
      every: (_intervalMs, task) => {
        look = task
        return () => (look = null)
      },
    },
    logger: silentLogger,
    copies: () => Promise.resolve([...copies.keys()]),
    open: (copy) =>
      Promise.resolve({ forked: null, storage: copies.get(copy) ?? emptyCopy(), discard: () => Promise.resolve() }),
    takeUp: (copy) => takenUp.push(copy),
    done: () => undefined,
  })
  giveBack.start()
  for (let looks = 0; looks < times; looks += 1) {
    look?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const hasEnded = look === null
  await giveBack.stop()
  return { takenUp, hasEnded }
}

test('where nobody has a state any more the fullest copy is begun from, once', async () => {
  const [empty, older, newest] = ['a', 'b', 'c'].map((letter) => originId(`2.${letter.repeat(8)}`)) as [
    OriginId,
    OriginId,
    OriginId,
  ]
  const copies = new Map([
    [empty, emptyCopy()],
    [newest, await copyWith('ada', 'ben')],
    [older, await copyWith('ada')],
  ])
  const core = strandedCore()
  expect(core.isStranded).toBe(true)
  expect(await lookAt(core, copies, 200)).toEqual({ takenUp: [newest], hasEnded: true })
  // What is here stays as it is: nothing is mixed with what has come since.
  expect(core.state.seats.group).toBe(null)
})

test('no copy is begun from before it is clear that nobody has a state, nor one that has none', async () => {
  const copy = originId('2.aaaaaaaa')
  const copies = new Map([[copy, await copyWith('ada')]])
  expect(await lookAt(strandedCore(), copies, 20)).toEqual({ takenUp: [], hasEnded: false })
  expect(await lookAt(strandedCore(), new Map([[copy, emptyCopy()]]), 200)).toEqual({ takenUp: [], hasEnded: false })
  const withOther = startCore(identity(2, 'b'))
  const other = identity(3, 'c')
  greet(withOther, other, new Map([[other.origin, new Map([[other.origin, 4]])]]))
  expect(await lookAt(withOther, copies, 200)).toEqual({ takenUp: [], hasEnded: false })
})

test('where another one has a fuller copy, that is waited for, but not for ever', async () => {
  const copy = originId('2.aaaaaaaa')
  const copies = new Map([[copy, await copyWith('ada')]])
  const waiting = (): ReplicaCore => {
    const core = strandedCore()
    const { peer, origin } = identity(3, 'c')
    const rows = new Map([[origin, new Map([[origin, 0]])]])
    const message = { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [], aside: 1_000 } as const
    core.step(noonMs, [{ kind: 'message', peer, message }])
    return core
  }
  expect(await lookAt(waiting(), copies, 100)).toEqual({ takenUp: [], hasEnded: false })
  expect(await lookAt(waiting(), copies, 300)).toEqual({ takenUp: [copy], hasEnded: true })
})
