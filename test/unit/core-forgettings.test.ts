import { describe, expect, test } from 'vitest'
import type { Clock, DocumentId } from '../../replica/core/model/ids.ts'
import { documentId } from '../../replica/core/model/ids.ts'
import type { DocumentChange, ForgettingChange } from '../../replica/core/model/mailbox-changes.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { leftOutOf, restored } from '../../replica/core/state/left-out.ts'
import { overtaken } from '../../replica/core/words.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { forgettableBy } from '../../replica/host/mailbox-queries.ts'
import { sign } from '../simulation/sim-codec.ts'
import { readBatch, readImage } from '../simulation/versions.ts'
import {
  commandNamed,
  foundedCore,
  give,
  identity,
  logOf,
  noonMs,
  person,
  signUp,
  withMembers,
} from '../support/core-fixture.ts'

const now = noonMs * 1_000
const monthAgo = now - 30 * 86_400_000_000
const ada = person('ada')
const draft = (which: number): DocumentId => documentId(Buffer.alloc(16, which).toString('base64url'))

let commands = 0
const newCommand = () => commandNamed(`command ${(commands += 1)}`)

const document = (which: number, state: DocumentChange['state'], saidAt?: Clock): SignedChange => {
  const command = newCommand()
  const change = {
    kind: 'document',
    account: ada,
    command,
    document: draft(which),
    shelf: shelves.drafts,
    state,
  } as const
  return sign(saidAt === undefined ? change : { ...change, saidAt }, '')
}

const forgetting = (saidUpTo: Clock, ...left: readonly number[]): SignedChange => {
  const command = newCommand()
  const change: ForgettingChange = { kind: 'forgetting', account: ada, command, saidUpTo, documents: left.map(draft) }
  return sign(change, '')
}

const submit = (core: ReplicaCore, ...changes: readonly SignedChange[]) =>
  changes.map((signed) => give(core, { kind: 'submit', signed }).answer[0]?.result)

const reissue = (core: ReplicaCore, change: SignedChange, clock: Clock) =>
  give(core, { kind: 'reissue', change, clock, reason: 'to have it' }).persist.length

describe('documents that were deleted long ago', () => {
  const withDeleted = (): ReplicaCore => {
    const core = foundedCore(['ada'])
    for (const which of [1, 2, 3])
      submit(core, document(which, 'written', monthAgo - 9), document(which, 'deleted', monthAgo - 5))
    submit(core, document(4, 'written', monthAgo - 9), document(5, 'written', monthAgo + 9))
    return core
  }

  test('leave nothing behind when their person lets them be forgotten; all others stay', () => {
    const core = withDeleted()
    expect(core.state.documents.records()).toHaveLength(5)
    submit(core, forgetting(monthAgo, 4))
    expect(core.state.documents.records().map((record) => record.document)).toEqual([4, 5].map(draft))
    expect(core.state.image().forgettings).toHaveLength(1)
  })

  test('are not there again by what was said of them before, in whichever log it comes', () => {
    const core = withDeleted()
    submit(core, forgetting(monthAgo, 4))
    const digest = core.state.digest()
    const { origin } = identity(2, 'b')
    core.step(noonMs, [{ kind: 'handedIn', batches: logOf(origin, [document(1, 'written', monthAgo - 7)], now) }])
    expect([core.state.held(origin), core.state.documents.get(ada, draft(1))]).toEqual([1, undefined])
    expect(core.state.digest()).toBe(digest)
  })

  test('can be written anew: by who says it later than what is forgotten, as the server tells', () => {
    const core = withDeleted()
    submit(core, forgetting(now - 10, 4, 5))
    const late = document(1, 'written', now - 20).change
    expect(overtaken(core.state, late, noonMs)).toEqual({ by: now - 10, clock: now })
    submit(core, document(1, 'written', now - 9))
    // One that does not tell when it was said counts from the clock of its update.
    submit(core, document(2, 'written'))
    expect(core.state.documents.records().map((record) => record.document)).toEqual([4, 5, 1, 2].map(draft))
  })

  test('are not forgotten up to a time that is yet to come', () => {
    const core = withDeleted()
    const [refused] = submit(core, forgetting(now + 1, 4, 5))
    expect(refused).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
    expect(submit(core, forgetting(now, 4, 5))).toMatchObject([{ ok: true }])
  })

  test('are not forgotten by who does not know what is here, as it would be gone', () => {
    const core = withDeleted()
    const [refused] = submit(core, forgetting(monthAgo, 1))
    expect(refused).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
    expect(reissue(core, forgetting(monthAgo, 1), now)).toBe(0)
    expect(core.state.documents.get(ada, draft(4))).toBeDefined()
  })

  test('are counted for a client that asks, beside what is there, by the clocks of this machine and of most members', () => {
    const core = withDeleted()
    const forMs = 30 * 86_400_000
    const asked = (beforeMs: number, nowMs: number) => forgettableBy(core, ada, { beforeMs, forMs }, nowMs)
    expect(asked(noonMs, noonMs)).toEqual({ saidUpTo: monthAgo, left: [draft(4)], deleted: 3 })
    expect(asked(noonMs - forMs - 1, noonMs)).toMatchObject({ saidUpTo: monthAgo - 1_000, left: [], deleted: 0 })
    withMembers(core, noonMs - 1, noonMs - 1)
    expect(asked(noonMs, noonMs)).toMatchObject({ saidUpTo: monthAgo - 1_000 })
  })

  test('are not forgotten where something is kept that may be a document, and is not understood yet', () => {
    const core = withDeleted()
    const { origin } = identity(2, 'b')
    const [batch] = logOf(origin, [document(6, 'written', monthAgo - 9)], now)
    if (batch === undefined) throw new Error('there is a batch')
    core.step(noonMs, [{ kind: 'handedIn', batches: [readBatch('former', batch)] }])
    const asked = () => forgettableBy(core, ada, { beforeMs: noonMs, forMs: 30 * 86_400_000 }, noonMs)
    expect(asked()).toBeNull()
    core.step(noonMs, [{ kind: 'understood', updates: batch.updates }])
    expect(asked()).toMatchObject({ left: [4, 6].map(draft) })
  })

  test('are taken from a witness when a state leaves out that they were, by who has forgotten others', () => {
    const core = withDeleted()
    const own = new GroupState()
    for (const batch of logOf(identity(3, 'c').origin, [forgetting(monthAgo - 8)], 1)) own.applyBatch(batch)
    const witness = core.state.image()
    const image = { ...witness, documents: witness.documents.filter(({ state }) => state === 'written') }
    const { documents } = restored(image, witness, leftOutOf(image, witness, own), own)
    expect(documents.filter(({ state }) => state === 'deleted')).toHaveLength(3)
  })

  test('have nothing left when the account is gone, and none comes after it', () => {
    const core = withDeleted()
    submit(core, forgetting(monthAgo, 4))
    give(core, {
      kind: 'submit',
      signed: sign({ kind: 'accountDeletion', account: ada, command: newCommand() }, ''),
    })
    const { origin } = identity(2, 'b')
    core.step(noonMs, [{ kind: 'handedIn', batches: logOf(origin, [forgetting(monthAgo + 1)], now) }])
    expect([core.state.documents.records(), core.state.documents.forgettings.records()]).toEqual([[], []])
    expect(core.state.held(origin)).toBe(1)
  })
})

describe('what an old copy gives back', () => {
  test('is not written anew when it is forgotten, though nobody remembers it', () => {
    const core = foundedCore(['ada'])
    submit(core, forgetting(monthAgo))
    for (const saidAt of [monthAgo, undefined]) expect(reissue(core, document(1, 'written', saidAt), monthAgo)).toBe(0)
    expect(reissue(core, document(1, 'written', monthAgo + 1), monthAgo + 1)).toBe(1)
  })

  test('is a forgetting, too, unless as much was said since', () => {
    const core = foundedCore(['ada'])
    expect(reissue(core, forgetting(monthAgo, 1), now)).toBe(1)
    expect(reissue(core, forgetting(monthAgo - 1, 1, 2), now)).toBe(0)
    expect(reissue(core, forgetting(monthAgo - 1, 2), now)).toBe(1)
    const known = forgetting(monthAgo - 2, 1)
    submit(core, known)
    expect(reissue(core, known, now)).toBe(0)
  })
})

describe('a replica of before there were forgettings', () => {
  const { origin } = identity(1, 'a')
  const log = logOf(
    origin,
    [signUp('ada'), document(1, 'written'), document(1, 'deleted'), document(2, 'written'), forgetting(1_003, 2)],
    1_000,
  )
  const stateOf = (version: 'former' | 'present'): GroupState => {
    const state = new GroupState()
    for (const batch of log) state.applyBatch(readBatch(version, batch))
    return state
  }
  const bringUpToDate = (state: GroupState): void => {
    for (const { updates } of log) for (const update of updates) state.understand(update)
  }

  test('keeps one, and comes to the same state when it understands it', () => {
    const [former, present] = [stateOf('former'), stateOf('present')]
    expect(former.later.has(origin, 5)).toBe(true)
    bringUpToDate(former)
    expect(former.digest()).toBe(present.digest())
    expect(former.later.records()).toEqual([])
  })

  test('reads the state of one that knows them, and keeps what it has not understood of it', () => {
    const image = decodeImage(encodeImage(stateOf('present').image()))
    if (!image.ok) throw new Error(image.failure.message)
    expect([image.value.later, image.value.forgettings.length]).toEqual([[], 1])
    const former = new GroupState()
    former.join(readImage('former', image.value))
    expect([former.later.has(origin, 5), former.live.has(origin, 5)]).toEqual([true, true])
    bringUpToDate(former)
    expect(former.digest()).toBe(stateOf('present').digest())
  })

  test('names it to one that knows them, which takes it in with its content', () => {
    const present = new GroupState()
    present.join(stateOf('former').image())
    expect(present.documents.records()).toHaveLength(2)
    bringUpToDate(present)
    expect(present.digest()).toBe(stateOf('present').digest())
  })

  test('finds it in the image of a state where it finds all that it does not know', () => {
    const [head = '', ...chunks] = encodeImage(stateOf('present').image())
    const { forgettings, ...former } = JSON.parse(head) as { readonly forgettings: readonly unknown[] }
    expect(forgettings).toHaveLength(1)
    const read = decodeImage([JSON.stringify(former), ...chunks])
    expect(read).toMatchObject({
      ok: true,
      value: { later: [{ origin, sequence: 5, clock: 1_004, type: 27 }], forgettings: [] },
    })
  })
})
