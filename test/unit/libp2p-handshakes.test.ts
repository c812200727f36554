import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { Handshakes } from '../../replica/drivers/libp2p-handshakes.ts'

/** A connection that remembers whether it was ended. */
const from = (address: string) => {
  const connection = {
    remoteAddr: multiaddr(`${address}/tcp/4001`),
    isOver: false,
    listeners: [] as (() => void)[],
    abort: () => {
      connection.isOver = true
      for (const listener of connection.listeners) listener()
    },
    addEventListener: (_event: string, listener: () => void) => {
      connection.listeners.push(listener)
    },
  }
  return connection
}
type Incoming = Parameters<Handshakes['begin']>[0]

/** As many as there are places for. */
const taken = (handshakes: Handshakes, addressOf: (index: number) => string) => {
  const connections = Array.from({ length: 64 }, (_, index) => from(addressOf(index)))
  for (const connection of connections) handshakes.begin(connection)
  return connections
}
const begin = (handshakes: Handshakes, address: string) => {
  const connection = from(address)
  handshakes.begin(connection)
  return connection
}
const over = (connections: readonly { readonly isOver: boolean }[]): readonly number[] =>
  connections.flatMap(({ isOver }, index) => (isOver ? [index] : []))

describe('when all places for handshakes are taken', () => {
  test('the oldest one of where most come from gives its place up, and nobody else does', () => {
    const handshakes = new Handshakes()
    const members = ['/ip4/192.0.2.1', '/ip4/192.0.2.2'].map((address) => begin(handshakes, address))
    const flood = taken(handshakes, () => '/ip4/203.0.113.9')
    expect(over(flood)).toEqual([0, 1])
    const another = begin(handshakes, '/ip4/192.0.2.3')
    expect(over(flood)).toEqual([0, 1, 2])
    expect(over([...members, another])).toEqual([])
  })

  test.each([
    ['one host has 64 bits of IPv6', (index: number) => `/ip6/2001:db8:0:1::${index + 1}`],
    ['an address of IPv4 stays one where it is written as one of IPv6', () => '/ip6/::ffff:203.0.113.9'],
  ])('%s', (_, addressOf) => {
    const handshakes = new Handshakes()
    const member = begin(handshakes, '/ip6/::ffff:192.0.2.1')
    const neighbour = begin(handshakes, '/ip6/2001:db8:0:2::1')
    expect(over(taken(handshakes, addressOf))).toEqual([0, 1])
    expect(over([member, neighbour])).toEqual([])
  })

  test('who is through, or has gone, holds none', () => {
    const handshakes = new Handshakes()
    const connections = taken(handshakes, (index) => `/ip4/192.0.2.${index}`)
    handshakes.end(connections[0] as unknown as Incoming)
    connections[1]?.abort()
    begin(handshakes, '/ip4/192.0.2.1')
    begin(handshakes, '/ip4/192.0.2.2')
    expect(over(connections)).toEqual([1])
  })
})
