import { expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { originId, serverId, type OriginId, type ServerId } from '../../replica/core/model/ids.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GiveBack } from '../../replica/host/give-back.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { Random } from '../simulation/random.ts'
import { newIdentity, sign, type SimIdentity } from '../simulation/sim-codec.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import {
  commandNamed,
  foundedCore,
  give,
  greet,
  identity,
  inviteNamed,
  logOf,
  mailTo,
  noonMs,
  person,
  signUp,
  startCore,
} from '../support/core-fixture.ts'

const emptyCopy = (): Storage => new SimDisk(() => 0).open()

/** What a former install of this machine had: a group with these people, of whom some have changed their keys, and another machine. */
const copyWith = async (
  names: readonly string[],
  keys: readonly SignedChange[] = [],
  other: (SimIdentity & { readonly server: ServerId }) | null = null,
): Promise<Storage> => {
  const server = serverId(1)
  const { peer, origin } = newIdentity(new Random(1), server)
  const former = startCore({ origin, server, peer, admission: null, vouchers: [] })
  give(former, { kind: 'found', groupName: 'the group', server, machine: 'a machine' })
  for (const signed of [...names.map((name) => signUp(name)), ...keys]) give(former, { kind: 'submit', signed })
  if (other !== null) {
    const { origin: their, server: seat, peer: key } = other
    const claim = { kind: 'seat', server: seat, peer: key, machine: 'another', replaces: null } as const
    former.step(noonMs, [{ kind: 'handedIn', batches: logOf(their, [claim], noonMs * 1_000) }])
  }
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
      receive: (batches) => {
        core.step(noonMs, [{ kind: 'handedIn', batches }])
        return Promise.resolve()
      },
      command: (command) => {
        const [answer] = give(core, command).answer
        if (answer?.result.ok === true) return Promise.resolve(answer.result.value)
        return Promise.reject(new QuintetError('BAD_REQUEST', 'It is refused.'))
      },
      mend: () => Promise.resolve(),
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
    [newest, await copyWith(['ada', 'ben'])],
    [older, await copyWith(['ada'])],
  ])
  const core = strandedCore()
  expect(core.isStranded).toBe(true)
  expect(await lookAt(core, copies, 200)).toEqual({ takenUp: [newest], hasEnded: true })
  // What is here stays as it is: nothing is mixed with what has come since.
  expect(core.state.seats.group).toBe(null)
})

test('no copy is begun from before it is clear that nobody has a state, nor one that has none', async () => {
  const copy = originId('2.aaaaaaaa')
  const copies = new Map([[copy, await copyWith(['ada'])]])
  expect(await lookAt(strandedCore(), copies, 20)).toEqual({ takenUp: [], hasEnded: false })
  expect(await lookAt(strandedCore(), new Map([[copy, emptyCopy()]]), 200)).toEqual({ takenUp: [], hasEnded: false })
  const withOther = startCore(identity(2, 'b'))
  const other = identity(3, 'c')
  greet(withOther, other, new Map([[other.origin, new Map([[other.origin, 4]])]]))
  expect(await lookAt(withOther, copies, 200)).toEqual({ takenUp: [], hasEnded: false })
})

test('who sees nobody begins from the copy soon if that knows of nobody else, and after ten minutes if it does', async () => {
  const copy = originId('2.aaaaaaaa')
  const server = serverId(3)
  const other = { ...newIdentity(new Random(2), server), server }
  const alone = (): ReplicaCore => startCore(identity(2, 'b'))
  const only = new Map([[copy, await copyWith(['ada'])]])
  expect(await lookAt(alone(), only, 30)).toEqual({ takenUp: [], hasEnded: false })
  expect(await lookAt(alone(), only, 200)).toEqual({ takenUp: [copy], hasEnded: true })
  const withOther = new Map([[copy, await copyWith(['ada'], [], other)]])
  expect(await lookAt(alone(), withOther, 2_000)).toEqual({ takenUp: [], hasEnded: false })
  expect(await lookAt(alone(), withOther, 20_000)).toEqual({ takenUp: [copy], hasEnded: true })
})

test('where another one has a fuller copy, that is waited for, but not for ever', async () => {
  const copy = originId('2.aaaaaaaa')
  const copies = new Map([[copy, await copyWith(['ada'])]])
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

const keysOf = (name: string, generation: number): SignedChange =>
  sign(
    {
      ...{ kind: 'accountKeys', account: person(name), command: commandNamed(`${name} ${generation}`), generation },
      sealedKeys: new Uint8Array(1),
    },
    '',
  )

test('people of a copy whose log is compacted are given back with the newest locks of their keys, unless they are known or gone', async () => {
  const core = foundedCore(['ada', 'ben', 'cleo'])
  const other = identity(3, 'c')
  core.state.seats.admit(inviteNamed('one'), other.peer, other.server)
  greet(core, other)
  give(core, { kind: 'submit', signed: keysOf('ben', 2) })
  give(core, {
    kind: 'submit',
    signed: sign({ kind: 'accountDeletion', account: person('cleo'), command: commandNamed('go') }, ''),
  })
  const copy = originId('2.aaaaaaaa')
  const changed = [keysOf('ada', 1), keysOf('ben', 1), keysOf('dora', 3)]
  const copies = new Map([[copy, await copyWith(['ada', 'ben', 'cleo', 'dora'], changed)]])
  await lookAt(core, copies, 50)
  const { accounts, accountKeys } = core.state
  expect(accounts.records().map(({ account }) => account)).toEqual(['ada', 'ben', 'dora'].map(person))
  expect(['ada', 'ben', 'dora'].map((name) => accountKeys.get(person(name))?.generation)).toEqual([1, 2, 3])
})

test('what a retired machine was between starting over and joining again takes no seat, and what it wrote comes along', async () => {
  const core = foundedCore(['ada'])
  const [away, server] = [identity(3, 'c'), serverId(2)]
  const [retired, since] = [1, 2].map((seed) => newIdentity(new Random(seed), server)) as [SimIdentity, SimIdentity]
  const claimOf = ({ peer }: SimIdentity, replaces: OriginId | null) =>
    ({ kind: 'seat', server, peer, machine: 'a machine', replaces }) as const
  core.step(noonMs, [{ kind: 'handedIn', batches: logOf(retired.origin, [claimOf(retired, null)], noonMs) }])
  core.state.seats.admit(inviteNamed('one'), away.peer, away.server)
  greet(core, away)
  give(core, { kind: 'retire', machine: retired.origin })
  const succession = { former: retired.peer, signature: new Uint8Array(64) }
  const log = logOf(
    since.origin,
    [{ ...claimOf(since, retired.origin), succession }, mailTo('ada', ['ada'], 'before it joined again')],
    noonMs + 1,
  )
  const copy = emptyCopy()
  await copy.append(log)
  await lookAt(core, new Map([[since.origin, copy]]), 50)
  expect(core.state.mails.size).toBe(1)
  expect(core.state.seats.holder(server)).toBeUndefined()
  expect(core.state.seats.isRetired(since.origin)).toBe(true)
})

test('a copy of a machine that is known is given back without retiring it: it may be running elsewhere', async () => {
  const core = foundedCore(['ada'])
  const [away, server] = [identity(3, 'c'), serverId(2)]
  const other = newIdentity(new Random(1), server)
  const seat = { kind: 'seat', server, peer: other.peer, machine: 'a machine', replaces: null } as const
  const log = logOf(other.origin, [seat, mailTo('ada', ['ada'], 'not sent yet')], noonMs)
  core.step(noonMs, [{ kind: 'handedIn', batches: log.slice(0, 1) }])
  core.state.seats.admit(inviteNamed('one'), away.peer, away.server)
  greet(core, away, new Map([[away.origin, new Map([[other.origin, 1]])]]))
  const copy = emptyCopy()
  await copy.append(log)
  await lookAt(core, new Map([[other.origin, copy]]), 50)
  expect(core.state.mails.size).toBe(1)
  expect(core.state.seats.holder(server)?.origin).toBe(other.origin)
})

test('whom people follow comes along from a copy whose log is compacted, unless they have said otherwise since', async () => {
  const follows = (whom: string, state: 'follows' | 'not', clock: number): SignedChange =>
    sign(
      {
        ...{ kind: 'follow', account: person('ada'), whom: person(whom), state, saidAt: clock },
        command: commandNamed(`${state} ${whom}`),
      },
      `${state} ${whom}`,
    )
  const core = foundedCore(['ada', 'ben', 'cleo'])
  const other = identity(3, 'c')
  core.state.seats.admit(inviteNamed('one'), other.peer, other.server)
  greet(core, other)
  give(core, { kind: 'submit', signed: follows('cleo', 'not', noonMs * 1_000 + 50) })
  const { origin } = newIdentity(new Random(1), serverId(2))
  const log = logOf(
    origin,
    [follows('ben', 'not', 10), follows('ben', 'follows', 20), follows('cleo', 'follows', 30), signUp('dora')],
    noonMs * 1_000,
  )
  const former = startCore(identity(2, 'b'))
  former.step(noonMs, [{ kind: 'handedIn', batches: log }])
  const copy = emptyCopy()
  await copy.append(log)
  const { vector, ...image } = former.state.image()
  await copy.writeSnapshot({ vector, chunks: [...encodeImage({ vector, ...image })] })
  const kept = former.state.live.kept()
  await copy.compact(vector, (of, sequence) => kept.get(of)?.includes(sequence) ?? false)
  expect(await copy.readBatches(origin, 0, 100_000)).toEqual([])
  expect(await copy.readUpdates(origin, [1, 2, 3, 4])).toHaveLength(2)
  await lookAt(core, new Map([[origin, copy]]), 50)
  expect(core.state.follows.follows(person('ada'), person('ben'))).toBe(true)
  expect(core.state.follows.follows(person('ada'), person('cleo'))).toBe(false)
})

test('who was retired and joins again brings along what was written there, but not that it had retired who is here', async () => {
  const core = foundedCore(['ada'])
  const [away, server] = [identity(3, 'c'), serverId(2)]
  const was = newIdentity(new Random(1), server)
  const seat = { kind: 'seat', server, peer: was.peer, machine: 'a machine', replaces: null } as const
  const log = logOf(
    was.origin,
    [
      seat,
      mailTo('ada', ['ada'], 'before'),
      { kind: 'retirement', retired: core.identity.origin },
      { kind: 'retirement', retired: identity(5, 'e').origin },
      mailTo('ada', ['ada'], 'after'),
    ],
    noonMs,
  )
  core.step(noonMs, [{ kind: 'handedIn', batches: log.slice(0, 1) }])
  core.state.seats.admit(inviteNamed('one'), away.peer, away.server)
  greet(core, away)
  give(core, { kind: 'retire', machine: was.origin })
  const copy = emptyCopy()
  await copy.append(log)
  await lookAt(core, new Map([[was.origin, copy]]), 50)
  expect(core.state.held(was.origin)).toBe(2)
  expect(core.state.mails.size).toBe(2)
  expect(core.isRetired).toBe(false)
  expect(core.state.seats.isRetired(identity(5, 'e').origin)).toBe(true)
})
