import { describe, expect, test } from 'vitest'
import type { CoreEvent } from '../../replica/core/effects.ts'
import { fail, succeed } from '../../replica/core/model/errors.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import { peerId, type PeerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import { Inbound } from '../../replica/host/inbound.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { helloOf } from '../support/core-fixture.ts'
import { installOn } from '../support/host-fixture.ts'

const [ada, bob] = [peerId('ada'), peerId('bob')]
const messageOf = (id: number): Message =>
  ({ kind: 'request', id, origin: '1.aaaaaaaa', after: 0, maxBytes: 1 }) as Message

const clock = { nowMs: () => 0 }
const decodeGossip = () => succeed([])

/** Frames that begin with 1 are verified aside, until they are settled by their second byte. */
const inbound = () => {
  const aside = new Map<number, (result: Result<Message | null>) => void>()
  const took: string[] = []
  const cut: string[] = []
  const line = new Inbound({
    wire: {
      decodeMessageAside: ([isLarge = 0, id = 0]) =>
        isLarge === 0 ? succeed(messageOf(id)) : new Promise((resolve) => aside.set(id, resolve)),
      decodeGossip,
    },
    transport: { disconnect: (peer) => cut.push(peer) },
    logger: silentLogger,
    clock,
    isHeld: () => false,
    isGreeted: () => true,
    took: (event) => took.push(nameOf(event)),
  })
  const settle = async (id: number, result: Result<Message | null> = succeed(messageOf(id))): Promise<void> => {
    aside.get(id)?.(result)
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  }
  return { line, took, cut, settle }
}
const nameOf = (event: CoreEvent): string =>
  event.kind === 'message'
    ? `${event.peer} ${'id' in event.message ? event.message.id : event.message.kind}`
    : event.kind
const small = (id: number): Uint8Array => new Uint8Array([0, id])
const large = (id: number): Uint8Array => new Uint8Array([1, id])

test("one peer's messages are given on in the order in which they came", async () => {
  const { line, took, settle } = inbound()
  line.take(ada, small(1))
  line.take(ada, large(2))
  line.take(ada, small(3))
  line.take(ada, large(4))
  line.take(bob, small(5))
  expect(took).toEqual(['ada 1', 'bob 5'])
  await settle(4)
  expect(took).toEqual(['ada 1', 'bob 5'])
  await settle(2)
  expect(took).toEqual(['ada 1', 'bob 5', 'ada 2', 'ada 3', 'ada 4'])
  line.take(ada, small(6))
  expect(took.at(-1)).toBe('ada 6')
})

test('a message of a kind that only a later version knows says nothing, and cuts nobody', async () => {
  const { line, took, cut, settle } = inbound()
  line.take(ada, large(1))
  line.take(ada, small(2))
  await settle(1, succeed(null))
  expect(took).toEqual(['ada 2'])
  expect(cut).toEqual([])
})

test('nothing is given on that came before a message that is not valid was found out, or before the connection ended', async () => {
  const { line, took, cut, settle } = inbound()
  line.take(ada, large(1))
  line.take(ada, small(2))
  await settle(1, fail('BAD_SIGNATURE', 'no'))
  expect(cut).toEqual([ada])
  line.take(bob, large(3))
  line.forget(bob)
  line.take(bob, small(4))
  await settle(3)
  expect(took).toEqual(['bob 4'])
})

test('who says hello by the name of another machine, or of another seat than its own, is cut off', () => {
  const took: PeerId[] = []
  const cut: PeerId[] = []
  const hear = (peer: PeerId, message: Message): void => {
    new Inbound({
      wire: { decodeMessageAside: () => succeed(message), decodeGossip },
      transport: { disconnect: (other: PeerId) => cut.push(other) },
      logger: silentLogger,
      clock,
      isHeld: () => false,
      isGreeted: () => true,
      took: (event) => took.push(event.kind === 'message' ? event.peer : peer),
    }).take(peer, small(1))
  }
  const [one, two] = [installOn(1).identity, installOn(2).identity]
  hear(one.peer, helloOf(one))
  expect([took, cut]).toEqual([[one.peer], []])
  hear(one.peer, helloOf(two))
  hear(one.peer, { ...helloOf(one), server: two.server })
  expect([took, cut]).toEqual([[one.peer], [one.peer, one.peer]])
})

test('who sends more than can be verified is cut off', async () => {
  const { line, took, cut, settle } = inbound()
  const half = new Uint8Array(limits.unverifiedBytes / 2)
  half.set(large(1))
  line.take(ada, half)
  line.take(ada, half)
  expect(cut).toEqual([])
  line.take(ada, small(2))
  expect(cut).toEqual([ada])
  await settle(1)
  expect(took).toEqual([])
})

describe('of somebody who was not let in yet', () => {
  const { identity } = installOn(1)
  const { peer } = identity
  const wire = createWire({ groupId: new Uint8Array(16) })
  const hello = encodeMessage(helloOf(identity))
  const request = encodeMessage(messageOf(7))

  const door = () => {
    const [decoded, took, cut]: [number[], string[], PeerId[]] = [[], [], []]
    const state = { isLetIn: false, judge: (): void => undefined }
    const line = new Inbound({
      wire: {
        decodeMessageAside: (frame, isHeld) => {
          decoded.push(frame.length)
          return wire.decodeMessageAside(frame, isHeld)
        },
        decodeGossip,
      },
      transport: { disconnect: (other) => cut.push(other) },
      logger: silentLogger,
      clock,
      isHeld: () => false,
      isGreeted: () => state.isLetIn,
      took: (event, done) => {
        took.push(nameOf(event))
        if (done !== null) state.judge = done
      },
    })
    return { line, decoded, took, cut, state }
  }

  test('nothing is verified but who it is', () => {
    const { line, decoded, took, state } = door()
    line.take(peer, request)
    line.take(peer, hello)
    line.take(peer, request)
    expect([decoded, took]).toEqual([[hello.length], [`${peer} hello`]])
    state.judge()
    line.take(peer, request)
    expect([decoded, took]).toEqual([[hello.length], [`${peer} hello`]])
  })

  test('what comes behind its hello is looked at, in its order, when it is let in', () => {
    const { line, took, state } = door()
    line.take(peer, hello)
    line.take(peer, request)
    line.take(peer, encodeMessage(messageOf(8)))
    state.isLetIn = true
    line.take(peer, encodeMessage(messageOf(9)))
    expect(took).toEqual([`${peer} hello`])
    state.judge()
    expect(took).toEqual([`${peer} hello`, `${peer} 7`, `${peer} 8`, `${peer} 9`])
  })

  test('little is kept behind its hello, and nothing of a connection that is gone', () => {
    const { line, decoded, cut, state } = door()
    line.take(peer, hello)
    line.take(peer, new Uint8Array(limits.frameBytes))
    expect(cut).toEqual([])
    line.take(peer, request)
    expect(cut).toEqual([peer])
    const { judge } = state
    line.take(peer, hello)
    line.take(peer, request)
    state.isLetIn = true
    judge()
    expect(decoded).toEqual([hello.length, hello.length])
  })

  test('a frame that says nothing at all cuts it off', () => {
    const { line, cut } = door()
    line.take(peer, new Uint8Array(3))
    expect(cut).toEqual([peer])
  })
})

test('of gossip no more is looked at than leaves time for everything else', () => {
  let [nowMs, looked] = [1_000_000, 0]
  const line = new Inbound({
    wire: {
      decodeMessageAside: () => succeed(null),
      decodeGossip: (frame) => {
        looked += frame.length
        return succeed([])
      },
    },
    transport: { disconnect: () => undefined },
    logger: silentLogger,
    clock: { nowMs: () => nowMs },
    isHeld: () => false,
    isGreeted: () => false,
    took: () => undefined,
  })
  const flood = (): number => {
    const before = looked
    for (let count = 0; count < 100; count += 1) line.gossip(bob, new Uint8Array(limits.gossipFrameBytes))
    return looked - before
  }
  expect(flood()).toBe(limits.gossipBytesASecond * 2)
  nowMs += 1_000
  expect(flood()).toBe(limits.gossipBytesASecond)
})
