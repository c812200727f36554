import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { Hash } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { makeBatchOf } from '../simulation/sim-codec.ts'
import { greet, identity, mailTo, noonMs, startCore } from '../support/core-fixture.ts'
import {
  afterTheFounder,
  agreeing,
  another,
  author,
  authorsLog,
  claimOf,
  meeting,
  member,
  nextOfAuthor,
  otherLog,
  says,
  stableOf,
} from '../support/fork-fixture.ts'

const [, second, third] = authorsLog()
const { origin } = author
const next = nextOfAuthor()

describe('of what is stable', () => {
  test('what a member has more of than is held here does not count, until that has come and is of the same one', () => {
    const { core, tells } = agreeing()
    tells(4, otherLog)
    expect(stableOf(core)).toBe(2)
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    tells(4, next.lastHash)
    expect(stableOf(core)).toBe(4)
  })

  test('what it has shown of that counts when it has come, the last word as well as the first', () => {
    const { core, tells } = agreeing()
    const last = makeBatchOf(origin)(5, next.lastHash, [
      { clock: afterTheFounder + 4, change: mailTo('bob', ['ada'], 'last') },
    ])
    const showsNothingNew = () => {
      const rows = new Map([[member.origin, new Map([[origin, 5]])]])
      says(core, { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
    }
    tells(4, next.lastHash)
    tells(5, last.lastHash)
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    showsNothingNew()
    expect(stableOf(core)).toBe(4)
    core.step(noonMs, [{ kind: 'handedIn', batches: [last] }])
    showsNothingNew()
    expect(stableOf(core)).toBe(5)
  })

  test('where a log ended counts no more when the member does not say any more that it holds it', () => {
    const { core, tells } = agreeing()
    tells(4, next.lastHash)
    const without = new Map([[member.origin, new Map([[member.origin, 1]])]])
    says(core, { kind: 'knowledge', clock: 1, rows: without, hashes: new Map(), sessions: [] })
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    const again = new Map([[member.origin, new Map([[origin, 4]])]])
    says(core, { kind: 'knowledge', clock: 1, rows: again, hashes: new Map(), sessions: [] })
    expect(stableOf(core)).toBe(2)
  })

  test('what it held on an earlier connection does not count: it may be another copy by now', () => {
    const { core } = agreeing()
    const rows = new Map([[member.origin, core.matrix.row(member.origin)]])
    core.step(noonMs, [{ kind: 'disconnected', peer: member.peer }])
    expect(stableOf(core)).toBe(2)
    greet(core, member, rows)
    expect(stableOf(core)).toBe(0)
  })
})

describe('what is told of a member that is not here', () => {
  const rowOf = (held: number) => new Map([[origin, held]])
  /** The member shows where its copy of the author's log ends, and tells how much of it the other one holds. */
  const told = (core: ReplicaCore, { held, end, others }: { held: number; end: Hash; others: number }) =>
    says(core, {
      kind: 'knowledge',
      clock: 1,
      rows: new Map([
        [member.origin, rowOf(held)],
        [another.origin, rowOf(others)],
      ]),
      hashes: new Map([[origin, end]]),
      sessions: [],
    })
  const withAnother = () => {
    const { core } = meeting(afterTheFounder, 'has a state')
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(another, afterTheFounder + 9)] }])
    return core
  }

  test('counts as far as the logs of the one who tells it are those that are held here', () => {
    const core = withAnother()
    told(core, { held: 2, end: second.lastHash, others: 3 })
    expect(core.stable.get(origin)).toBe(2)
    told(core, { held: 3, end: third.lastHash, others: 3 })
    expect(core.stable.get(origin)).toBe(3)
  })

  test('does not count where the teller has more, which may be of another log', () => {
    const core = withAnother()
    told(core, { held: 9, end: otherLog, others: 3 })
    expect(core.stable.get(origin)).toBe(undefined)
  })

  test('is only what is known to be of the logs that are held here', () => {
    const core = withAnother()
    const tells = (held: number, end: Hash) => {
      const rows = new Map([[another.origin, rowOf(held)]])
      const message: Message = { kind: 'knowledge', clock: 1, rows, hashes: new Map([[origin, end]]), sessions: [] }
      core.step(noonMs, [{ kind: 'message', peer: another.peer, message }])
    }
    const toldRow = (atMs: number) =>
      core
        .step(atMs, [{ kind: 'tick' }])
        .send.flatMap(({ to, message }) => (to === member.peer && message.kind === 'knowledge' ? [message.rows] : []))
        .map((rows) => rows.get(another.origin))
    greet(core, another, new Map([[another.origin, rowOf(3)]]))
    expect(toldRow(noonMs + 11_000)).toEqual([new Map()])
    tells(2, second.lastHash)
    expect(toldRow(noonMs + 22_000)).toEqual([rowOf(2)])
    tells(9, otherLog)
    expect(toldRow(noonMs + 33_000)).toEqual([rowOf(2)])
  })
})

test('where each meets only its neighbours all of them find out what is stable, from one to the next', () => {
  const row = [identity(1, 'a'), member, author, another]
  const claims = row.map((who, index) => claimOf(who, afterTheFounder + index))
  const [founding] = claims
  if (founding === undefined) throw new Error('there is a founder')
  const group = { kind: 'group', name: 'the group' } as const
  const named = makeBatchOf(founding.origin)(2, founding.lastHash, [{ clock: afterTheFounder + 9, change: group }])
  const inARow = row.map((who) => startCore(who))
  const placeOf = (peer: string): number => inARow.findIndex((core) => core.identity.peer === peer)
  const deliver = (atMs: number, from: ReplicaCore, { send }: Effects): void => {
    for (const { to, message } of send) {
      const receiver = inARow[placeOf(to)]
      const event = { kind: 'message', peer: from.identity.peer, message } as const
      if (receiver !== undefined) deliver(atMs, receiver, receiver.step(atMs, [event]))
    }
  }
  for (const core of inARow) core.step(noonMs, [{ kind: 'handedIn', batches: [...claims, named] }])
  const meet = inARow.map((core, place) => {
    const neighbours = [inARow[place - 1], inARow[place + 1]].flatMap((other) => other?.identity.peer ?? [])
    return core.step(
      noonMs,
      neighbours.map((peer) => ({ kind: 'connected', peer })),
    )
  })
  for (const [place, effects] of meet.entries()) deliver(noonMs, inARow[place]!, effects)
  for (let atMs = noonMs + 1_000; atMs < noonMs + 45_000; atMs += 1_000)
    for (const core of inARow) deliver(atMs, core, core.step(atMs, [{ kind: 'tick' }]))
  for (const core of inARow) expect(core.stable).toEqual(core.state.vector)
})
