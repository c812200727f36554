import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { LocalDiscovery } from '../../replica/drivers/local-discovery.ts'
import { decodeLocal, encodeAnswer, encodeQuestion } from '../../replica/drivers/local-messages.ts'
import { MulticastSocket } from '../../replica/drivers/multicast-socket.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { anyPort, freeUdpPort, silentLogger, startPeer, stopAll, within } from './harness.ts'

const service = '_quintet-0123456._udp.local'
const peer = '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X'

const open: { stop(): void }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) one.stop()
  await stopAll()
})

/** An address of each interface that takes part in multicast. */
const joinable = async (): Promise<readonly string[]> => {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const found = Object.values(networkInterfaces()).flatMap((one) => one?.find(({ family }) => family === 'IPv4') ?? [])
  const joined = found.filter(({ address }) => {
    try {
      socket.addMembership('224.0.0.251', address)
      return true
    } catch {
      return false
    }
  })
  socket.close()
  return joined.map(({ address }) => address)
}

interface Heard {
  readonly peer: string
  readonly addresses: readonly string[]
}

const startDiscovery = (
  port: number,
  addresses: readonly string[],
  onHeard: (heard: Heard) => void,
): LocalDiscovery => {
  const discovery = new LocalDiscovery({
    ...{ service, port, clock: systemClock, logger: silentLogger },
    addresses: () => addresses,
    onHeard: (found, at) => {
      onHeard({ peer: found, addresses: at })
    },
  })
  open.push(discovery)
  discovery.start()
  return discovery
}

/** What goes through the network, and from where, until `isEnough`. */
const listen = (port: number): { readonly from: string[]; until(isEnough: () => boolean): Promise<void> } => {
  const from: string[] = []
  let look = (): void => undefined
  const socket = new MulticastSocket({
    ...{ family: 'udp4', port },
    onMessage: (bytes, sender) => {
      if (decodeLocal(service, bytes)?.kind !== 'answer') return
      from.push(sender)
      look()
    },
    onError: (error) => {
      throw error
    },
  })
  open.push({
    stop: () => {
      socket.close()
    },
  })
  const until = (isEnough: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (isEnough()) resolve()
      }
      look()
    })
  return { from, until }
}

describe('members in the local network', () => {
  test('are told on every interface, and not on that of the default route alone', async () => {
    const port = await freeUdpPort()
    const interfaces = await joinable()
    const heard = listen(port)
    startDiscovery(port, [`/ip4/127.0.0.1/tcp/1/p2p/${peer}`], () => undefined)
    await within(
      3_000,
      'an answer from each',
      heard.until(() => interfaces.every((address) => heard.from.includes(address))),
    )
  })

  test('are found where the announcement came from, and at all that they announce, be it a public address', async () => {
    const port = await freeUdpPort()
    const found = new Promise<Heard>((resolve) => {
      startDiscovery(port, [`/ip4/141.20.1.5/tcp/4001/p2p/${peer}`], resolve)
    })
    const { addresses, peer: who } = await within(3_000, 'heard', found)
    expect(who).toBe(peer)
    expect(addresses[0]).toMatch(/^\/ip4\/(?!141)[\d.]+\/tcp\/4001$/)
    expect(addresses[1]).toBe('/ip4/141.20.1.5/tcp/4001')
  })

  test('are not looked for where another program has the port for itself, which is told', async () => {
    const port = await freeUdpPort()
    const other = createSocket({ type: 'udp4', reuseAddr: false }).bind(port)
    await once(other, 'listening')
    const told: unknown[] = []
    const discovery = new LocalDiscovery({
      ...{ service, port, clock: systemClock, addresses: () => [], onHeard: () => undefined },
      logger: { ...silentLogger, warn: (_message, fields) => told.push(fields?.['family']) },
    })
    open.push(discovery)
    discovery.start()
    await expect.poll(() => told).toContain('udp4')
    other.close()
  })

  test('are answered to once, and once more a second later, however many ask', async () => {
    const port = await freeUdpPort()
    const heard = listen(port)
    startDiscovery(port, [`/ip4/127.0.0.1/tcp/1/p2p/${peer}`], () => undefined)
    await heard.until(() => heard.from.includes('127.0.0.1'))
    const asker = createSocket('udp4')
    for (let index = 0; index < 200; index += 1)
      await new Promise((resolve) => asker.send(encodeQuestion(service), port, '127.0.0.1', resolve))
    asker.close()
    await within(
      3_000,
      'the second answer',
      heard.until(() => heard.from.filter((address) => address === '127.0.0.1').length === 2),
    )
    // Whatever else was sent has come before this.
    expect(heard.from.filter((address) => address === '127.0.0.1')).toHaveLength(2)
  })
})

test('what is no announcement of the group is passed over', () => {
  const answer = encodeAnswer(service, [`/ip4/10.0.0.1/tcp/1/p2p/${peer}`])
  expect(decodeLocal(service, answer)).toEqual({ kind: 'answer', addresses: [`/ip4/10.0.0.1/tcp/1/p2p/${peer}`] })
  expect(decodeLocal(service, encodeQuestion(service))).toEqual({ kind: 'question' })
  expect(decodeLocal('_other._udp.local', answer)).toBeNull()
  for (let index = 0; index < answer.length; index += 1) {
    expect(() => decodeLocal(service, answer.subarray(0, index))).not.toThrow()
    const broken = Uint8Array.from(answer)
    broken[index] = 0xff
    expect(() => decodeLocal(service, broken)).not.toThrow()
  }
})

const link = Object.entries(networkInterfaces())
  .flatMap(([name, found]) => (found ?? []).map(({ address }) => ({ name, address })))
  .find(({ address }) => address.startsWith('fe80'))

test.skipIf(link === undefined)(
  'members are connected by the addresses that each has on a cable by itself',
  async () => {
    const [one, two] = [await startPeer({ listen: '/ip6/::/tcp/0' }), await startPeer({ listen: anyPort })]
    const tcp = /\/tcp\/\d+/.exec(one.addresses()[0] ?? '')?.[0] ?? ''
    two.transport.remember(new Map([[one.id, [`/ip6zone/${link?.name}/ip6/${link?.address}${tcp}`]]]))
    await within(
      3_000,
      'connected',
      two.seen.until(() => two.seen.connectedNow.has(one.id)),
    )
    // What leads there from here says nothing to others.
    expect(two.transport.links()[0]?.addresses.filter((address) => address.includes('fe80'))).toEqual([])
  },
)
