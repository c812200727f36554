import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { limits } from '../../replica/core/model/limits.ts'
import { peerId } from '../../replica/core/model/ids.ts'
import { multiaddr } from '@multiformats/multiaddr'
import { dialable, heardAt, reachableAt, withLinkLocal } from '../../replica/drivers/libp2p-addresses.ts'
import { FrameDecoder, frameTags, type FrameTag } from '../../replica/drivers/frames.ts'
import { SendQueue } from '../../replica/drivers/send-queue.ts'
import { staying } from '../../replica/drivers/libp2p-tie-break.ts'

const readAll = (decoder: FrameDecoder, chunks: readonly Uint8Array[]): readonly (readonly [FrameTag, number])[] => {
  const frames: (readonly [FrameTag, number])[] = []
  for (const chunk of chunks) {
    expect(decoder.push(chunk, (tag, frame) => frames.push([tag, frame.length]))).toBeNull()
  }
  return frames
}

const takeAll = (queue: SendQueue): readonly Uint8Array[] => {
  const chunks: Uint8Array[] = []
  for (let chunk = queue.takeChunk(); chunk !== null; chunk = queue.takeChunk()) chunks.push(chunk)
  return chunks
}

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

describe('frames', () => {
  test('go out together when they are small, in parts when they are large, and come in whole', () => {
    const queue = new SendQueue()
    const sizes = [0, 10, 65_497, 65_500, 200_000, 1, 65_502, 3]
    for (const size of sizes) queue.push(frameTags.data, new Uint8Array(size))
    const chunks = takeAll(queue)
    expect(queue.bytes).toBe(0)
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_507)
    expect(chunks.length).toBeLessThanOrEqual(9)
    expect(readAll(new FrameDecoder(200_000), chunks).map(([, length]) => length)).toEqual(sizes)
    const bytes = Buffer.concat(chunks)
    for (const step of [1, 4, 7]) {
      const slices = Array.from({ length: 400 }, (_, index) => bytes.subarray(index * step, (index + 1) * step))
      expect(readAll(new FrameDecoder(200_000), slices).map(([, length]) => length)).toEqual(sizes.slice(0, 2))
    }
  })

  test('of the heartbeat overtake those that have not begun, and never cut one in two', () => {
    const queue = new SendQueue()
    queue.push(frameTags.data, new Uint8Array(100_000))
    queue.push(frameTags.data, new Uint8Array(8))
    const first = queue.takeChunk() ?? new Uint8Array(0)
    queue.pushUrgent(frameTags.ping, new Uint8Array(0))
    expect(readAll(new FrameDecoder(100_000), [first, ...takeAll(queue)])).toEqual([
      [frameTags.data, 100_000],
      [frameTags.ping, 0],
      [frameTags.data, 8],
    ])
  })

  test('are let go of when they are sent, also while others wait', async () => {
    const queue = new SendQueue()
    const pushed = Array.from({ length: 100 }, () => {
      const frame = new Uint8Array(1_000)
      queue.push(frameTags.data, frame)
      return new WeakRef(frame)
    })
    const kept = async (): Promise<number> => {
      // A weak reference that was looked at is good until its task ends.
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
      return pushed.filter((frame) => frame.deref() !== undefined).length
    }
    expect(await kept()).toBe(100)
    queue.takeChunk()
    expect(await kept()).toBeLessThanOrEqual(50)
    takeAll(queue)
    expect(await kept()).toBe(0)
  })

  test.each([
    ['longer than the limit', [0, 0, 4, 1, 0]],
    ['with an unknown tag', [0, 0, 0, 1, 200]],
    ["of the driver's own that are long", [0, 0, 0, 65, 1]],
  ])('%s are refused by their header', (_what, header) => {
    expect(new FrameDecoder(1_024).push(Uint8Array.from(header), () => undefined)).toMatch(/frame/)
  })
})

describe('of two streams between the same replicas', () => {
  const [small, large] = [peerId('12D3KooWA'), peerId('12D3KooWB')]

  test('both sides keep the same one when they open at once', () => {
    const own = { boot: null, ageMs: 5 }
    expect(staying({ ...own, opener: small }, { opener: large, boot: 'b', ageMs: 0 })).toBe('older')
    expect(staying({ ...own, opener: large }, { opener: small, boot: 'a', ageMs: 0 })).toBe('newer')
  })

  test('a late refusal of the race does not end the stream that was agreed on', () => {
    expect(staying({ opener: small, boot: 'b', ageMs: 40 }, { opener: large, boot: 'b', ageMs: 0 })).toBe('older')
  })

  test('the newer stays when the other side has started anew, or has lost the older', () => {
    expect(staying({ opener: small, boot: 'b', ageMs: 40 }, { opener: large, boot: 'c', ageMs: 0 })).toBe('newer')
    expect(staying({ opener: small, boot: 'b', ageMs: 9_000 }, { opener: large, boot: 'b', ageMs: 0 })).toBe('newer')
    expect(staying({ opener: large, boot: 'b', ageMs: 10 }, { opener: large, boot: 'b', ageMs: 0 })).toBe('newer')
  })
})

describe('addresses', () => {
  const peer = peerId('12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X')

  test('to dial leave out what cannot be dialled, and who else is meant', () => {
    const other = '12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3'
    expect(
      dialable(peer, [
        '/ip4/192.168.1.2/tcp/4001',
        `/ip4/192.168.1.2/tcp/4001/p2p/${peer}`,
        `/ip4/192.168.1.3/tcp/4001/p2p/${other}`,
        '/ip4/0.0.0.0/tcp/4001',
        '/ip4/192.168.1.2/tcp/0',
        '/ip4/192.168.1.2/udp/4001',
        'nonsense',
        '/dns4/ship.example/tcp/4001',
      ]),
    ).toEqual(['/ip4/192.168.1.2/tcp/4001', '/dns4/ship.example/tcp/4001'])
  })

  test('of a peer that dialled us are its announced ones, never the port that it came from', () => {
    const announced = ['/ip4/127.0.0.1/tcp/4001', '/ip4/10.0.0.5/tcp/4001'].map((address) => multiaddr(address))
    expect(reachableAt(multiaddr('/ip4/192.168.1.9/tcp/51312'), 'inbound', announced)).toEqual([
      '/ip4/10.0.0.5/tcp/4001',
      '/ip4/192.168.1.9/tcp/4001',
    ])
    expect(reachableAt(multiaddr('/ip4/127.0.0.1/tcp/51312'), 'inbound', announced)[0]).toBe('/ip4/127.0.0.1/tcp/4001')
  })

  test('of a peer that is seen by IPv6 have its ports of IPv6, and none that counts on one network only', () => {
    const announced = ['/ip4/10.0.0.5/tcp/4001', '/ip6/fd00::5/tcp/4002'].map((address) => multiaddr(address))
    const both = ['/ip4/10.0.0.5/tcp/4001', '/ip6/fd00::5/tcp/4002']
    expect(reachableAt(multiaddr('/ip6/fd00::9/tcp/51312'), 'inbound', announced)).toEqual([
      ...both,
      '/ip6/fd00::9/tcp/4002',
    ])
    expect(reachableAt(multiaddr('/ip6zone/eth0/ip6/fe80::9/tcp/4002'), 'outbound', announced)).toEqual(both)
  })

  test('of a peer with many networks have that where it was seen', () => {
    const announced = Array.from({ length: 20 }, (_, index) => multiaddr(`/ip4/172.17.0.${index + 1}/tcp/4001`))
    const found = reachableAt(multiaddr('/ip4/192.168.1.9/tcp/51312'), 'inbound', announced)
    expect(found.at(-1)).toBe('/ip4/192.168.1.9/tcp/4001')
    expect(found).toHaveLength(limits.addressesPerPeer)
  })

  test('of a peer that is heard begin with where it was heard, with the interface if need be', () => {
    const announced = ['/ip4/127.0.0.1/tcp/4001', '/ip4/10.8.0.5/tcp/4001', '/ip6/::1/tcp/4002']
    expect(heardAt('192.168.1.9', announced)).toEqual(['/ip4/192.168.1.9/tcp/4001', '/ip4/10.8.0.5/tcp/4001'])
    const zoned = '/ip6zone/eth0/ip6/fe80::9/tcp/4002'
    expect(heardAt('fe80::9%eth0', announced)).toEqual([zoned, '/ip4/10.8.0.5/tcp/4001'])
    expect(dialable(peer, [zoned])).toEqual([zoned])
  })

  test('of this machine have those that it has given itself, if it listens at all of them', () => {
    const own = ['/ip4/127.0.0.1/tcp/4001/p2p/A', '/ip6/::1/tcp/4002/p2p/A']
    const machine = ['127.0.0.1', '169.254.7.7']
    expect(withLinkLocal(own, ['/ip4/0.0.0.0/tcp/0'], machine)).toEqual([...own, '/ip4/169.254.7.7/tcp/4001/p2p/A'])
    expect(withLinkLocal(own, ['/ip4/127.0.0.1/tcp/0'], machine)).toEqual(own)
  })

  test('of a peer that we dialled begin with the one that worked', () => {
    expect(reachableAt(multiaddr('/ip4/192.168.1.9/tcp/4001'), 'outbound', [])).toEqual(['/ip4/192.168.1.9/tcp/4001'])
  })
})
