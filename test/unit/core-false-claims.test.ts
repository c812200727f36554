import { describe, expect, test } from 'vitest'
import type { Message } from '../../replica/core/model/messages.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { hash, originId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { SignedEnd } from '../../replica/core/model/proofs.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { retiredFailure } from '../../replica/core/retired-peers.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  madeUpOrigin,
  mailTo,
  noonMs,
  warningsOf,
} from '../support/core-fixture.ts'

const [liar, absent] = [identity(2, 'b'), identity(3, 'c')]
const claimed = 1_000_000

const seatOf = ({ origin, server, peer }: typeof liar) =>
  makeBatchOf(origin)(1, firstHash(origin), [
    { clock: 1, change: { kind: 'seat', server, peer, machine: 'another', replaces: null } },
  ])

/** A group of three, of which one never comes. */
const group = (): ReplicaCore => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [{ kind: 'handedIn', batches: [seatOf(liar), seatOf(absent)] }])
  return core
}

const says = (core: ReplicaCore, message: Message, atMs = noonMs) =>
  core.step(atMs, [{ kind: 'message', peer: liar.peer, message }])

/** Where this install's log ends, by its own signature: `wire` has verified it. */
const ownEnd = (core: ReplicaCore, sequence: number): SignedEnd => ({
  origin: core.identity.origin,
  peer: core.identity.peer,
  sequence,
  hash: hash('A'.repeat(43)),
  signature: new Uint8Array(64),
})

describe('a member that says that there is more of our log than we hold', () => {
  const rows = (core: ReplicaCore, holder: OriginId) => new Map([[holder, new Map([[core.identity.origin, claimed]])]])
  const writes = (core: ReplicaCore): boolean =>
    give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'at once') }).answer[0]?.result.ok === true

  test.each([
    ['itself', liar.origin],
    ['a member that is away', absent.origin],
  ])('and that %s has it does not hold our writing up', (_who, holder) => {
    const core = group()
    greet(core, liar, rows(core, holder))
    says(core, { kind: 'knowledge', clock: 1, rows: rows(core, holder), hashes: new Map(), sessions: [] })
    expect(core.hindrance).toBe(null)
    expect(writes(core)).toBe(true)
  })

  test('and that it has discarded it neither makes us start over nor changes our log', () => {
    const core = group()
    const { origin } = core.identity
    // Of the two that are left, so that nobody else is waited for who could confirm a state.
    give(core, { kind: 'retire', machine: absent.origin })
    const { send } = greet(core, liar, rows(core, liar.origin))
    const [request] = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
    if (request === undefined) throw new Error('it is asked for what it claims')
    expect(request.origin).toBe(origin)
    says(core, { kind: 'discarded', id: request.id, origin })
    expect(says(core, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' }).decodeImage).not.toBe(null)
    const image = { ...core.state.image(), vector: new Map([...core.state.vector, [origin, claimed]]) }
    const { install, notify } = core.step(noonMs, [
      { kind: 'imageDecoded', peer: liar.peer, image: { ...image, signatures: new Map() } },
    ])
    expect(install).toBe(null)
    expect(notify.map(({ kind }) => kind)).not.toContain('forked')
    expect(core.state.held(origin)).toBe(4)
    expect(writes(core)).toBe(true)
  })

  test('and shows our own signature is believed: we are an old copy, and wait for what is ours, half a minute at most', () => {
    const core = group()
    core.step(noonMs, [
      { kind: 'connected', peer: liar.peer },
      { kind: 'message', peer: liar.peer, message: { ...helloOf(liar), end: ownEnd(core, 9) } },
    ])
    expect(core.hindrance).toBe('reclaiming')
    expect(writes(core)).toBe(false)
    for (let atMs = noonMs; atMs <= noonMs + 40_000; atMs += 500) core.step(atMs, [{ kind: 'tick' }])
    expect(core.hindrance).toBe(null)
    expect(core.state.mails.size).toBe(1)
    // More of it makes no difference, unless it is more.
    says(core, { kind: 'fork', origin: core.identity.origin, end: ownEnd(core, 9) }, noonMs + 41_000)
    expect(core.hindrance).toBe(null)
  })
})

test('of the installs that a member makes up a limited number is remembered, and of those that have a seat all', () => {
  const core = group()
  greet(core, liar)
  const tellsOf = (holders: readonly OriginId[]) => {
    const rows = new Map(holders.map((holder) => [holder, new Map([[core.identity.origin, 1]])]))
    says(core, { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
  }
  const madeUp = Array.from({ length: 3 * limits.matrixRows }, (_, number) => madeUpOrigin(5, number))
  for (let start = 0; start < madeUp.length; start += limits.matrixRows)
    tellsOf(madeUp.slice(start, start + limits.matrixRows))
  tellsOf([absent.origin])
  expect(core.matrix.rows().size).toBeLessThanOrEqual(limits.matrixRows + 1)
  expect(core.holdersOf(core.identity.origin, 1)).toEqual([core.identity.server, absent.server])
})

test('of what installs that a member made up hold nothing is remembered, though each has claimed a seat', () => {
  const core = group()
  greet(core, liar)
  const madeUp = Array.from({ length: 2 * limits.matrixRows }, (_, number) => ({
    ...identity(5, 'z'),
    origin: madeUpOrigin(5, number),
  }))
  core.step(noonMs, [{ kind: 'handedIn', batches: madeUp.map(seatOf) }])
  const holds = new Map(Array.from({ length: 100 }, (_, number) => [madeUpOrigin(4, number), 1]))
  const rows = new Map(madeUp.slice(1, limits.matrixRows).map(({ origin }) => [origin, holds]))
  says(core, { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
  const entries = [...core.matrix.rows().values()].reduce((sum, row) => sum + row.size, 0)
  expect(entries).toBeLessThan(4 * limits.matrixRows)
  says(core, { kind: 'knowledge', clock: 1, rows: new Map([[absent.origin, holds]]), hashes: new Map(), sessions: [] })
  expect(core.matrix.row(absent.origin).size).toBeGreaterThanOrEqual(holds.size)
})

describe('a member that says that this machine was retired', () => {
  /** `wire` has verified the proof, and that those who let the one in who signed it, and one another, did so. */
  const refusal = (
    core: ReplicaCore,
    by: OriginId | null,
    retired = core.identity.origin,
    letInBy: readonly OriginId[] = [],
  ): Message => {
    const bytes = new Uint8Array(1)
    const vouchers = letInBy.map((voucher) => ({ by: voucher, bytes }))
    const retirement = by === null ? null : { retired, proof: { by, bytes }, vouchers }
    return { kind: 'refusal', failure: retiredFailure, retirement }
  }
  const [stranger, between] = [originId('5.zzzzzzzz'), originId('5.xxxxxxxx')]
  const greeted = (): ReplicaCore => {
    const core = group()
    greet(core, liar)
    return core
  }

  test('is not believed without the word of a member that is known, but people are told who says so', () => {
    for (const tell of [
      (core: ReplicaCore) => refusal(core, null),
      (core: ReplicaCore) => refusal(core, originId('5.zzzzzzzz')),
      (core: ReplicaCore) => refusal(core, absent.origin, absent.origin),
      // Who let each other in, and whom nobody here knows.
      (core: ReplicaCore) => refusal(core, stranger, core.identity.origin, [between, stranger, between]),
      (core: ReplicaCore) => refusal(core, stranger, absent.origin, [absent.origin]),
    ]) {
      const core = greeted()
      says(core, tell(core))
      expect(core.isRetired).toBe(false)
      expect(core.ownStanding.saidRetiredBy).toEqual([liar.server])
      expect(warningsOf(core)).toContain('Server 2 says')
    }
  })

  test('is believed when it shows the word of a member that is known', () => {
    for (const by of [absent.origin, liar.origin]) {
      const core = greeted()
      expect(says(core, refusal(core, by)).notify.map(({ kind }) => kind)).toContain('retired')
      expect(core.isRetired).toBe(true)
      expect(core.ownStanding.saidRetiredBy).toEqual([])
    }
  })

  test('is believed when it shows the word of one whom a member that is known let in, or one whom that one let in', () => {
    for (const letInBy of [[absent.origin], [between, absent.origin], [between, absent.origin, between]]) {
      const core = greeted()
      says(core, refusal(core, stranger, core.identity.origin, letInBy))
      expect(core.isRetired).toBe(true)
      expect(core.ownStanding.saidRetiredBy).toEqual([])
    }
  })

  test('is not believed by the word of one that was retired here itself, as by the other side of a split', () => {
    const { origin: own } = greeted().identity
    for (const [by, letInBy] of [
      [liar.origin, []],
      [liar.origin, [own]],
      [stranger, [liar.origin]],
      [stranger, [liar.origin, own]],
    ] as const) {
      const core = greeted()
      give(core, { kind: 'retire', machine: liar.origin })
      says(core, refusal(core, by, core.identity.origin, letInBy))
      expect(core.isRetired).toBe(false)
      expect(core.ownStanding.saidRetiredBy).toEqual([liar.server])
      greet(core, absent)
      core.step(noonMs, [{ kind: 'message', peer: absent.peer, message: refusal(core, absent.origin) }])
      expect(core.isRetired).toBe(true)
    }
  })

  test('is believed with another one, both of whom are known, when neither knows who wrote it', () => {
    const core = greeted()
    const tells = (by: OriginId, { peer }: typeof liar) =>
      core.step(noonMs, [{ kind: 'message', peer, message: refusal(core, by) }])
    tells(stranger, liar)
    tells(stranger, liar)
    tells(originId('5.yyyyyyyy'), absent)
    greet(core, absent)
    tells(originId('5.yyyyyyyy'), absent)
    expect(core.isRetired).toBe(false)
    tells(stranger, absent)
    expect(core.isRetired).toBe(true)
  })

  test('by many whom nobody knows is remembered of the last of these only', () => {
    const core = greeted()
    greet(core, absent)
    for (const by of [stranger, ...Array.from({ length: 8 }, (_, number) => madeUpOrigin(5, number))])
      says(core, refusal(core, by))
    const tells = (by: OriginId) =>
      core.step(noonMs, [{ kind: 'message', peer: absent.peer, message: refusal(core, by) }])
    tells(stranger)
    expect(core.isRetired).toBe(false)
    tells(madeUpOrigin(5, 7))
    expect(core.isRetired).toBe(true)
  })
})
