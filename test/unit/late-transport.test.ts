import { describe, expect, test } from 'vitest'
import { peerId } from '../../replica/core/model/ids.ts'
import { createLateTransport } from '../../replica/drivers/late-transport.ts'
import type { GroupKeys, Transport, TransportListener } from '../../replica/host/ports.ts'

const self = peerId('self')
const other = peerId('other')
const denied = peerId('denied')
const keysOf = (byte: number): GroupKeys => ({ present: new Uint8Array(32).fill(byte), former: [] })
const listener: TransportListener = {
  connected: () => undefined,
  disconnected: () => undefined,
  arriving: () => undefined,
  addressed: () => undefined,
  message: () => undefined,
  gossip: () => undefined,
  join: () => Promise.reject(new Error('nobody joins')),
  visit: () => Promise.reject(new Error('nobody visits')),
  client: () => undefined,
}

/** A transport that notes what it is told, in order. */
const noting = (told: string[]): Transport => ({
  self,
  start: () => Promise.resolve(void told.push('start')),
  stop: () => Promise.resolve(void told.push('stop')),
  listenAddresses: () => ['/ip4/127.0.0.1/tcp/4001'],
  send: (peer) => void told.push(`send ${peer}`),
  gossip: () => void told.push('gossip'),
  disconnect: (peer) => void told.push(`disconnect ${peer}`),
  deny: (peers) => void told.push(`deny ${[...peers].join()}`),
  remember: (members) => void told.push(`remember ${[...members.keys()].join()}`),
  hint: (addresses) => void told.push(`hint ${[...addresses.keys()].join()}`),
  know: (peers) => void told.push(`know ${[...peers].join()}`),
  useKeys: (keys) => void told.push(`keys ${keys.present[0]}`),
  links: () => [],
  dismissed: () => void told.push('dismissed'),
  redial: () => void told.push('redial'),
})

describe('a transport that is loaded late', () => {
  test('passes on what it was told before, and keeps out whom it should before anybody can come in', async () => {
    const told: string[] = []
    const load = (keys: GroupKeys): Promise<Transport> => {
      told.push(`load ${keys.present[0]}`)
      return Promise.resolve(noting(told))
    }
    const transport = createLateTransport({ self, keys: keysOf(1), load })
    transport.remember(new Map([[other, []]]))
    transport.know(new Set([self, other]))
    transport.deny(new Set([denied]))
    transport.useKeys(keysOf(2))
    transport.send(other, new Uint8Array(), 'ordinary')
    expect(transport.listenAddresses()).toEqual([])
    expect(told).toEqual([])
    await transport.start(listener)
    expect(told).toEqual(['load 2', 'deny denied', 'know self,other', 'remember other', 'start'])
    transport.send(other, new Uint8Array(), 'ordinary')
    expect(transport.listenAddresses()).toHaveLength(1)
    await transport.stop()
    expect(told.slice(5)).toEqual(['send other', 'stop'])
  })

  test('uses the key that came while it was being loaded', async () => {
    const told: string[] = []
    const loaded = Promise.withResolvers<Transport>()
    const transport = createLateTransport({ self, keys: keysOf(1), load: () => loaded.promise })
    const started = transport.start(listener)
    transport.useKeys(keysOf(3))
    loaded.resolve(noting(told))
    await started
    expect(told).toEqual(['keys 3', 'start'])
  })

  test('is never started when it is stopped first, nor left behind when it is stopped on the way', async () => {
    const told: string[] = []
    const early = createLateTransport({ self, keys: keysOf(1), load: () => Promise.resolve(noting(told)) })
    await early.stop()
    await expect(early.start(listener)).rejects.toMatchObject({ code: 'STOPPED' })
    const loaded = Promise.withResolvers<Transport>()
    const late = createLateTransport({ self, keys: keysOf(1), load: () => loaded.promise })
    const started = late.start(listener)
    const stopped = late.stop()
    loaded.resolve(noting(told))
    await expect(started).rejects.toMatchObject({ code: 'STOPPED' })
    await stopped
    expect(told).toEqual([])
  })
})
