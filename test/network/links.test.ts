import { afterEach, describe, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { allConnected, introduce, seedOf, startPeer, stopAll, stopPeer, within } from './harness.ts'

afterEach(stopAll)

describe('the direct stream between two replicas', () => {
  test('carries frames of all sizes both ways, in order', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    introduce(one, two)
    await allConnected(one, two)
    const sizes = [0, 1, 5, 1_700, 65_502, 65_503, 65_507, 262_144, 4_194_304, 3]
    for (const size of sizes) {
      one.transport.send(two.id, new Uint8Array(size).fill(size % 251), 'ordinary')
      two.transport.send(one.id, new Uint8Array(size).fill(size % 251), 'ordinary')
    }
    for (const { seen } of [one, two]) {
      await within(
        5_000,
        'all frames',
        seen.until(() => seen.messages.length === sizes.length),
      )
      expect(seen.messages.map(({ frame }) => frame.length)).toEqual(sizes)
      expect(seen.messages.every(({ frame }) => frame.every((byte) => byte === frame.length % 251))).toBe(true)
    }
  })

  test('is exactly one when both sides dial at once, twenty times', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [one, two] = [await startPeer({ seed: seedOf('one') }), await startPeer({ seed: seedOf('two') })]
      introduce(one, two)
      await within(5_000, 'both connected', allConnected(one, two))
      const frame = Uint8Array.of(round)
      one.transport.send(two.id, frame, 'ordinary')
      two.transport.send(one.id, frame, 'ordinary')
      await within(
        5_000,
        `frames of round ${round}`,
        Promise.all([one, two].map(({ seen }) => seen.until(() => seen.messages.length > 0))),
      )
      expect([one.seen.events.length, two.seen.events.length]).toEqual([1, 1])
      await Promise.all([stopPeer(one), stopPeer(two)])
    }
  }, 60_000)

  test('measures its lag and knows where the other side can be dialled again', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    one.transport.remember(new Map([[two.id, two.addresses()]]))
    await allConnected(one, two)
    await expect.poll(() => one.transport.links()[0]?.lagMs ?? -1, { timeout: 3_000 }).toBeGreaterThanOrEqual(0)
    // Whoever listens hears of it: what is known by then is told to others, who may know of no other way there.
    const known = () => two.transport.links()[0]?.addresses ?? []
    await within(
      5_000,
      'its addresses',
      two.seen.until(() => known().length > 0),
    )
    expect(known()).toEqual(one.addresses())
    expect(one.transport.links()[0]?.addresses).toEqual(two.addresses())
  })

  test('is ended by one side and opened again, with back-off', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    introduce(one, two)
    await allConnected(one, two)
    one.transport.send(two.id, Uint8Array.of(7), 'ordinary')
    one.transport.disconnect(two.id)
    await within(
      3_000,
      'the last frame and the end',
      two.seen.until(() => two.seen.events.length >= 2),
    )
    expect(two.seen.messages).toHaveLength(1)
    await within(
      5_000,
      'connected again',
      two.seen.until(() => two.seen.events.length >= 3),
    )
  })
})

describe('listening', () => {
  test('a port that is taken is refused by name', async () => {
    const one = await startPeer()
    const address = one.addresses()[0]?.replace(/\/p2p\/.*/, '') ?? ''
    await expect(startPeer({ listen: address })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(address) as string,
    })
  })

  test.each(['/ip4/203.0.113.9/tcp/0', 'nonsense', '/ip4/127.0.0.1/udp/1', '/ip4/127.0.0.1'])(
    '%s is refused',
    async (listen) => {
      const failure = await startPeer({ listen }).then(
        () => null,
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(QuintetError)
      expect(failure).toMatchObject({ code: 'BAD_ADDRESS', message: expect.stringContaining(listen) as string })
    },
  )

  test('the port is free again as soon as a transport has stopped', async () => {
    const first = await startPeer()
    const address = first.addresses()[0]?.replace(/\/p2p\/.*/, '') ?? ''
    const other = await startPeer()
    introduce(first, other)
    await allConnected(first, other)
    const begun = performance.now()
    await stopPeer(first)
    expect(performance.now() - begun).toBeLessThan(2_000)
    const second = await startPeer({ listen: address })
    expect(second.addresses()[0]).toContain(address)
  })
})
