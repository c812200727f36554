import { describe, expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { ReplicaApi, ReplicaEvent } from '../../replica/api/contract.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { cheapPassword, clientOver, losableBob, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { steppedClock } from '../support/stepped-clock.ts'

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

describe('a client that starts', () => {
  test('goes on trying a server that is there and slow, and gives up at once where nobody is', async () => {
    const replica = new MemoryReplica()
    let tries = 0
    const client = await clientOver(() => {
      tries += 1
      if (tries < 3) return Promise.reject(new QuintetError('TIMEOUT', 'The server did not answer.'))
      return Promise.resolve(replica.connect())
    })
    expect(tries).toBe(3)
    expect(client.server).toBe(replica.server)
    await client.close()
    const alone = clientOver(() => Promise.reject(new QuintetError('UNREACHABLE', 'Nobody is there.')))
    await expect(alone).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })
})

describe('a client whose servers are far away', () => {
  const takesMs = 3_500

  test('gives them more time when none has answered in time', async () => {
    const replica = new MemoryReplica()
    const { clock, runTo } = steppedClock()
    const opening = clientOver(async () => {
      await new Promise<void>((answer) => void clock.after(takesMs, answer))
      return replica.connect()
    }, clock)
    await runTo(limits.connectMs + takesMs + 100)
    const client = await opening
    expect(client.server).toBe(replica.server)
    await client.close()
  })

  test('gives one that answers as much time as the way there needs, at the first try', async () => {
    const replica = new MemoryReplica()
    const { clock, runTo } = steppedClock()
    const handshakesMs = 13_000
    let tries = 0
    const opening = clientOver(async (_server, onReached) => {
      tries += 1
      onReached(2_000)
      await new Promise<void>((answer) => void clock.after(handshakesMs, answer))
      return replica.connect()
    }, clock)
    await runTo(handshakesMs + 100)
    const client = await opening
    expect(tries).toBe(1)
    await client.close()
  })
})

describe('a client that is to begin at one server', () => {
  /** Server 2, which is wanted, does not answer. */
  const open = (start: 'at home' | 'anywhere'): Promise<MailClient> => {
    const other = new MemoryReplica({ server: serverId(1) })
    return createMailClient({
      connect: (server) =>
        server === null
          ? Promise.reject(new QuintetError('UNREACHABLE', 'Server 2 is down.'))
          : Promise.resolve(other.connect()),
      machine: 'test machine',
      servers: { home: serverId(2), start, list: () => Promise.resolve([serverId(1), serverId(2)]) },
      random: testRandom,
      clock: systemTestClock,
      passwordCost: cheapPassword,
    })
  }

  test('is not served by another one unawares', async () => {
    await expect(open('at home')).rejects.toMatchObject({ code: 'UNREACHABLE', message: 'Server 2 is down.' })
    const elsewhere = await open('anywhere')
    expect(elsewhere.server).toBe(1)
    await elsewhere.close()
  })
})

describe('a server of this machine of which nothing is heard', () => {
  const silence: ReplicaEvent = { event: 'silent', forMs: 2_000 }

  test('is kept while it works, and left when it hangs', async () => {
    const groupId = testRandom(16)
    const [home, other] = [new MemoryReplica({ groupId }), new MemoryReplica({ groupId, server: serverId(2) })]
    let pulse: 'works' | 'rests' = 'works'
    let looks = 0
    const looked = Promise.withResolvers<undefined>()
    const client = await createMailClient({
      connect: (server) => Promise.resolve(server === null ? home.connect() : other.connect()),
      machine: 'test machine',
      servers: {
        home: home.server,
        list: () => Promise.resolve([home.server, other.server]),
        homePulse: () => {
          looks += 1
          if (looks === 3) looked.resolve(undefined)
          return Promise.resolve(pulse)
        },
      },
      random: testRandom,
      clock: systemTestClock,
      passwordCost: cheapPassword,
    })
    await client.signUp({ name: 'ann', password: 'a password' })
    other.adopt({ ...home.accounts[0]! })
    home.tellAll(silence)
    await looked.promise
    expect(client.server).toBe(home.server)
    const moved = nextEvent(client, 'connected')
    pulse = 'rests'
    expect((await moved).server).toBe(other.server)
    await client.close()
  })
})

describe('a log-in during which the own replica comes back', () => {
  const away = new QuintetError('UNREACHABLE', 'It has not started yet.')

  /** Ann logs in at a server that stands in, and is at her own by the time the answer comes. */
  const logInWhileReturning = async (): Promise<MailClient> => {
    const groupId = testRandom(16)
    const [home, other] = [new MemoryReplica({ groupId }), new MemoryReplica({ groupId, server: serverId(2) })]
    const before = new MemoryReplica({ groupId })
    await signedUp(before, 'ann')
    const [record] = before.accounts
    for (const replica of [home, other]) replica.adopt({ ...record! })
    let isHomeUp = false
    const client = await createMailClient({
      connect: (server) => {
        if (server === null && !isHomeUp) return Promise.reject(away)
        return Promise.resolve(server === null ? home.connect() : other.connect())
      },
      machine: 'test machine',
      servers: { home: home.server, list: () => Promise.resolve([home.server, other.server]) },
      random: testRandom,
      clock: systemTestClock,
      passwordCost: cheapPassword,
    })
    expect(client.server).toBe(other.server)
    const returned = nextEvent(client, 'connected')
    const [connection] = other.connections
    const logIn = connection!.logIn.bind(connection)
    connection!.logIn = (request) => {
      isHomeUp = true
      connection!.answerAfter = returned
      return logIn(request)
    }
    await client.logIn({ name: 'ann', password: "ann's password" })
    expect(client.server).toBe(home.server)
    return client
  }

  test('holds there, too', async () => {
    const client = await logInWhileReturning()
    expect((await client.list({ folder: 'inbox', limit: 10 })).total).toBe(0)
    await client.close()
  })

  test('brings the mail that arrives there', async () => {
    const client = await logInWhileReturning()
    const arrived = nextEvent(client, 'mail')
    await client.send({ to: ['ann'], subject: 'here', body: '' })
    expect((await arrived).header.subject).toBe('here')
    await client.close()
  })
})

describe('a connection that is lost', () => {
  test('comes back by itself, with the session, and what was asked meanwhile is answered', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const events: string[] = []
    const back = new Promise<void>((resolve) =>
      ann.onEvent(({ event }) => {
        events.push(event)
        if (event === 'connected') resolve()
      }),
    )
    replica.dropConnections()
    const sent = ann.send({ to: ['ann'], subject: 'meanwhile', body: '' })
    await back
    await sent
    expect(events.slice(0, 2)).toEqual(['disconnected', 'connected'])
    expect((await ann.list({ folder: 'inbox', limit: 10 })).headers).toMatchObject([{ subject: 'meanwhile' }])
  })

  test('is told once of a mail that came while there was no connection, and of none that was there before', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const { bob, lose } = await losableBob(replica)
    await sendNow(ann, { to: ['bob'], subject: 'long there', body: '' })
    await bob.logIn({ name: 'bob', password: "bob's password" })
    const told: string[] = []
    const [first, last] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    bob.onEvent((event) => {
      if (event.event !== 'mail') return
      told.push(event.header.subject)
      if (event.header.subject === 'told at once') first.resolve(undefined)
      if (told.length === 3) last.resolve(undefined)
    })
    await sendNow(ann, { to: ['bob'], subject: 'told at once', body: '' })
    await first.promise
    const open = lose()
    await sendNow(ann, { to: ['bob'], subject: 'meanwhile', body: '' })
    open()
    await bob.list({ folder: 'inbox', limit: 10 })
    await sendNow(ann, { to: ['bob'], subject: 'the last one', body: '' })
    await last.promise
    expect(told.toSorted()).toEqual(['meanwhile', 'the last one', 'told at once'])
  })

  test('is told once of a mail of which two servers tell, the one that is left and the one that is gone over to', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const told: string[] = []
    const second = Promise.withResolvers<undefined>()
    ann.onEvent((event) => {
      if (event.event !== 'mail') return
      told.push(event.header.subject)
      if (event.header.subject === 'second') second.resolve(undefined)
    })
    await sendNow(ann, { to: ['ann'], subject: 'first', body: '' })
    const mail = replica.list(replica.mails[0]!, replica.accounts[0]!.account)
    replica.tellAll({ event: 'mail', mail })
    await sendNow(ann, { to: ['ann'], subject: 'second', body: '' })
    await second.promise
    expect(told).toEqual(['first', 'second'])
    await ann.close()
  })

  test('leaves each mail in flight sent exactly once, in order', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const [connection] = replica.connections
    const sends = Array.from({ length: 40 }, (_, index) => ann.send({ to: ['ann'], subject: String(index), body: '' }))
    while (replica.mails.length < 20) await new Promise((turn) => setImmediate(turn))
    connection!.answerAfter = new Promise(() => undefined)
    replica.dropConnections()
    await Promise.all(sends)
    const { headers, total } = await ann.list({ folder: 'inbox', limit: 100 })
    expect(total).toBe(40)
    expect(headers.map(({ subject }) => Number(subject)).reverse()).toEqual(
      Array.from({ length: 40 }, (_, index) => index),
    )
  })

  test('is UNREACHABLE for a request after the time that requests wait', async () => {
    const replica = new MemoryReplica()
    const { clock, runTo } = steppedClock()
    let connects = 0
    const connect = async (): Promise<ReplicaApi> => {
      connects += 1
      if (connects > 1) throw new QuintetError('UNREACHABLE', 'nobody there')
      return replica.connect()
    }
    const client = await createMailClient({
      machine: 'test machine',
      connect,
      random: (length) => new Uint8Array(length),
      clock,
    })
    replica.dropConnections()
    const viewed = codeOf(client.view())
    await runTo(limits.reconnectWaitMs)
    expect(await viewed).toBe('UNREACHABLE')
    await runTo(60_000)
    // Tries at 0, 50, 113, 191, 288, ... ms, each wait a quarter longer, then every 2 s.
    expect(connects).toBeGreaterThan(38)
    expect(connects).toBeLessThan(50)
    await client.close()
  })

  test('is waited for by who is not logged in, but what they ask is answered by another server before it would fail', async () => {
    const groupId = new Uint8Array(16)
    const own = new MemoryReplica({ groupId })
    const other = new MemoryReplica({ groupId, server: serverId(2) })
    const { clock, runTo } = steppedClock()
    let isOwnThere = true
    const client = await createMailClient({
      machine: 'test machine',
      connect: async (server) => {
        if (server !== null) return other.connect()
        if (!isOwnThere) throw new QuintetError('UNREACHABLE', 'nobody there')
        return own.connect()
      },
      servers: { home: serverId(1), list: () => Promise.resolve([serverId(1), serverId(2)]) },
      random: testRandom,
      clock,
    })
    const events: ClientEvent[] = []
    client.onEvent((event) => events.push(event))
    isOwnThere = false
    own.dropConnections()
    const viewed = codeOf(client.view())
    await runTo(limits.homePatienceMs / 2)
    expect(other.connections.size).toBe(0)
    await runTo(limits.reconnectWaitMs)
    expect(await viewed).toBe('no failure')
    expect(client.server).toBe(2)
    expect(events.map(({ event }) => event)).toEqual(['disconnected', 'connected', 'view'])
    expect(events.at(-1)).toMatchObject({ view: { servers: [2] } })
    await client.close()
  })

  test('is waited for as long by a request that was in flight for long before', async () => {
    const replica = new MemoryReplica()
    let shiftMs = 0
    const clock = { ...systemTestClock, nowMs: () => systemTestClock.nowMs() + shiftMs }
    let connects = 0
    const connect = async (): Promise<ReplicaApi> => {
      connects += 1
      if (connects === 2) throw new QuintetError('UNREACHABLE', 'nobody there yet')
      return replica.connect()
    }
    const client = await createMailClient({ machine: 'test machine', connect, random: testRandom, clock })
    const [connection] = replica.connections
    connection!.answerAfter = new Promise(() => undefined)
    const viewed = client.view()
    shiftMs = limits.reconnectWaitMs * 2
    replica.dropConnections()
    expect((await viewed).servers).toContain(replica.server)
    expect(connects).toBe(3)
    await client.close()
  })

  test('is not missed when the person moves to another server', async () => {
    const groupId = new Uint8Array(16)
    const one = new MemoryReplica({ groupId })
    const two = new MemoryReplica({ groupId, server: serverId(2) })
    const foreign = new MemoryReplica({ server: serverId(3) })
    const byServer = new Map([
      [1, one],
      [2, two],
      [3, foreign],
    ])
    const client = await clientOver(async (server) => {
      const replica = byServer.get(server ?? 1)
      if (replica === undefined) throw new QuintetError('NO_SUCH_SERVER', 'There is no such server.')
      return replica.connect()
    })
    await client.signUp({ name: 'ann', password: 'x' })
    expect(await codeOf(client.connect({ server: serverId(2) }))).toBe('NO_SUCH_ACCOUNT')
    expect(client.server).toBe(1)
    two.accounts.push(...one.accounts)
    await client.connect({ server: serverId(2) })
    expect([client.server, client.loggedInAs]).toEqual([2, 'ann'])
    expect([one.connections.size, two.connections.size]).toEqual([0, 1])
    expect(await codeOf(client.connect({ server: serverId(3) }))).toBe('NO_SUCH_SERVER')
    expect(await codeOf(client.connect({ server: serverId(4) }))).toBe('NO_SUCH_SERVER')
    await client.send({ to: ['ann'], subject: 'here', body: '' })
    expect(two.mails).toHaveLength(1)
    await client.close()
    expect(two.connections.size).toBe(0)
    expect(await codeOf(client.view())).toBe('UNREACHABLE')
  })
})
