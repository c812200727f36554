import { expect, test } from 'vitest'
import { serverId } from '../../replica/core/model/ids.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { stateOf } from '../../replica/host/divergence.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { carryOver } from '../../replica/host/taking-up.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { Random } from '../simulation/random.ts'
import { firstHash, newIdentity } from '../simulation/sim-codec.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { give, identity, logOf, mailTo, noonMs, signUp, startCore } from '../support/core-fixture.ts'

const clock = noonMs * 1_000 + 5_000

const storageWith = async (batches: readonly Batch[]): Promise<Storage> => {
  const storage = new SimDisk(() => 0).open()
  await storage.append(batches)
  return storage
}

/** The state of a group's founder, discarded up to a snapshot, with these logs of others. */
const copyWith = async (logs: readonly Batch[]): Promise<Storage> => {
  const server = serverId(1)
  const { peer, origin } = newIdentity(new Random(1), server)
  const core = startCore({ origin, server, peer, admission: null, vouchers: [] })
  give(core, { kind: 'found', groupName: 'the group', server, machine: 'a machine' })
  give(core, { kind: 'submit', signed: signUp('ada') })
  give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'of the founder') })
  core.step(noonMs, [{ kind: 'handedIn', batches: logs }])
  const storage = await storageWith(logs)
  const image = core.state.image()
  await storage.writeSnapshot({ vector: image.vector, chunks: [...encodeImage(image)] })
  return storage
}

const forked = identity(2, 'b').origin
const shared = identity(3, 'c').origin
const own = identity(4, 'd').origin
const [start, here] = logOf(forked, [signUp('ben'), mailTo('ben', ['ada'], 'here')], clock) as [Batch, Batch]
const elsewhere = logOf(
  forked,
  [signUp('ben'), mailTo('ben', ['ada'], 'elsewhere'), mailTo('ben', ['ada'], 'elsewhere, too')],
  clock,
)
const others = logOf(shared, [signUp('cleo'), mailTo('cleo', ['ada'], 'from cleo')], clock)
const ownLog = logOf(own, [signUp('dora'), mailTo('dora', ['ada'], 'from dora')], clock)

test('a copy that is begun from keeps its own logs, and gets what goes on from them', async () => {
  const copy = await copyWith([start, here, ...others.slice(0, 1)])
  const before = stateOf(await copy.recover()).image()
  const present = await storageWith([...elsewhere, ...others, ...ownLog])
  await carryOver(present, copy, firstHash)
  const state = stateOf(await copy.recover())
  const expected = new GroupState()
  expected.join(before)
  for (const batch of [...others.slice(1), ...ownLog]) expected.applyBatch(batch)
  expect(state.digest()).toBe(expected.digest())
  expect(state.lastHash(forked)).toBe(here.lastHash)
  expect(state.held(own)).toBe(2)
  // Of each log one: a command of the other one is not taken for carried out.
  const theirs = elsewhere[1]?.updates[0]?.change
  expect(theirs?.kind === 'mail' ? state.commands.get(theirs.command) : theirs).toBe(undefined)
  expect(await copy.readBatches(forked, 0, 1_000_000)).toEqual([start, here])
})

test('what does not go on from the copy stays in what is set aside instead, to be given back', async () => {
  const copy = await copyWith([start, here])
  const present = await storageWith([...elsewhere, ...ownLog])
  await carryOver(present, copy, firstHash)
  expect(await present.readBatches(forked, 0, 1_000_000)).toEqual(elsewhere)
})

test('to prepare a copy once more, after a crash, changes nothing', async () => {
  const copy = await copyWith([start])
  const present = await storageWith(ownLog)
  await carryOver(present, copy, firstHash)
  const digest = stateOf(await copy.recover()).digest()
  await carryOver(present, copy, firstHash)
  expect(stateOf(await copy.recover()).digest()).toBe(digest)
})
