import { expect, test } from 'vitest'
import { fail, succeed } from '../../replica/core/model/errors.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import { peerId, type PeerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import { Inbound } from '../../replica/host/inbound.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { helloOf } from '../support/core-fixture.ts'
import { installOn } from '../support/host-fixture.ts'

const [ada, bob] = [peerId('ada'), peerId('bob')]
const messageOf = (id: number): Message =>
  ({ kind: 'request', id, origin: '1.aaaaaaaa', after: 0, maxBytes: 1 }) as Message

/** Frames that begin with 1 are verified aside, until they are settled by their second byte. */
const inbound = () => {
  const aside = new Map<number, (result: Result<Message | null>) => void>()
  const took: string[] = []
  const cut: string[] = []
  const line = new Inbound(
    {
      wire: {
        decodeMessageAside: ([isLarge = 0, id = 0]) =>
          isLarge === 0 ? succeed(messageOf(id)) : new Promise((resolve) => aside.set(id, resolve)),
      },
      transport: { disconnect: (peer) => cut.push(peer) },
      logger: silentLogger,
    },
    () => false,
    (peer, message) => took.push(`${peer} ${message.kind === 'request' ? message.id : ''}`),
  )
  const settle = async (id: number, result: Result<Message | null> = succeed(messageOf(id))): Promise<void> => {
    aside.get(id)?.(result)
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  }
  return { line, took, cut, settle }
}
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
    const parts = {
      wire: { decodeMessageAside: () => succeed(message) },
      transport: { disconnect: (other: PeerId) => cut.push(other) },
      logger: silentLogger,
    }
    new Inbound(
      parts,
      () => false,
      (other) => took.push(other),
    ).take(peer, small(1))
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
