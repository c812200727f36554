import { describe, expect, test } from 'vitest'
import type { SignedEnd } from '../../replica/core/model/proofs.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { makeBatchOf } from '../simulation/sim-codec.ts'
import { give, helloOf, mailTo, noonMs } from '../support/core-fixture.ts'
import {
  afterTheFounder,
  another,
  author,
  authorsLog,
  endOf,
  meeting,
  member,
  otherLog,
  says,
} from '../support/fork-fixture.ts'

const [, second, third] = authorsLog()

describe('while a member holds, or may hold, another log by a name that is held here', () => {
  const { origin } = author
  const next = makeBatchOf(origin)(4, third.lastHash, [
    { clock: afterTheFounder + 3, change: mailTo('bob', ['ada'], 'next') },
  ])
  const stableOf = ({ stable }: ReplicaCore): number => stable.get(origin) ?? 0
  const shows = (core: ReplicaCore, end: SignedEnd) => says(core, { kind: 'fork', origin: end.origin, end })
  const held = () => {
    const { core, tells } = meeting(afterTheFounder, 'has a state')
    tells(2, second.lastHash)
    expect(stableOf(core)).toBe(2)
    return { core, tells }
  }

  test('nothing is stable, so that what only this copy has is not discarded before it can be given back', () => {
    const { core, tells } = held()
    tells(2, otherLog)
    expect(core.stable).toEqual(new Map())
    tells(2, second.lastHash)
    expect(stableOf(core)).toBe(2)
  })

  test('nor when it has shown that by a signature and has gone away, until its seat is free', () => {
    const { core } = held()
    shows(core, endOf(author, 2, otherLog))
    core.step(noonMs, [{ kind: 'disconnected', peer: member.peer }])
    expect(core.stable).toEqual(new Map())
    give(core, { kind: 'retire', machine: member.origin })
    expect(stableOf(core)).toBe(3)
  })

  test('nor when it has shown more of a log, until that has come and is of the same one', () => {
    const { core } = held()
    shows(core, endOf(author, 4, next.lastHash))
    expect(core.stable).toEqual(new Map())
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    expect(stableOf(core)).toBe(2)
    shows(core, endOf(author, 4, otherLog))
    expect(core.stable).toEqual(new Map())
  })

  test('nor in an old copy that was written to, from the hello on that shows its own signature of more', () => {
    const { core } = held()
    const hello = { ...helloOf(member), end: endOf(core.identity, 9, otherLog) }
    core.step(noonMs, [{ kind: 'message', peer: member.peer, message: hello }])
    expect(core.stable).toEqual(new Map())
  })

  test('but of logs of which nothing is held here nothing can be another one', () => {
    const { core } = held()
    shows(core, endOf(another, 4, otherLog))
    expect(stableOf(core)).toBe(2)
  })
})
