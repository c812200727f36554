import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { type Held, Places } from '../../replica/drivers/libp2p-places.ts'

const most = 8
const room = () => {
  const over: Held[] = []
  const places = new Places<Held>(most, (holder) => over.push(holder))
  const come = (address: string): Held => {
    const holder = { remoteAddr: multiaddr(`${address}/tcp/4001`) }
    places.take(holder)
    return holder
  }
  /** As many as there are places for. */
  const flood = (addressOf: (index: number) => string) =>
    Array.from({ length: most }, (_, index) => come(addressOf(index)))
  return { places, over, come, flood }
}

describe('when all places are taken', () => {
  test('the oldest one of where most come from gives its place up, and nobody else does', () => {
    const { over, come, flood } = room()
    for (const address of ['/ip4/192.0.2.1', '/ip4/192.0.2.2']) come(address)
    const many = flood(() => '/ip4/203.0.113.9')
    expect(over).toEqual(many.slice(0, 2))
    come('/ip4/192.0.2.3')
    expect(over).toEqual(many.slice(0, 3))
  })

  test.each([
    ['one host has 64 bits of IPv6', (index: number) => `/ip6/2001:db8:0:1::${index + 1}`],
    ['an address of IPv4 stays one where it is written as one of IPv6', () => '/ip6/::ffff:203.0.113.9'],
  ])('%s', (_, addressOf) => {
    const { over, come, flood } = room()
    for (const address of ['/ip6/::ffff:192.0.2.1', '/ip6/2001:db8:0:2::1']) come(address)
    const many = flood(addressOf)
    expect(over).toEqual(many.slice(0, 2))
  })

  test('who has left holds none', () => {
    const { places, over, come, flood } = room()
    const [first, second] = flood((index) => `/ip4/192.0.2.${index}`)
    if (first !== undefined) places.leave(first)
    come('/ip4/192.0.2.101')
    expect(over).toEqual([])
    come('/ip4/192.0.2.102')
    expect(over).toEqual([second])
  })
})
