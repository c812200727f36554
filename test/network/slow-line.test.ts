import { afterEach, expect, test } from 'vitest'
import { NarrowRelay } from '../support/narrow-relay.ts'
import { portOf, startPeer, stopAll, within } from './harness.ts'

const relays: NarrowRelay[] = []

afterEach(async () => {
  await stopAll()
  for (const relay of relays.splice(0)) relay.close()
})

test('a stream over a line on which a single piece takes longer than the patience of its heartbeat brings it', async () => {
  const [one, two] = [await startPeer(), await startPeer()]
  const relay = await NarrowRelay.to(portOf(two), 20_000)
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
