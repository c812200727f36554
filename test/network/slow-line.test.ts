import { afterEach, expect, test } from 'vitest'
import { createClientDialer } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { LineRelay } from '../support/line-relay.ts'
import { allConnected, groupKey, portOf, startPeer, stopAll, within } from './harness.ts'

const relays: LineRelay[] = []

afterEach(async () => {
  await stopAll()
  for (const relay of relays.splice(0)) relay.close()
})

test('a stream over a line on which a single piece takes longer than the patience of its heartbeat brings it', async () => {
  const [one, two] = [await startPeer(), await startPeer()]
  const relay = await LineRelay.to(portOf(two), { bytesPerSecond: 20_000 })
  relays.push(relay)
  one.transport.remember(new Map([[two.id, [`/ip4/127.0.0.1/tcp/${relay.port}`]]]))
  await within(
    5_000,
    'both connected',
    one.seen.until(() => one.seen.connectedNow.has(two.id)),
  )
  // 65,507 bytes of it are one message of the encryption, of which nothing can be read before all of it is there.
  one.transport.send(two.id, new Uint8Array(66_000), 'ordinary')
  await within(
    10_000,
    'the frame',
    two.seen.until(() => two.seen.messages.length > 0),
  )
  // Those who wait for an answer on it hear that one is coming.
  expect(two.seen.arrivals).toBeGreaterThan(0)
  expect([one.seen.events, two.seen.events].map(({ length }) => length)).toEqual([1, 1])
}, 30_000)

test('members, and a client, find each other over a way of 2 s there and back, and neither takes the other for dead', async () => {
  const [one, two] = [await startPeer(), await startPeer()]
  // The relay answers for TCP at once, as a satellite's modem does: only what comes from the other side says how long the way is.
  const relay = await LineRelay.to(portOf(two), { delaysMs: [1_000, 1_000] })
  relays.push(relay)
  const address = `/ip4/127.0.0.1/tcp/${relay.port}`
  one.transport.remember(new Map([[two.id, [address]]]))
  const dialer = await createClientDialer({ groupKey, clock: systemClock })
  try {
    const stream = dialer.dial(two.id, [address], 2_500)
    await within(16_000, 'both connected', allConnected(one, two))
    one.transport.send(two.id, Uint8Array.of(7), 'ordinary')
    await within(
      5_000,
      'the frame',
      two.seen.until(() => two.seen.messages.length > 0),
    )
    await (await within(16_000, 'a client', stream)).close()
    expect([one.seen.events, two.seen.events].map(({ length }) => length)).toEqual([1, 1])
  } finally {
    await dialer.stop()
  }
}, 30_000)
