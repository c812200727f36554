import { describe, expect, test } from 'vitest'
import type { CoreEvent, Effects } from '../../replica/core/effects.ts'
import { sessionId } from '../../replica/core/model/ids.ts'
import type { HelloMessage, KnowledgeMessage, SessionClaim } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import {
  foundedCore,
  greet,
  helloOf,
  identity,
  inviteNamed,
  mailTo,
  noonMs,
  person,
  signUp,
} from '../support/core-fixture.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'

const secondMs = 1_000
const [second, third] = [identity(2, 'b'), identity(3, 'c')]
const claim = makeBatchOf(second.origin)(1, firstHash(second.origin), [
  {
    clock: noonMs * 2_000,
    change: { kind: 'seat', server: second.server, peer: second.peer, machine: 'b', replaces: null },
  },
])
const heldElsewhere = new Map([[second.origin, new Map([[second.origin, 3]])]])

/** A group of two, whose second member is not connected. */
const coreOfTwo = (): ReplicaCore => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [{ kind: 'handedIn', batches: [claim] }])
  return core
}

const claimOf = (name: string): SessionClaim => ({
  ...{ account: person(name), clock: 7, machine: 'bridge' },
  session: sessionId(name.padEnd(16, 'A')),
})

const knowledgeIn = ({ send }: Pick<Effects, 'send'>): KnowledgeMessage[] =>
  send.flatMap(({ message }) => (message.kind === 'knowledge' ? [message] : []))
const hellosIn = ({ send }: Effects): (readonly [string, HelloMessage])[] =>
  send.flatMap(({ to, message }) => (message.kind === 'hello' ? [[to, message] as const] : []))

/** What the next message after so long is; a step a quarter of a second, as ticks come. */
const toldAfter = (core: ReplicaCore, fromMs: number, forMs: number): KnowledgeMessage[] => {
  const told: KnowledgeMessage[] = []
  for (let ms = fromMs + 250; ms <= fromMs + forMs; ms += 250)
    told.push(...knowledgeIn(core.step(noonMs + ms, [{ kind: 'tick' }])))
  return told
}

describe('a replica', () => {
  test('tells one that comes into view everything, and then its own row alone while nothing changes', () => {
    const core = coreOfTwo()
    const own = core.identity.origin
    const [whole] = knowledgeIn(greet(core, second, heldElsewhere))
    expect([...(whole?.rows.keys() ?? [])].sort()).toEqual([own, second.origin])
    expect([...(whole?.hashes.keys() ?? [])].sort()).toEqual([own, second.origin])
    const [next, ...more] = toldAfter(core, 0, 3 * secondMs)
    expect([...(next?.rows.keys() ?? [])]).toEqual([own])
    expect(next?.rows.get(own)).toEqual(core.state.vector)
    for (const message of more) expect(message.hashes.size).toBe(0)
  })

  test('tells everything again after ten seconds', () => {
    const core = coreOfTwo()
    greet(core, second)
    const sizes = toldAfter(core, 0, 12 * secondMs).map(({ hashes }) => hashes.size)
    expect(sizes.length).toBeGreaterThan(10)
    expect(sizes.slice(1).filter((size) => size > 0)).toHaveLength(1)
  })

  test('tells a change within half a second by its own row, and where its log ends with the next round', () => {
    const core = coreOfTwo()
    greet(core, second)
    toldAfter(core, 0, 2 * secondMs)
    const command = { kind: 'submit', signed: signUp('bob') } as const
    core.step(noonMs + 2_000, [{ kind: 'command', ticket: 1, command }])
    const [news, round] = toldAfter(core, 2 * secondMs, 1_500)
    expect(news?.rows.get(core.identity.origin)).toEqual(core.state.vector)
    expect(news?.hashes.size).toBe(0)
    expect(round?.hashes.get(core.identity.origin)).toBe(core.state.lastHash(core.identity.origin))
  })

  test('tells where its log ends once a second also while there is news all the time', () => {
    const core = coreOfTwo()
    greet(core, second)
    const told: KnowledgeMessage[] = []
    for (let ms = 250; ms <= 5 * secondMs; ms += 250) {
      const command = { kind: 'submit', signed: mailTo('ada', ['ada'], `at ${ms}`) } as const
      told.push(...knowledgeIn(core.step(noonMs + ms, [{ kind: 'command', ticket: ms, command }, { kind: 'tick' }])))
    }
    const own = core.identity.origin
    const rounds = told.filter(({ hashes }) => hashes.has(own))
    expect(told.length).toBeGreaterThanOrEqual(9)
    expect(told.length).toBeLessThanOrEqual(11)
    expect(rounds.length).toBeGreaterThanOrEqual(4)
    expect(rounds.length).toBeLessThanOrEqual(6)
  })

  test('gives what is new to the people here before it tells the others, and tells them with it what comes soon after', () => {
    const core = coreOfTwo()
    greet(core, second)
    toldAfter(core, 0, 2 * secondMs)
    const writeAt = (ms: number): KnowledgeMessage[] => {
      const command = { kind: 'submit', signed: mailTo('ada', ['ada'], `at ${ms}`) } as const
      return knowledgeIn(core.step(noonMs + ms, [{ kind: 'command', ticket: ms, command }]))
    }
    expect([2_550, 2_600, 2_649].flatMap(writeAt)).toEqual([])
    const [news] = knowledgeIn(core.step(noonMs + 2_650, [{ kind: 'tick' }]))
    expect(news?.rows.get(core.identity.origin)).toEqual(core.state.vector)
  })

  test('tells one that is connected anew everything, though the view has stayed the same', () => {
    const core = coreOfTwo()
    greet(core, second)
    toldAfter(core, 0, 2 * secondMs)
    core.step(noonMs + 2_100, [
      { kind: 'disconnected', peer: second.peer },
      { kind: 'connected', peer: second.peer },
      { kind: 'message', peer: second.peer, message: helloOf(second) },
    ])
    const [next] = toldAfter(core, 2_100, 1_500)
    expect([...(next?.hashes.keys() ?? [])].sort()).toEqual([core.identity.origin, second.origin])
  })

  test('tells who is logged in when that has changed, and else, to who understands it, that it is as before', () => {
    const core = coreOfTwo()
    greet(core, second)
    const knows = (fields: Pick<KnowledgeMessage, 'mayShorten'>): CoreEvent => {
      const message = {
        kind: 'knowledge',
        clock: 1,
        rows: new Map(),
        hashes: new Map(),
        sessions: [],
        ...fields,
      } as const
      return { kind: 'message', peer: second.peer, message }
    }
    const sessions = [claimOf('ada')]
    core.step(noonMs, [{ kind: 'sessions', sessions }])
    const former = toldAfter(core, 0, 3 * secondMs)
    expect(former.map((told) => told.sessions)).toEqual(former.map(() => sessions))
    core.step(noonMs + 3_000, [knows({ mayShorten: true })])
    const told = toldAfter(core, 3 * secondMs, 11 * secondMs).map((message) => message.sessions)
    expect(told[0]).toBe('as before')
    expect(told.filter((message) => message !== 'as before')).toEqual([sessions])
    const others = [claimOf('ada'), claimOf('bob')]
    core.step(noonMs + 14_000, [{ kind: 'sessions', sessions: others }])
    const [next, ...more] = toldAfter(core, 14 * secondMs, 3 * secondMs)
    expect([next?.sessions, ...more.map((message) => message.sessions)]).toEqual([
      others,
      ...more.map(() => 'as before'),
    ])
    expect(core.online.get(person('ada'))).toEqual([1])
  })

  test('tells nobody anything when a connection ends by which nobody was logged in', () => {
    const core = coreOfTwo()
    greet(core, second)
    const sessions = [claimOf('ada')]
    const notices = (ms: number): readonly string[] => {
      const first = core.step(noonMs + ms, [{ kind: 'sessions', sessions: [...sessions] }])
      const later = core.step(noonMs + ms + 300, [{ kind: 'tick' }])
      const told = [...knowledgeIn(first), ...knowledgeIn(later)].map(({ kind }) => kind)
      return [...told, ...[...first.notify, ...later.notify].map(({ kind }) => kind)]
    }
    expect(notices(5_000)).toContain('people')
    // Just after it has told what it tells every second.
    let ms = 6_000
    while (knowledgeIn(core.step(noonMs + ms, [{ kind: 'tick' }])).length === 0) ms += 10
    expect(notices(ms)).toEqual([])
  })

  test('keeps who is logged in elsewhere, when that is as before, until the connection ends', () => {
    const core = coreOfTwo()
    greet(core, second)
    const hear = (told: KnowledgeMessage['sessions']): ReplicaCore['online'] => {
      const message = { kind: 'knowledge', clock: 1, rows: new Map(), hashes: new Map(), sessions: told } as const
      core.step(noonMs + 250, [{ kind: 'message', peer: second.peer, message: { ...message, mayShorten: true } }])
      return core.online
    }
    expect(hear([claimOf('ada')])).toEqual(new Map([[person('ada'), [2]]]))
    expect(hear('as before')).toEqual(new Map([[person('ada'), [2]]]))
    expect(hear([])).toEqual(new Map())
    core.step(noonMs + 300, [{ kind: 'disconnected', peer: second.peer }])
    greet(core, second)
    const [anew] = toldAfter(core, 300, 1_500)
    expect(anew?.sessions).toEqual([])
  })

  test('tells new addresses to all members that are connected, and nothing else that they were told before', () => {
    const core = coreOfTwo()
    greet(core, second, heldElsewhere)
    core.state.seats.admit(inviteNamed('three'), third.peer, third.server)
    for (const { peer } of [third, identity(5, 'e')]) core.step(noonMs, [{ kind: 'connected', peer }])
    const addresses = new Map([[identity(4, 'd').peer, ['/ip4/192.0.2.4/tcp/4001']]])
    const hellos = hellosIn(core.step(noonMs, [{ kind: 'addresses', addresses }]))
    expect(hellos.map(([to]) => to).sort()).toEqual([second.peer, third.peer].sort())
    for (const [, hello] of hellos) {
      expect(hello.addresses).toEqual(addresses)
      expect([...hello.rows.keys()]).toEqual([core.identity.origin])
    }
  })
})
