import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { LineRelay } from '../support/line-relay.ts'
import {
  allConnected,
  freshSeed,
  introduce,
  portOf,
  startPeer,
  stopAll,
  stopPeer,
  within,
  type Peer,
} from './harness.ts'

const relays: LineRelay[] = []

afterEach(async () => {
  await stopAll()
  for (const relay of relays.splice(0)) relay.close()
})

const knows = (peer: Peer, member: Peer): void => {
  peer.transport.remember(new Map([[member.id, member.addresses()]]))
}

const relayTo = async (peer: Peer, mtu?: number): Promise<LineRelay> => {
  const relay = await LineRelay.to(portOf(peer), mtu === undefined ? {} : { largestBytes: mtu })
  relays.push(relay)
  return relay
}

const troubles = (peer: Peer) => peer.transport.troubles?.() ?? []

describe('an install that runs twice', () => {
  test('is told of by members, and hears of it itself, at both places', async () => {
    const seed = freshSeed()
    const [member, one, copy] = [await startPeer(), await startPeer({ seed }), await startPeer({ seed })]
    for (const twin of [one, copy]) knows(twin, member)
    const told = [{ kind: 'runsTwice', peer: one.id }]
    for (const peer of [member, one, copy]) await expect.poll(() => troubles(peer), { timeout: 15_000 }).toEqual(told)
  }, 50_000)

  test('is not one that changes its address, is started again, or both', async () => {
    const seed = freshSeed()
    const member = await startPeer()
    let machine = await startPeer({ seed })
    for (let round = 0; round < 3; round += 1) {
      const relay = await relayTo(member)
      machine.transport.remember(new Map([[member.id, [`/ip4/127.0.0.1/tcp/${relay.port}`]]]))
      await within(5_000, 'connected', allConnected(machine, member))
      // The way that it had is gone without a word; by the next one it comes while the member still takes the former for alive.
      relay.freeze()
      const next = await relayTo(member)
      machine.transport.remember(new Map([[member.id, [`/ip4/127.0.0.1/tcp/${next.port}`]]]))
      await within(
        6_000,
        'noticed',
        machine.seen.until(() => !machine.seen.connectedNow.has(member.id)),
      )
      await within(
        6_000,
        'connected by the new way',
        machine.seen.until(() => machine.seen.connectedNow.has(member.id)),
      )
      await stopPeer(machine)
      machine = await startPeer({ seed })
    }
    expect([troubles(member), troubles(machine)]).toEqual([[], []])
  }, 60_000)
})

test('a way on which large packets get lost is told of where they are sent, is tried less often, and is well when they come through', async () => {
  const [one, two] = [await startPeer(), await startPeer()]
  const relay = await relayTo(two, 1_200)
  one.transport.remember(new Map([[two.id, [`/ip4/127.0.0.1/tcp/${relay.port}`]]]))
  const sendMuch = (): void => one.transport.send(two.id, new Uint8Array(20_000), 'ordinary')
  for (let round = 0; round < 3; round += 1) {
    await within(
      8_000,
      'connected',
      one.seen.until(() => one.seen.connectedNow.has(two.id)),
    )
    sendMuch()
    await within(
      8_000,
      'broken off',
      one.seen.until(() => !one.seen.connectedNow.has(two.id)),
    )
  }
  await expect.poll(() => troubles(one), { timeout: 5_000 }).toEqual([{ kind: 'largeLost', peer: two.id }])
  relay.widen()
  one.transport.redial()
  await within(
    8_000,
    'connected again',
    one.seen.until(() => one.seen.connectedNow.has(two.id)),
  )
  sendMuch()
  await expect.poll(() => troubles(one), { timeout: 8_000 }).toEqual([])
}, 60_000)

test('a member that has none of the keys that are known here is told of, until there is one, and one that is gone is not', async () => {
  const newest = new Uint8Array(randomBytes(32))
  const [one, other, gone] = [await startPeer(), await startPeer({ key: newest }), await startPeer()]
  one.transport.remember(new Map([other, gone].map((peer) => [peer.id, peer.addresses()])))
  await stopPeer(gone)
  const toldNow = () => {
    one.transport.redial()
    return troubles(one)
  }
  await expect.poll(toldNow, { interval: 100, timeout: 15_000 }).toEqual([{ kind: 'otherKey', peer: other.id }])
  one.transport.useKeys({ present: newest, former: [] })
  expect(troubles(one)).toEqual([])
  one.transport.redial()
  await within(5_000, 'connected', allConnected(one, other))
  expect(troubles(one)).toEqual([])
}, 30_000)

test('members that come and go have no troubles', async () => {
  const [one, two] = [await startPeer(), await startPeer()]
  for (let round = 0; round < 4; round += 1) {
    introduce(one, two)
    await within(8_000, 'connected', allConnected(one, two))
    one.transport.send(two.id, new Uint8Array(20_000), 'ordinary')
    one.transport.disconnect(two.id)
    await within(
      5_000,
      'let go',
      two.seen.until(() => !two.seen.connectedNow.has(one.id)),
    )
  }
  expect([troubles(one), troubles(two)]).toEqual([[], []])
}, 40_000)
