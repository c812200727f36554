import { describe, expect, test } from 'vitest'
import { KeyRing } from '../../replica/drivers/libp2p-key-ring.ts'

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const [present, last, first] = [keyOf(3), keyOf(2), keyOf(1)]
const address = '/ip4/192.0.2.1/tcp/4001'

/** By their first bytes. */
const tried = (ring: KeyRing, times: number): readonly (number | undefined)[] =>
  Array.from({ length: times }, () => ring.keyFor(address)[0])

describe('at an address', () => {
  test('the present key and the former ones are tried in turn', () => {
    expect(tried(new KeyRing({ present, former: [last, first] }), 6)).toEqual([3, 2, 3, 1, 3, 2])
  })

  test('the present key goes on being tried first where it led to the peer', () => {
    const ring = new KeyRing({ present, former: [last] })
    tried(ring, 1)
    ring.succeeded(address)
    expect(tried(ring, 1)).toEqual([3])
    ring.succeeded(address)
    expect(tried(ring, 2)).toEqual([3, 2])
  })

  test('where a former key led to the peer the present one is tried again, because by the former one it may be sent away', () => {
    const ring = new KeyRing({ present, former: [last, first] })
    expect(tried(ring, 4)).toEqual([3, 2, 3, 1])
    ring.succeeded(address)
    expect(tried(ring, 3)).toEqual([3, 1, 3])
  })
})
