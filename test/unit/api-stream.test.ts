import { encode } from 'cborg'
import fastCheck from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

import type { ReplicaApi, ReplicaEvent } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { adminTokenCheck, serveReplica } from '../../replica/api/serve-replica.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { accountId, commandId, originId, serverId, updateId } from '../../replica/core/model/ids.ts'
import { apiVersion, decodeApiFrame, encodeApiMessage } from '../../replica/wire/api-codec.ts'
import { answerShapes, eventShape, requestShapes } from '../../replica/wire/api-values.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { codeOf } from '../support/code-of.ts'
import { systemTestClock } from '../support/client-ports.ts'
import { makeFramePair, type FramePair } from '../support/frame-pair.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const token = new Uint8Array(32).fill(7)

interface Connected extends FramePair {
  readonly api: ReplicaApi
  readonly served: Promise<void>
}

const connectTo = (open: () => ReplicaApi, adminToken: Uint8Array | null): Connected => {
  const pair = makeFramePair()
  const served = serveReplica({ stream: pair.replica, open, isAdminToken: adminTokenCheck(token), requires: 'person' })
  const api = connectReplica({ stream: pair.client, adminToken, clock: systemTestClock })
  return { ...pair, api, served }
}

const account = accountId('A'.repeat(43))
const largeMail = {
  mail: updateId(originId('1.aaaaaaaa'), 1),
  from: account,
  fromName: 'ann',
  to: [account],
  toNames: ['bob'],
  sentAt: 1,
  read: false,
  markedUnread: false,
  starred: false,
  inTrash: false,
  conversation: null,
  payload: new Uint8Array(15_000),
  signature: new Uint8Array(64),
  leaf: null,
}

/** A client that greets, sends so many calls in one frame, and reads nothing. */
const askAtOnce = async (
  stream: FramePair,
  api: ReplicaApi,
  calls: readonly Uint8Array[],
  adminToken: Uint8Array | null = null,
): Promise<void> => {
  const send = (): Promise<void> => new Promise(() => undefined)
  const replica = { ...stream.replica, send }
  void serveReplica({ stream: replica, open: () => api, isAdminToken: adminTokenCheck(token), requires: 'person' })
  await stream.client.send(encodeApiMessage({ kind: 'hello', version: apiVersion, adminToken }))
  await stream.client.send(Buffer.concat(calls))
  // More turns than all of the calls would take.
  let turns = calls.length
  while (turns-- > 0) await new Promise((next) => setImmediate(next))
}

const submission = (index: number) => ({
  kind: 'mail' as const,
  command: commandId(String(index).padStart(16, 'A')),
  payload: new Uint8Array([index & 255]),
  signature: new Uint8Array(64),
})

describe('the api over a stream', () => {
  test('gives what the replica behind it gives', async () => {
    const replica = new MemoryReplica()
    const direct = replica.connect()
    const { api } = connectTo(() => replica.connect(), token)
    expect(await api.group()).toEqual(await direct.group())
    expect(await api.view()).toEqual(await direct.view())
    expect(await api.status()).toEqual(await direct.status())
    expect(await api.lookUp({ names: ['nobody'], accounts: [] })).toEqual([])
    expect(await api.people({ like: '', after: null })).toEqual([])
    expect(await api.challenge()).toHaveLength(32)
    expect(await api.safety({ mail: updateId(originId('1.aaaaaaaa'), 1) })).toEqual([1])
    expect(await api.invite()).toBe('quintet://join/test')
    await api.pause({ servers: [serverId(2), serverId(3)] })
    expect(replica.paused).toEqual([2, 3])
    await api.close()
  })

  test('passes failures on with their code and message', async () => {
    const replica = new MemoryReplica()
    const { api } = connectTo(() => replica.connect(), null)
    await expect(api.list({ folder: 'inbox', limit: 10, before: null, offset: 0 })).rejects.toMatchObject({
      code: 'NOT_LOGGED_IN',
      message: 'Log in first.',
    })
    await api.close()
  })

  test('begins submissions in the order given and answers as they are done', async () => {
    const begun: number[] = []
    const gates = new Map<number, () => void>()
    const replica = new MemoryReplica()
    const { api } = connectTo(() => {
      const connection = replica.connect()
      connection.submit = async ({ payload }) => {
        const index = payload[0] ?? 0
        begun.push(index)
        await new Promise<void>((open) => {
          gates.set(index, open)
        })
        return { update: updateId(originId('1.aaaaaaaa'), index + 1), clock: index }
      }
      return connection
    }, null)
    const answered: number[] = []
    const calls = [0, 1, 2].map((index) =>
      api.submit(submission(index)).then((answer) => answered.push('clock' in answer ? answer.clock : -1)),
    )
    await api.view()
    expect(begun).toEqual([0, 1, 2])
    for (const index of [2, 0, 1]) {
      gates.get(index)?.()
      await calls[index]
    }
    expect(answered).toEqual([2, 0, 1])
    await api.close()
  })

  test('sends many small requests in few frames', async () => {
    const replica = new MemoryReplica()
    const { api, sentByClient } = connectTo(() => replica.connect(), null)
    await Promise.all(Array.from({ length: 2_000 }, () => api.view()))
    expect(sentByClient.length).toBeLessThan(20)
    await api.close()
  })

  test('stops reading while too many requests are unanswered, and refuses more than can wait', async () => {
    let begun = 0
    const gate = Promise.withResolvers<undefined>()
    const replica = new MemoryReplica()
    const { api } = connectTo(() => {
      const connection = replica.connect()
      connection.view = async () => {
        begun += 1
        await gate.promise
        return replica.view
      }
      return connection
    }, null)
    const calls = Array.from({ length: limits.requestsInFlight }, () => api.view())
    expect(await codeOf(api.view())).toBe('BUSY')
    await new Promise((turn) => setImmediate(turn))
    const perFrame = Math.ceil(limits.apiFrameBytes / 8)
    expect(begun).toBeLessThan(limits.callsInFlight + perFrame)
    gate.resolve(undefined)
    await Promise.all(calls)
    expect(begun).toBe(limits.requestsInFlight)
    await api.close()
  })

  test('begins no more of one frame than may be unanswered', async () => {
    let begun = 0
    const api = new MemoryReplica().connect()
    api.view = () => {
      begun += 1
      return new Promise(() => undefined)
    }
    const call = (_: unknown, id: number) =>
      encodeApiMessage({ kind: 'call', id: id + 1, method: 'view', request: null })
    const pair = makeFramePair()
    await askAtOnce(pair, api, Array.from({ length: 3_000 }, call))
    expect(begun).toBe(limits.callsInFlight)
    pair.cut()
  })

  test.each([
    { who: 'has shown who it is', adminToken: token, count: 50, most: limits.callBytesInFlight },
    { who: 'has not', adminToken: null, count: 1, most: limits.earlyFrameBytes },
  ])('begins no more while answers that are not taken are too many bytes: who $who', async (client) => {
    let begun = 0
    const { adminToken, count, most } = client
    const mails = Array.from({ length: count }, () => largeMail)
    const answerBytes = mails.length * largeMail.payload.length
    const api = new MemoryReplica().connect()
    api.list = () => {
      begun += 1
      return Promise.resolve({ mails, total: mails.length, unread: 0, next: null })
    }
    const request = { folder: 'inbox', limit: mails.length, before: null, offset: 0 }
    const call = (_: unknown, id: number) => encodeApiMessage({ kind: 'call', id: id + 1, method: 'list', request })
    const pair = makeFramePair()
    await askAtOnce(pair, api, Array.from({ length: 500 }, call), adminToken)
    expect(begun * answerBytes).toBeGreaterThanOrEqual(most - answerBytes)
    // One turn's calls come on top, because an answer's size is known only then.
    expect((begun - 32) * answerBytes).toBeLessThanOrEqual(most)
    pair.cut()
  })

  test('rejects everything in flight with UNREACHABLE when the stream is lost, and says so', async () => {
    const replica = new MemoryReplica()
    const { api, cut, served } = connectTo(() => {
      const connection = replica.connect()
      connection.answerAfter = new Promise(() => undefined)
      return connection
    }, null)
    const closed = new Promise<ReplicaEvent>((resolve) => api.onEvent(resolve))
    const calls = [api.view(), api.group(), api.submit(submission(1))].map((call) => codeOf(call))
    await new Promise((turn) => setImmediate(turn))
    cut()
    expect(await Promise.all(calls)).toEqual(['UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE'])
    expect(await closed).toMatchObject({ event: 'closed', failure: { code: 'UNREACHABLE' } })
    expect(await codeOf(api.view())).toBe('UNREACHABLE')
    await served
    expect(replica.connections.size).toBe(0)
  })

  test('tells the client why the replica goes down', async () => {
    const replica = new MemoryReplica()
    const { api, served } = connectTo(() => replica.connect(), null)
    const closed = new Promise<ReplicaEvent>((resolve) => api.onEvent(resolve))
    await api.view()
    for (const connection of replica.connections) {
      connection.emit({ event: 'closed', failure: { code: 'STOPPED', message: 'The replica stops.' } })
    }
    expect(await closed).toEqual({ event: 'closed', failure: { code: 'STOPPED', message: 'The replica stops.' } })
    await served
  })

  test('makes a page shorter when its mails do not fit into a frame', async () => {
    const replica = new MemoryReplica()
    const { api } = connectTo(() => {
      const connection = replica.connect()
      connection.list = async ({ limit }) => ({
        mails: Array.from({ length: limit }, () => largeMail),
        total: 1_000,
        unread: 0,
        next: String(limit),
      })
      return connection
    }, null)
    const page = await api.list({ folder: 'inbox', limit: 1_000, before: null, offset: 0 })
    expect(page.mails.length).toBeGreaterThan(100)
    expect(page.next).toBe(String(page.mails.length))
    await api.close()
  })

  test('answers an unknown method and a wrong argument with BAD_REQUEST, and goes on', async () => {
    const replica = new MemoryReplica()
    const { replica: served, client } = makeFramePair()
    void serveReplica({ stream: served, open: () => replica.connect(), isAdminToken: () => false, requires: 'person' })
    const answers = client.frames[Symbol.asyncIterator]()
    const ask = async (id: number, method: string, request: unknown) => {
      await client.send(encodeApiMessage({ kind: 'call', id, method, request }))
      return decodeApiFrame((await answers.next()).value as Uint8Array)
    }
    await client.send(encodeApiMessage({ kind: 'hello', version: apiVersion, adminToken: null }))
    const refused = { value: [{ kind: 'failure', failure: { code: 'BAD_REQUEST' } }] }
    for (const method of ['shred', 'toString', '__proto__', 'close', 'onEvent']) {
      expect(await ask(1, method, null)).toMatchObject(refused)
    }
    expect(await ask(2, 'list', { folder: 'attic', limit: 1, before: null })).toMatchObject(refused)
    expect(await ask(3, 'list', { folder: 'inbox', limit: 1_000_000, before: null })).toMatchObject(refused)
    expect(await ask(4, 'view', null)).toMatchObject({ value: [{ kind: 'answer', id: 4 }] })
    await client.close()
  })

  test('what nobody has foreseen fails a request, and is told to who runs the replica', async () => {
    const error = vi.fn()
    const replica = new MemoryReplica().connect()
    replica.view = () => Promise.reject(new TypeError('something else'))
    const { replica: stream, client } = makeFramePair()
    const logger = { ...silentLogger, error }
    void serveReplica({ stream, open: () => replica, isAdminToken: () => true, requires: 'person', logger })
    const api = connectReplica({ stream: client, adminToken: token, clock: systemTestClock })
    expect(await codeOf(api.view())).toBe('INTERNAL')
    expect(error).toHaveBeenCalledExactlyOnceWith(expect.any(String), {
      method: 'view',
      error: expect.stringContaining('something else') as string,
    })
    await expect(api.logIn({} as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(error).toHaveBeenCalledOnce()
  })

  test('hangs up on a client that does not greet, or sends what is not the protocol', async () => {
    for (const frame of [
      encodeApiMessage({ kind: 'call', id: 1, method: 'view', request: null }),
      new Uint8Array([255]),
    ]) {
      const { replica: stream, client } = makeFramePair()
      const open = vi.fn(() => new MemoryReplica().connect())
      const served = serveReplica({
        stream,
        open,
        isAdminToken: () => false,
        requires: 'person',
      })
      await client.send(frame)
      await served
      expect(open).not.toHaveBeenCalled()
      expect((await client.frames[Symbol.asyncIterator]().next()).done).toBe(true)
    }
  })
})

describe('bytes from the other side', () => {
  const shapes = [...Object.values(requestShapes), ...Object.values(answerShapes), eventShape]

  test('random ones are refused without harm', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = decodeApiFrame(bytes)
        expect(decoded.ok || decoded.failure.code === 'BAD_REQUEST').toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('mutations of a real conversation are decoded or refused, never thrown', () => {
    const values = [encodeApiMessage({ kind: 'event', event: { event: 'view', view: { number: 3, servers: [1, 2] } } })]
    values.push(encodeApiMessage({ kind: 'call', id: 9, method: 'submit', request: submission(3) }))
    values.push(encodeApiMessage({ kind: 'failure', id: 9, failure: { code: 'BUSY', message: 'later' } }))
    const at = fastCheck.record({ value: fastCheck.nat(2), place: fastCheck.nat(400), byte: fastCheck.nat(255) })
    fastCheck.assert(
      fastCheck.property(fastCheck.array(at, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = new Uint8Array(values[changes[0]!.value]!)
        for (const { place, byte } of changes) bytes[place % bytes.length] = byte
        decodeApiFrame(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('values of any kind pass a shape or are refused as such', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.anything({ withMap: true, withNullPrototype: true }), (value) => {
        for (const shape of shapes) {
          try {
            shape(value, 'it')
          } catch (error) {
            expect(error).toHaveProperty('name', 'ShapeError')
          }
        }
      }),
    )
  })

  test('deep nesting, huge counts and endless lists are refused', () => {
    const deep = new Uint8Array(100_000).fill(0x81)
    const wide = new Uint8Array(1_000_000).fill(0x80)
    wide[0] = 0x9a
    wide.set([0, 0x0f, 0x42, 0x3a], 1)
    for (const bytes of [
      deep,
      wide,
      new Uint8Array([0x9f]),
      new Uint8Array([0x9b, 255, 255, 255, 255, 255, 255, 255, 255]),
    ]) {
      expect(decodeApiFrame(bytes)).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
    }
    expect(decodeApiFrame(new Uint8Array(limits.frameBytes + 1))).toMatchObject({ failure: { code: 'TOO_LARGE' } })
    expect(decodeApiFrame(encode([1, 'x'.repeat(limits.methodChars + 1), null]))).toMatchObject({ ok: false })
  })
})
