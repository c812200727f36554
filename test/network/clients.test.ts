import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { fail } from '../../replica/core/model/errors.ts'
import { peerId, serverId } from '../../replica/core/model/ids.ts'
import type { JoinRequest } from '../../replica/core/model/messages.ts'
import { LocalDiscovery } from '../../replica/drivers/local-discovery.ts'
import { serviceOf } from '../../replica/drivers/local-messages.ts'
import { NearbyMembers } from '../../replica/drivers/nearby-members.ts'
import { createClientDialer, requestJoin, type ClientDialer } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { FrameStream } from '../../replica/host/ports.ts'
import {
  freeUdpPort,
  freshSeed,
  groupId,
  groupKey,
  silentLogger,
  startPeer,
  stopAll,
  stopPeer,
  within,
  type Peer,
} from './harness.ts'

const dialers = new Set<ClientDialer>()

afterEach(async () => {
  await Promise.all([...dialers].map((dialer) => dialer.stop()))
  dialers.clear()
  await stopAll()
})

const startDialer = async (key: Uint8Array = groupKey): Promise<ClientDialer> => {
  const dialer = await createClientDialer({ groupKey: key, clock: systemClock })
  dialers.add(dialer)
  return dialer
}

const collect = async (stream: FrameStream): Promise<readonly Uint8Array[]> => {
  const frames: Uint8Array[] = []
  for await (const frame of stream.frames) frames.push(frame)
  return frames
}

const echoing = (peer: Peer): void => {
  peer.seen.onClient = (stream) => {
    stream.trust?.()
    void (async () => {
      for await (const frame of stream.frames) await stream.send(frame)
      await stream.close()
    })().catch(() => undefined)
  }
}

describe("a client's stream", () => {
  test('carries frames both ways and ends when it is closed', async () => {
    const peer = await startPeer()
    echoing(peer)
    const dialer = await startDialer()
    const stream = await dialer.dial(peer.id, peer.addresses(), 3_000)
    const frames = stream.frames[Symbol.asyncIterator]()
    for (const size of [0, 1, 1_700, 3_000_000]) {
      await stream.send(new Uint8Array(size).fill(9))
      const { value } = (await frames.next()) as { value: Uint8Array }
      expect(value.length).toBe(size)
    }
    await stream.close()
    expect((await frames.next()).done).toBe(true)
  })

  test('throws UNREACHABLE to reader and writer when the server dies, and the same dialler reaches the next', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    echoing(two)
    const dialer = await startDialer()
    const stream = await dialer.dial(one.id, one.addresses(), 3_000)
    const reading = collect(stream)
    await Promise.all([stopPeer(one), expect(reading).rejects.toMatchObject({ code: 'UNREACHABLE' })])
    await expect(stream.send(Uint8Array.of(1))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const next = await dialer.dial(two.id, two.addresses(), 3_000)
    await next.send(Uint8Array.of(5))
    expect((await next.frames[Symbol.asyncIterator]().next()).value).toEqual(Uint8Array.of(5))
  })

  test('delivers what was sent before it was closed', async () => {
    const peer = await startPeer()
    peer.seen.onClient = (stream) => {
      void Promise.all(Array.from({ length: 200 }, (_, index) => stream.send(new Uint8Array(index * 50)))).then(() =>
        stream.close(),
      )
    }
    const dialer = await startDialer()
    const stream = await dialer.dial(peer.id, peer.addresses(), 3_000)
    expect(await within(5_000, 'the end', collect(stream))).toHaveLength(200)
  })

  test('is slowed down by a reader that is slow, and keeps memory bounded', async () => {
    const peer = await startPeer()
    const dialer = await startDialer()
    const stream = await dialer.dial(peer.id, peer.addresses(), 3_000)
    await within(
      2_000,
      'handed over',
      peer.seen.until(() => peer.seen.clients.length === 1),
    )
    const [served] = peer.seen.clients as [FrameStream]
    const frame = new Uint8Array(262_144).fill(1)
    const count = 200
    let sent = 0
    const sending = (async () => {
      for (; sent < count; sent += 1) await served.send(frame)
    })()
    const before = process.memoryUsage.rss()
    // Longer than the heartbeat's patience: a paused reader must not be taken for a dead one.
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    expect(sent * frame.length).toBeLessThan(16_000_000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
    let received = 0
    for await (const { length } of stream.frames) {
      received += length
      if (received === count * frame.length) break
    }
    await sending
    expect(received).toBe(count * frame.length)
  })

  test('cannot be opened where nobody listens, or without an address', async () => {
    const peer = await startPeer()
    const dialer = await startDialer()
    for (const addresses of [['/ip4/127.0.0.1/tcp/9'], [], ['nonsense']]) {
      await expect(dialer.dial(peer.id, addresses, 3_000)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    }
  })

  test('cannot be opened to another server than the one that was meant', async () => {
    const [meant, other] = [await startPeer(), await startPeer()]
    const dialer = await startDialer()
    const addresses = other.addresses().map((address) => address.replace(/\/p2p\/.*/, ''))
    await expect(dialer.dial(meant.id, addresses, 3_000)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(other.seen.clients).toEqual([])
  })

  test('is given up in time where somebody listens and says nothing', async () => {
    const peer = await startPeer()
    const dialer = await startDialer()
    const silent = createServer((socket) => socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    await expect(dialer.dial(peer.id, [`/ip4/127.0.0.1/tcp/${port}`], 300)).rejects.toMatchObject({ code: 'TIMEOUT' })
    silent.close()
  })
})

describe('a request to join', () => {
  const ask = async (addresses: readonly string[], seed: Uint8Array, request: JoinRequest, timeoutMs = 4_000) =>
    requestJoin({ groupKey, groupId, privateKey: seed, addresses, request, timeoutMs, clock: systemClock })

  const requestBy = (id: string): JoinRequest => ({
    token: new Uint8Array(16).fill(3),
    peer: peerId(id),
    server: serverId(2),
    machine: 'a machine',
  })

  test('reaches a member that runs, past one that does not, and brings its answer back', async () => {
    const seed = freshSeed()
    const applicant = await startPeer({ seed })
    await stopPeer(applicant)
    const [gone, member] = [await startPeer(), await startPeer()]
    await stopPeer(gone)
    const requests: JoinRequest[] = []
    member.seen.onJoin = (request) => {
      requests.push(request)
      return Promise.resolve(fail('SEAT_TAKEN', 'Seat 2 is taken.'))
    }
    const request = requestBy(applicant.id)
    const answer = await ask([`/ip4/127.0.0.1/tcp/9/p2p/${gone.id}`, ...member.addresses()], seed, request)
    expect(answer).toEqual({ ok: false, failure: { code: 'SEAT_TAKEN', message: 'Seat 2 is taken.' } })
    expect(requests).toEqual([request])
  })

  test('in the name of another install is refused', async () => {
    const member = await startPeer()
    const answer = await ask(member.addresses(), freshSeed(), requestBy(member.id))
    expect(answer).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
  })

  test('reaches a member that has moved since the invite was made, by the local network, and nobody else there', async () => {
    const [member, other] = [await startPeer(), await startPeer()]
    member.seen.onJoin = () => Promise.resolve(fail('SEAT_TAKEN', 'Seat 2 is taken.'))
    const port = await freeUdpPort()
    const discoveries = [member, other].map((peer) => {
      const quiet = { clock: systemClock, logger: silentLogger, onHeard: () => undefined }
      const service = serviceOf(groupId)
      const discovery = new LocalDiscovery({ ...quiet, service, port, addresses: () => peer.addresses() })
      discovery.start()
      return discovery
    })
    const seed = freshSeed()
    const applicant = await startPeer({ seed })
    await stopPeer(applicant)
    const nearby = new NearbyMembers(groupId, systemClock, port)
    const asked = { groupKey, groupId, privateKey: seed, request: requestBy(applicant.id), clock: systemClock, nearby }
    const by = (peer: Peer) =>
      requestJoin({ ...asked, addresses: [`/ip4/127.0.0.1/tcp/9/p2p/${peer.id}`], timeoutMs: 4_000 })
    expect(await by(member)).toMatchObject({ failure: { code: 'SEAT_TAKEN' } })
    const gone = await startPeer()
    await stopPeer(gone)
    expect(await by(gone)).toMatchObject({ failure: { code: 'NO_MEMBER_REACHED' } })
    for (const discovery of [...discoveries, nearby]) discovery.stop()
  })

  test('says so when no member can be reached', async () => {
    const member = await startPeer()
    await stopPeer(member)
    const answer = await ask([`/ip4/127.0.0.1/tcp/9/p2p/${member.id}`], freshSeed(), requestBy(member.id), 1_000)
    expect(answer).toMatchObject({ ok: false, failure: { code: 'NO_MEMBER_REACHED' } })
  })
})
