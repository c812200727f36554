import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { HelloMessage, KnowledgeMessage } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { foundedCore, greet, helloOf, identity, inviteNamed, mailTo, noonMs, signUp } from '../support/core-fixture.ts'
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

  test('tells a change within a quarter of a second by its own row, and where its log ends with the next round', () => {
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
    expect(told.length).toBeGreaterThan(15)
    expect(rounds.length).toBeGreaterThanOrEqual(4)
    expect(rounds.length).toBeLessThanOrEqual(6)
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
