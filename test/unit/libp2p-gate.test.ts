import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { peerId, type PeerId } from '../../replica/core/model/ids.ts'
import { PeerGate } from '../../replica/drivers/libp2p-gate.ts'
import { KeyRing } from '../../replica/drivers/libp2p-key-ring.ts'

const room = 256

const gateOf = () => {
  const gate = new PeerGate(new KeyRing({ present: new Uint8Array(32), former: [] }))
  const cut: string[] = []
  /** The peer of that name comes in from this address, or is dialled there. */
  const come = (name: string, host: string, direction: Connection['direction'] = 'inbound'): Connection => {
    const connection = {
      remotePeer: { toString: () => name },
      remoteAddr: multiaddr(`/ip4/${host}/tcp/4001`),
      direction,
      abort: () => {
        cut.push(name)
        gate.closed(connection)
      },
    } as unknown as Connection
    gate.opened(connection)
    return connection
  }
  const flood = (): void => {
    for (let index = 0; index < room; index += 1) come(`guest ${index}`, '203.0.113.9')
  }
  const peers = (...names: readonly string[]): ReadonlySet<PeerId> => new Set(names.map(peerId))
  return { gate, cut, come, flood, peers }
}

describe('a guest that holds as many connections as it likes', () => {
  test('holds them at its own cost', () => {
    const { gate, cut, come, flood, peers } = gateOf()
    gate.know(peers('a member', 'another member'))
    come('a member', '203.0.113.9')
    come('a newcomer', '192.0.2.1')
    flood()
    expect(cut).toEqual(['guest 0'])
    come('another member', '203.0.113.9')
    come('one that is dialled', '203.0.113.9', 'outbound')
    expect(cut).toEqual(['guest 0'])
    come('another newcomer', '192.0.2.2')
    expect(cut).toEqual(['guest 0', 'guest 1'])
  })

  test('takes no place of who has been let in since it came, nor one that is free', () => {
    const { gate, cut, come, flood, peers } = gateOf()
    const gone = come('a client', '203.0.113.9')
    come('a newcomer', '203.0.113.9')
    gate.closed(gone)
    gate.know(peers('a newcomer'))
    flood()
    expect(cut).toEqual([])
  })
})

test('a member that opens more and more connections loses its oldest, and takes no place of others', () => {
  const { gate, cut, come, peers } = gateOf()
  gate.know(peers('a member', 'another member'))
  come('another member', '192.0.2.1')
  const held = Array.from({ length: 48 }, () => come('a member', '192.0.2.2'))
  expect(cut).toEqual([])
  come('a member', '192.0.2.2')
  expect(cut).toEqual(['a member'])
  for (const connection of held) gate.closed(connection)
  come('a member', '192.0.2.2')
  expect(cut).toEqual(['a member'])
})

test('who is denied is cut off when it is connected', () => {
  const { gate, cut, come, peers } = gateOf()
  gate.denied = peers('a guest')
  come('a guest', '192.0.2.1')
  come('a member', '192.0.2.1')
  expect(cut).toEqual(['a guest'])
})
