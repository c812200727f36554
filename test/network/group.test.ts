import { afterEach, describe, expect, test } from 'vitest'
import { allConnected, gossipReaches, introduce, startPeer, stopAll, within, type Peer } from './harness.ts'

afterEach(stopAll)

const startGroup = async (count: number): Promise<readonly Peer[]> => {
  const peers: Peer[] = []
  for (let index = 0; index < count; index += 1) peers.push(await startPeer())
  return peers
}

/** Every message published here reaches every other member. */
const publishAll = async (peers: readonly Peer[], count: number, label: string): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    for (const peer of peers) peer.transport.gossip(Buffer.from(`${label} ${peer.id} ${index}`))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const expected = (peers.length - 1) * count
  await within(
    10_000,
    'all gossip messages',
    Promise.all(
      peers.map(({ seen }) =>
        seen.until(() => seen.gossips.filter(({ text }) => text.startsWith(label)).length >= expected),
      ),
    ),
  )
}

describe('five members', () => {
  test('find each other from one, hear each gossip message once, and keep one stream per pair', async () => {
    const peers = await startGroup(5)
    introduce(...peers)
    await within(5_000, 'full mesh', allConnected(...peers))
    for (const peer of peers.slice(1)) {
      await gossipReaches(peers[0] as Peer, peer, `first ${peer.id}`, 5_000)
      await gossipReaches(peer, peers[0] as Peer, `back ${peer.id}`, 5_000)
    }
    await publishAll(peers, 100, 'bulk')
    for (const { seen, transport } of peers) {
      const texts = seen.gossips.map(({ text }) => text)
      expect(new Set(texts).size).toBe(texts.length)
      expect(transport.links()).toHaveLength(4)
    }
  })

  test('hear each other through one in the middle', async () => {
    const [left, middle, right] = (await startGroup(3)) as [Peer, Peer, Peer]
    introduce(left, middle)
    introduce(middle, right)
    left.transport.remember(new Map([[middle.id, middle.addresses()]]))
    middle.transport.remember(
      new Map([
        [left.id, left.addresses()],
        [right.id, right.addresses()],
      ]),
    )
    await Promise.all([allConnected(left, middle), allConnected(middle, right)])
    await gossipReaches(left, right, 'through', 5_000)
    expect(right.seen.gossips.every(({ peer }) => peer === middle.id)).toBe(true)
  })
})

describe('a denied peer', () => {
  test('is cut, neither dials nor is dialled, gets no gossip, and is back at once when allowed', async () => {
    const [one, two, three] = (await startGroup(3)) as [Peer, Peer, Peer]
    introduce(one, two, three)
    await allConnected(one, two, three)
    await gossipReaches(one, two, 'before', 5_000)
    one.transport.deny(new Set([two.id]))
    await within(
      1_000,
      'cut',
      Promise.all([one, two].map(({ seen }) => seen.until(() => seen.connectedNow.size === 1))),
    )
    two.transport.redial()
    one.transport.redial()
    const heard = two.seen.gossips.length
    for (let index = 0; index < 20; index += 1) {
      one.transport.gossip(Buffer.from(`meanwhile ${index}`))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(one.seen.connectedNow.has(two.id)).toBe(false)
    expect(two.seen.connectedNow.has(one.id)).toBe(false)
    expect(two.seen.gossips.slice(heard).every(({ peer }) => peer === three.id)).toBe(true)
    one.transport.deny(new Set())
    await within(1_000, 'connected again at once', allConnected(one, two))
    await gossipReaches(two, one, 'after', 5_000)
  })

  test('stays out when it is the one that dials', async () => {
    const [one, two] = (await startGroup(2)) as [Peer, Peer]
    one.transport.deny(new Set([two.id]))
    two.transport.remember(new Map([[one.id, one.addresses()]]))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect([...one.seen.events, ...two.seen.events]).toEqual([])
  })
})
