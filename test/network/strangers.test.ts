import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { multiaddr } from '@multiformats/multiaddr'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, describe, expect, test } from 'vitest'
import { limits } from '../../replica/core/model/limits.ts'
import { frameTags } from '../../replica/drivers/frames.ts'
import { baseOptions, protocols } from '../../replica/drivers/libp2p-base.ts'
import { allConnected, groupKey, introduce, startPeer, stopAll, within, type Peer } from './harness.ts'

afterEach(stopAll)

const addressOf = (peer: Peer): string => peer.addresses()[0] ?? ''

const strangerNode = async (key: Uint8Array) => {
  const node = await createLibp2p(baseOptions(key, await generateKeyPair('Ed25519')))
  await node.start()
  return node
}

const stillServes = async (peer: Peer): Promise<void> => {
  const friend = await startPeer()
  introduce(peer, friend)
  await within(5_000, 'a member still gets in', allConnected(peer, friend))
}

describe('a stranger without the group key', () => {
  test('gets no protocol at all', async () => {
    const peer = await startPeer()
    const node = await strangerNode(createHash('sha256').update('another group').digest())
    for (const protocol of Object.values(protocols)) {
      const opened = node.dialProtocol(multiaddr(addressOf(peer)), protocol, { signal: AbortSignal.timeout(5_000) })
      await expect(opened).rejects.toThrow()
    }
    expect(peer.seen.events).toEqual([])
    expect(peer.seen.clients).toEqual([])
    await node.stop()
    await stillServes(peer)
  })

  test.each([
    ['nothing', 0],
    ['a nonce', 24],
    ['a nonce and half a greeting', 34],
  ])('is cut off by itself within 2 s when it sends %s', async (_, bytes) => {
    const peer = await startPeer()
    const socket = connect(Number(addressOf(peer).split('/')[4]), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume()
    const since = performance.now()
    socket.write(randomBytes(bytes))
    await within(8_000, 'the socket is ended', new Promise((resolve) => socket.on('close', resolve)))
    // What it takes to let it go comes on top; libp2p alone would wait for 3 s.
    expect(performance.now() - since).toBeLessThan(2_800)
    await stillServes(peer)
  })

  test('does no harm by sending garbage, or nothing, on many connections', async () => {
    const peer = await startPeer()
    const port = Number(addressOf(peer).split('/')[4])
    const ends = Array.from({ length: 60 }, async (_, index) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      if (index % 3 !== 0) socket.write(randomBytes(index * 997))
      await new Promise((resolve) => socket.on('close', resolve))
    })
    await within(8_000, 'every socket is ended', Promise.all(ends))
    expect(peer.seen.events).toEqual([])
    await stillServes(peer)
  })
})

test('a host that takes all places for handshakes keeps nobody out', async () => {
  const peer = await startPeer()
  const friend = await strangerNode(groupKey)
  const knock = async (): Promise<() => boolean> => {
    const socket = connect(Number(addressOf(peer).split('/')[4]), '127.0.0.1')
    socket.on('error', () => undefined)
    // Its nonce shows that the peer is in the middle of the handshake.
    await once(socket, 'data')
    return () => socket.closed
  }
  const areClosed = await Promise.all(Array.from({ length: 64 }, knock))
  const connection = await friend.dial(multiaddr(addressOf(peer)), { signal: AbortSignal.timeout(5_000) })
  expect(connection.status).toBe('open')
  // The peer looks after those who say nothing, however many they are.
  await expect.poll(() => areClosed.every((isClosed) => isClosed()), { timeout: 8_000 }).toBe(true)
  await friend.stop()
  await stillServes(peer)
})

describe('someone inside the group', () => {
  test('is cut off for a frame that is too long, before it is sent whole', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.client)
    const header = Buffer.alloc(5)
    header.writeUInt32BE(limits.earlyFrameBytes + 1)
    stream.send(header)
    await within(3_000, 'the stream is reset', once(stream, 'close'))
    const [client] = peer.seen.clients
    await expect(client?.frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await node.stop()
  })

  test.each([protocols.join, protocols.visit])('is cut off for a request that is too long, by %s', async (protocol) => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocol)
    const header = Buffer.alloc(5)
    header.writeUInt32BE(limits.joinRequestBytes + 1)
    stream.send(header)
    // Silence would end it, too, after 2,500 ms.
    await within(2_000, 'the stream is reset', once(stream, 'close'))
    await node.stop()
  })

  test('is cut off when it asks for more signs of life than it could read', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.client)
    const pings = Buffer.alloc(65_000)
    for (let tag = 4; tag < pings.length; tag += 5) pings[tag] = frameTags.ping
    stream.send(pings)
    // Silence would end it, too, after 10 s.
    await within(3_000, 'the stream is reset', once(stream, 'close'))
    await node.stop()
  })

  test('is cut off when it proposes one protocol after the other, which would keep everybody else waiting', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.client)
    const [connection] = node.getConnections()
    // As libp2p opens a stream, before it has agreed on a protocol.
    const muxer = (connection as unknown as { muxer: { createStream(options: object): Promise<Stream> } }).muxer
    const proposing = await muxer.createStream({})
    const propose = (name: string): Buffer => Buffer.from(`${String.fromCharCode(name.length + 1)}${name}\n`)
    proposing.send(Buffer.concat([propose('/multistream/1.0.0'), ...Array.from({ length: 20 }, () => propose('/x'))]))
    await within(3_000, 'the stream is reset', once(proposing, 'close'))
    stream.abort(new Error('done'))
    await node.stop()
  })

  test('is not taken for a replica when it only speaks as a client', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.client)
    await within(
      2_000,
      'the client is handed over',
      peer.seen.until(() => peer.seen.clients.length === 1),
    )
    expect(peer.seen.events).toEqual([])
    stream.abort(new Error('done'))
    await node.stop()
  })

  test('is cut off when a replica stream begins with a large frame, before it is sent whole', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.replica)
    const header = Buffer.alloc(5)
    header.writeUInt32BE(limits.frameBytes)
    stream.send(header)
    // Silence would end it, too, after 2,500 ms.
    await within(2_000, 'the stream is reset', once(stream, 'close'))
    await node.stop()
  })

  test('gets nowhere with a replica stream that does not begin with an offer', async () => {
    const peer = await startPeer()
    const node = await strangerNode(groupKey)
    const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.replica)
    stream.send(Uint8Array.of(0, 0, 0, 0, 4))
    await within(2_000, 'the stream is reset', once(stream, 'close'))
    expect(peer.seen.events).toEqual([])
    await node.stop()
  })

  test('takes no more memory by what it half sends as a replica than all clients may that have not logged in', async () => {
    const peer = await startPeer()
    const places = limits.earlyBytes / limits.frameBytes
    const nodes = await Promise.all(Array.from({ length: places + 1 }, () => strangerNode(groupKey)))
    const frame = (tag: number, bytes: number): Buffer => {
      const header = Buffer.alloc(5)
      header.writeUInt32BE(bytes)
      header[4] = tag
      return header
    }
    const streams = await Promise.all(
      nodes.map(async (node) => {
        const stream = await node.dialProtocol(multiaddr(addressOf(peer)), protocols.replica)
        stream.send(Buffer.concat([frame(frameTags.offer, 8), randomBytes(8)]))
        return stream
      }),
    )
    await peer.seen.until(() => peer.seen.connectedNow.size === nodes.length)
    const cut = peer.seen.until(() => peer.seen.connectedNow.size < nodes.length)
    for (const stream of streams) stream.send(frame(frameTags.data, limits.frameBytes))
    // Silence would end them, too, after 2,500 ms.
    await within(2_000, 'one is cut off', cut)
    expect(peer.seen.events.at(-1)).toMatch('too much was kept')
    expect(peer.seen.connectedNow.size).toBe(places)
    for (const node of nodes) await node.stop()
  })
})
