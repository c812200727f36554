import { expect, test } from 'vitest'
import type { PeerId } from '../../replica/core/model/ids.ts'
import { peerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { Server } from '../../replica/host/server.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { LogMaker, spansOf } from '../conformance/storage-fixture.ts'
import { wire } from '../property/arbitraries.ts'
import { foundedCore } from '../support/core-fixture.ts'

const asker = peerId('asker')

const spoiled = (batch: Batch): Batch => {
  const bytes = batch.bytes.slice()
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return { ...batch, bytes }
}

/** A server of this log, of which one read gives about so many bytes as asked for; what it answers to who asks after `after`. */
const answerOf = async (log: readonly Batch[], after: number, maxBytes: number): Promise<Message> => {
  const answered = Promise.withResolvers<Message>()
  const server = new Server(
    {
      storage: {
        readBatches: (_: unknown, from: number, most: number) => {
          let room = most
          const wanted = log.filter(({ last }) => last > from)
          return Promise.resolve(wanted.filter(({ bytes }, index) => (room -= bytes.length) >= 0 || index === 0))
        },
      } as never,
      transport: {
        send: (_: PeerId, frame: Uint8Array) => {
          const message = wire.decodeMessage(frame)
          if (message.ok && message.value !== null) answered.resolve(message.value)
          else answered.reject(new Error(message.ok ? 'of a later version' : message.failure.message))
        },
      } as never,
      wire,
      logger: silentLogger,
    },
    () => Promise.reject(new Error('nothing is read')),
  )
  const origin = log[0]!.origin
  server.serve({
    peer: asker,
    request: { kind: 'request', id: 7, origin, after, maxBytes },
    held: log.at(-1)!.last,
  })
  return answered.promise
}

const spans = (message: Message) => (message.kind === 'batches' ? spansOf(message.batches) : message.kind)

test('an answer ends with a batch whose own signature holds, wherever the log is cut', async () => {
  const maker = new LogMaker(1)
  const [one, two, three, four] = maker.batches(4, 2) as [Batch, Batch, Batch, Batch]
  const room = one.bytes.length * 3.5
  const log = [one, two, spoiled(three), four]
  expect(spans(await answerOf(log, 0, room))).toEqual(spansOf([one, two]))
  expect(spans(await answerOf(log, 4, 1))).toEqual(spansOf([three, four]))
  expect(spans(await answerOf(log, 0, room * 2))).toEqual(spansOf(log))
})

test('what nobody would take is not sent', async () => {
  const maker = new LogMaker(1)
  const [one, two] = maker.batches(2, 2) as [Batch, Batch]
  expect(spans(await answerOf([one, spoiled(two)], 2, 1_000))).toBe('discarded')
})

test('a state is not kept for who has gone while it was being made', async () => {
  const core = foundedCore(['ada'])
  const answers: Message[] = []
  const reading: (() => void)[] = []
  const server = new Server(
    {
      storage: {} as never,
      transport: {
        send: (_: PeerId, frame: Uint8Array) => {
          const message = wire.decodeMessage(frame)
          if (message.ok && message.value !== null) answers.push(message.value)
        },
      } as never,
      wire,
      logger: silentLogger,
    },
    (query) => new Promise((resolve) => reading.push(() => resolve(query(core)))),
  )
  const ask = (image: number, index: number): void =>
    server.serve({ peer: asker, request: { kind: 'stateRequest', image, index } })
  const madeFor = async (meanwhile: () => void): Promise<Message[]> => {
    ask(0, 0)
    await expect.poll(() => reading.length).toBe(1)
    meanwhile()
    reading.pop()?.()
    await expect.poll(() => answers.length).toBe(1)
    const [first] = answers.splice(0)
    ask(first?.kind === 'stateChunk' ? first.image : 0, 1)
    await expect.poll(() => answers.length).toBe(1)
    return answers.splice(0)
  }
  expect(await madeFor(() => undefined)).toMatchObject([{ kind: 'stateChunk', image: 1, index: 1 }])
  expect(await madeFor(() => server.forget(asker))).toMatchObject([{ kind: 'stateChunk', count: 0, chunk: '' }])
})

test('of large mails no more are read for an answer than it has room for', async () => {
  const { origin } = foundedCore().identity
  const answered = Promise.withResolvers<Uint8Array>()
  const read: number[] = []
  const sequences = Array.from({ length: 200 }, (_, index) => index + 1)
  const server = new Server(
    {
      storage: {
        readUpdates: (_: unknown, asked: readonly number[]) => {
          read.push(asked.length)
          const bytes = new Uint8Array(limits.bodyBytes)
          return Promise.resolve(asked.map((sequence) => ({ origin, sequence, clock: 1, bytes })))
        },
      } as never,
      transport: { send: (_: PeerId, frame: Uint8Array) => answered.resolve(frame) } as never,
      wire,
      logger: silentLogger,
    },
    () => Promise.reject(new Error('nothing is read')),
  )
  server.serve({ peer: asker, request: { kind: 'mailRequest', id: 7, origin, sequences } })
  await answered.promise
  expect(read).toEqual([1])
})
