import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { peerId } from '../../replica/core/model/ids.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import {
  allConnected,
  gossipReaches,
  introduce,
  seedOf,
  startPeer,
  stopAll,
  stopPeer,
  within,
  type Peer,
  type PeerOptions,
} from './harness.ts'

const children = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await stopAll()
})

const plain = (address: string | undefined): string => (address ?? '').replace(/\/p2p\/.*/, '')

const startProcess = async (
  name: string,
  listen: string,
  known: string,
): Promise<{ child: ChildProcess; address: string }> => {
  const script = new URL('./peer-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, name, listen, known], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, address: line }
}

const kill = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  children.delete(child)
}

/** A peer whose member was connected and is gone; `listen`: where that was. */
const leftBehind = async (options: PeerOptions = {}): Promise<{ readonly stays: Peer; readonly listen: string }> => {
  const stays = await startPeer({ ...options, seed: seedOf('stays') })
  const first = await startPeer({ seed: seedOf('comes') })
  const listen = plain(first.addresses()[0])
  stays.transport.remember(new Map([[first.id, first.addresses()]]))
  await allConnected(stays, first)
  await stopPeer(first)
  return { stays, listen }
}

describe('a peer that goes and comes back', () => {
  // js-libp2p issue 677, js-libp2p-gossipsub issues 389 and 481.
  test('with the same identity and port hears and sends gossip again, five times', async () => {
    const stays = await startPeer({ seed: seedOf('stays') })
    let comes = await startPeer({ seed: seedOf('comes') })
    const listen = plain(comes.addresses()[0])
    for (let round = 0; round < 5; round += 1) {
      introduce(stays, comes)
      await within(6_000, `connected in round ${round}`, allConnected(stays, comes))
      await gossipReaches(stays, comes, `down${round}`, 5_000)
      await gossipReaches(comes, stays, `up${round}`, 5_000)
      await stopPeer(comes)
      await within(
        3_000,
        'the end was noticed',
        stays.seen.until(() => !stays.seen.connectedNow.has(comes.id)),
      )
      comes = await startPeer({ seed: seedOf('comes'), listen })
    }
  }, 60_000)

  test('after longer than the longest back-off is found within that time', async () => {
    const { stays, listen } = await leftBehind()
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    const second = await startPeer({ seed: seedOf('comes'), listen })
    await within(6_000, 'found again', allConnected(stays, second))
    await gossipReaches(stays, second, 'again', 5_000)
  }, 40_000)

  test('as another peer is found where it was', async () => {
    const { stays, listen } = await leftBehind()
    const second = await startPeer({ seed: seedOf('has started over'), listen })
    await within(6_000, 'found as another', allConnected(stays, second))
    await gossipReaches(stays, second, 'to another', 5_000)
  }, 40_000)

  test('is dialled at once on redial, whatever the back-off is', async () => {
    const { stays, listen } = await leftBehind()
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    const second = await startPeer({ seed: seedOf('comes'), listen })
    stays.transport.redial()
    await within(1_000, 'found at once', allConnected(stays, second))
  }, 20_000)

  test.each(['has other addresses', 'has slept'])(
    'is dialled at once when the machine that stays %s, though nobody says so',
    async (what) => {
      let [addresses, sleptMs] = ['192.168.1.7', 0]
      const { stays, listen } = await leftBehind({
        // A back-off without end.
        random: () => 100_000,
        machineAddresses: () => addresses,
        clock: { ...systemClock, nowMs: () => Date.now() + sleptMs },
      })
      const second = await startPeer({ seed: seedOf('comes'), listen })
      if (what === 'has slept') sleptMs = 3_600_000
      else addresses = '10.0.0.4'
      await within(3_000, 'found at once', allConnected(stays, second))
    },
  )

  test.each(['the same port', 'another port'])(
    'after SIGKILL on %s talks and gossips again',
    async (where) => {
      const stays = await startPeer({ seed: seedOf('stays') })
      const first = await startProcess('killed', '/ip4/127.0.0.1/tcp/0', stays.addresses()[0] ?? '')
      const id = peerId(first.address.slice(first.address.lastIndexOf('/') + 1))
      stays.transport.remember(new Map([[id, [first.address]]]))
      await within(
        5_000,
        'connected',
        stays.seen.until(() => stays.seen.connectedNow.has(id)),
      )
      let process = first
      for (let round = 0; round < 3; round += 1) {
        await kill(process.child)
        await within(
          4_000,
          'the end was noticed',
          stays.seen.until(() => !stays.seen.connectedNow.has(id)),
        )
        const listen = where === 'the same port' ? plain(first.address) : '/ip4/127.0.0.1/tcp/0'
        process = await startProcess('killed', listen, stays.addresses()[0] ?? '')
        await within(
          6_000,
          `connected again in round ${round}`,
          stays.seen.until(() => stays.seen.connectedNow.has(id)),
        )
        await echoes(stays, id, `round${round}`)
      }
    },
    60_000,
  )

  test('by its own dialling is kept, also when nobody knows its address', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    two.transport.remember(new Map([[one.id, one.addresses()]]))
    await within(3_000, 'connected', allConnected(one, two))
    await gossipReaches(one, two, 'hello', 5_000)
  })
})

const echoes = async (peer: Peer, id: ReturnType<typeof peerId>, label: string): Promise<void> => {
  peer.transport.send(id, Buffer.from(label), 'ordinary')
  await within(
    3_000,
    'a frame and its echo',
    peer.seen.until(() => peer.seen.messages.some(({ frame }) => Buffer.from(frame).toString() === label)),
  )
  const stop = setInterval(() => {
    peer.transport.gossip(Buffer.from(`${label}:${performance.now()}`))
  }, 100)
  try {
    await within(
      5_000,
      'a gossip message and its echo',
      peer.seen.until(() => peer.seen.gossips.some(({ text }) => text.startsWith(`echo:${label}:`))),
    )
  } finally {
    clearInterval(stop)
  }
}

describe('a connection that dies silently', () => {
  test('is found within 3 s on both sides, and made anew when the network is back', async () => {
    const [one, two] = [await startPeer({ seed: seedOf('half one') }), await startPeer({ seed: seedOf('half two') })]
    const wire = await startWire(Number(plain(two.addresses()[0]).split('/').at(-1)))
    one.transport.remember(new Map([[two.id, [`/ip4/127.0.0.1/tcp/${wire.port}`]]]))
    await allConnected(one, two)
    await gossipReaches(one, two, 'before', 5_000)
    const cutAt = performance.now()
    wire.freeze()
    await within(
      3_500,
      'both noticed',
      Promise.all([one, two].map(({ seen }) => seen.until(() => seen.connectedNow.size === 0))),
    )
    expect(performance.now() - cutAt).toBeLessThan(3_250)
    expect(one.seen.events[1]).toContain('nothing was heard')
    wire.thaw()
    await within(9_000, 'connected again', allConnected(one, two))
    await gossipReaches(one, two, 'after', 5_000)
    await gossipReaches(two, one, 'after too', 5_000)
    wire.close()
  }, 40_000)

  test('is not suspected while a long frame crawls in', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    const wire = await startWire(Number(plain(two.addresses()[0]).split('/').at(-1)))
    one.transport.remember(new Map([[two.id, [`/ip4/127.0.0.1/tcp/${wire.port}`]]]))
    await allConnected(one, two)
    wire.slowDown(300_000)
    one.transport.send(two.id, new Uint8Array(2_000_000), 'ordinary')
    await within(
      15_000,
      'the frame',
      two.seen.until(() => two.seen.messages.length === 1),
    )
    expect(one.seen.events).toHaveLength(1)
    wire.close()
  }, 30_000)
})

interface Wire {
  readonly port: number
  /** Nothing goes through any more, and nobody is told. */
  freeze(): void
  thaw(): void
  slowDown(bytesPerSecond: number): void
  close(): void
}

/** A TCP relay that can go deaf like a pulled cable. */
const startWire = async (target: number): Promise<Wire> => {
  let isFrozen = false
  let bytesPerSecond = Infinity
  const sockets = new Set<Socket>()
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('error', () => undefined)
    from.on('data', (data) => {
      if (isFrozen) return
      to.write(data)
      if (bytesPerSecond === Infinity) return
      from.pause()
      setTimeout(() => from.resume(), (data.length / bytesPerSecond) * 1_000)
    })
    from.on('close', () => {
      if (!isFrozen) to.destroy()
    })
  }
  const server: Server = createServer((inbound) => {
    const outbound = connect(target, '127.0.0.1')
    join(inbound, outbound)
    join(outbound, inbound)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    freeze: () => {
      isFrozen = true
    },
    thaw: () => {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      isFrozen = false
    },
    slowDown: (limit) => {
      bytesPerSecond = limit
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
