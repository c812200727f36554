import { describe, expect, test } from 'vitest'
import type { Identity } from '../../replica/core/membership.ts'
import type { KnowledgeMessage, Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { SignedEnd } from '../../replica/core/model/proofs.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { foundedCore, give, greet, helloOf, identity, noonMs } from '../support/core-fixture.ts'
import {
  afterTheFounder,
  agreeing,
  another,
  author,
  authorsLog,
  claimOf,
  endOf,
  member,
  nextOfAuthor,
  otherLog,
  says,
  stableOf,
} from '../support/fork-fixture.ts'

const [, second] = authorsLog()
const { origin } = author
const next = nextOfAuthor()

describe('while a member holds, or may hold, another log by a name that is held here', () => {
  const shows = (core: ReplicaCore, end: SignedEnd) => says(core, { kind: 'fork', origin: end.origin, end })

  test('nothing is stable, so that what only this copy has is not discarded before it can be given back', () => {
    const { core, tells } = agreeing()
    tells(2, otherLog)
    expect(core.stable).toEqual(new Map())
    tells(2, second.lastHash)
    expect(stableOf(core)).toBe(2)
  })

  test('nor when it has shown that by a signature and has gone away, until its seat is free', () => {
    const { core } = agreeing()
    shows(core, endOf(author, 2, otherLog))
    core.step(noonMs, [{ kind: 'disconnected', peer: member.peer }])
    expect(core.stable).toEqual(new Map())
    give(core, { kind: 'retire', machine: member.origin })
    expect(stableOf(core)).toBe(3)
  })

  test('nor when it has shown more of a log, until that has come and is of the same one', () => {
    const { core } = agreeing()
    shows(core, endOf(author, 4, next.lastHash))
    expect(core.stable).toEqual(new Map())
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    expect(stableOf(core)).toBe(2)
    shows(core, endOf(author, 4, otherLog))
    expect(core.stable).toEqual(new Map())
  })

  test('nor in an old copy that was written to, from the hello on that shows its own signature of more', () => {
    const { core } = agreeing()
    const hello = { ...helloOf(member), end: endOf(core.identity, 9, otherLog) }
    core.step(noonMs, [{ kind: 'message', peer: member.peer, message: hello }])
    expect(core.stable).toEqual(new Map())
  })

  test('but of logs of which nothing is held here nothing can be another one', () => {
    const { core } = agreeing()
    shows(core, endOf(another, 4, otherLog))
    expect(stableOf(core)).toBe(2)
  })
})

describe('where nobody could confirm a state that would show that a log went another way', () => {
  const own = identity(1, 'a').origin
  const rowOf = (who: Identity, ofAuthor: number): VersionVector =>
    new Map([
      [who.origin, 1],
      [member.origin, 1],
      [own, 2],
      [origin, ofAuthor],
    ])
  /** Meets a member that says `says` and has discarded what it says that it has more of the log, again and again for so long. */
  const meets = (first: Message | null) => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [
      {
        kind: 'handedIn',
        batches: [claimOf(member, 1), claimOf(another, afterTheFounder), ...authorsLog().slice(0, 2)],
      },
    ])
    let asked = greet(core, member, new Map([[member.origin, rowOf(member, 3)]]))
    const told: KnowledgeMessage[] = []
    const goOn = (fromMs: number, forMs: number): void => {
      for (let atMs = noonMs + fromMs; atMs <= noonMs + fromMs + forMs; atMs += 500) {
        const answers: Message[] = asked.send.flatMap(({ to, message }) =>
          message.kind === 'request' && to === member.peer
            ? [{ kind: 'discarded', id: message.id, origin: message.origin }]
            : [],
        )
        const messages = atMs === noonMs && first !== null ? [first, ...answers] : answers
        asked = core.step(atMs, [
          { kind: 'tick' },
          ...messages.map((message) => ({ kind: 'message', peer: member.peer, message }) as const),
        ])
        told.push(...asked.send.flatMap(({ message }) => (message.kind === 'knowledge' ? [message] : [])))
      }
    }
    return { core, goOn, toldOfAuthor: (): number => told.at(-1)?.rows.get(own)?.get(origin) ?? 0 }
  }
  const shown: Message = { kind: 'fork', origin, end: endOf(author, 3, otherLog) }
  const comes = (core: ReplicaCore, who: Identity, row: VersionVector, atMs: number) =>
    core.step(noonMs + atMs, [
      { kind: 'connected', peer: who.peer },
      { kind: 'message', peer: who.peer, message: helloOf(who, new Map([[who.origin, row]])) },
    ])

  test('who holds it differently waits, however long, and hands on what it holds', () => {
    const { core, goOn, toldOfAuthor } = meets(shown)
    goOn(0, 60_000)
    expect(core.hindrance).toBe(null)
    expect(core.transferringFrom).toBe(null)
    expect(toldOfAuthor()).toBe(2)
  })

  test('but not to a newcomer, which can begin only from one of the two', () => {
    const { core, goOn, toldOfAuthor } = meets(shown)
    goOn(0, 10_000)
    comes(core, another, new Map([[another.origin, 1]]), 10_500)
    goOn(11_000, 60_000)
    expect(toldOfAuthor()).toBe(0)
    expect(core.hindrance).toBe(null)
  })

  /** Whether it has started over when another one with a state has been there for 19 s, and for 21 s. */
  const whenAnotherCame = (first: Message | null): readonly boolean[] => {
    const { core, goOn } = meets(first)
    goOn(0, 30_000)
    comes(core, another, rowOf(another, 2), 30_000)
    goOn(30_500, 18_500)
    const isEarly = core.hindrance === 'forked'
    goOn(49_500, 1_500)
    return [isEarly, core.hindrance === 'forked']
  }

  test('and starts over as before when somebody else with a state has come, and cannot bring more of it either', () => {
    expect(whenAnotherCame(shown)).toEqual([false, true])
  })

  test('but anew, when the member has been away meanwhile', () => {
    const { core, goOn } = meets(shown)
    goOn(0, 1_000)
    comes(core, another, rowOf(another, 2), 1_500)
    goOn(2_000, 10_000)
    for (const { peer } of [another, member]) core.step(noonMs + 12_500, [{ kind: 'disconnected', peer }])
    comes(core, member, rowOf(member, 3), 13_000)
    core.step(noonMs + 13_500, [{ kind: 'message', peer: member.peer, message: shown }])
    goOn(14_000, 60_000)
    expect(core.hindrance).toBe(null)
  })

  test.each<[string, Message | null]>([
    ['does not say that it holds another log', null],
    ['shows no end of it', { ...shown, end: null }],
    ['shows an end that is not beyond what is held', { ...shown, end: endOf(author, 2, authorsLog()[1].lastHash) }],
  ])('but not when the member %s', (_which, first) => {
    expect(whenAnotherCame(first)).toEqual([false, false])
  })
})
