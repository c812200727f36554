import { describe, expect, test } from 'vitest'

import type { ReplicaApi, ReplicaEvent } from '../../replica/api/contract.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { decodeMailPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { cheapPassword, clientOf, clientOver, nextEvent, signedUp, sendNow } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

describe('a person', () => {
  test('signs up, logs out and logs in again, from another client too', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    expect(ann.loggedInAs).toBe('ann')
    await ann.logOut()
    expect(ann.loggedInAs).toBeNull()
    const elsewhere = await clientOf(replica)
    expect(await codeOf(elsewhere.logIn({ name: 'ann', password: 'not it' }))).toBe('WRONG_PASSWORD')
    expect(await codeOf(elsewhere.logIn({ name: 'bob', password: 'not it' }))).toBe('NO_SUCH_ACCOUNT')
    await elsewhere.logIn({ name: 'ann', password: "ann's password" })
    expect(elsewhere.loggedInAs).toBe('ann')
  })

  test('types a password in another Unicode form and is let in', async () => {
    const replica = new MemoryReplica()
    const client = await clientOf(replica)
    await client.signUp({ name: 'zoë', password: 'ﬁancée' })
    await client.logIn({ name: 'zoe\u0308', password: 'fiance\u0301e' })
    expect(client.loggedInAs).toBe('zoë')
  })

  test('is told what is wrong with a name or a password', async () => {
    const replica = new MemoryReplica()
    const client = await signedUp(replica, 'ann')
    expect(await codeOf(client.signUp({ name: 'ann', password: 'x' }))).toBe('NAME_TAKEN')
    for (const name of ['', ' ann', 'ann~2', 'a\nb', 'x'.repeat(65), 'x'.repeat(10_000)]) {
      expect(await codeOf(client.signUp({ name, password: 'x' }))).toBe('BAD_NAME')
    }
    expect(await codeOf(client.signUp({ name: 'bob', password: '' }))).toBe('BAD_REQUEST')
    expect(await codeOf(client.signUp({ name: 'bob', password: 'x'.repeat(1_001) }))).toBe('TOO_LARGE')
  })

  test('must be logged in for what is personal', async () => {
    const client = await clientOf(new MemoryReplica())
    const mail = 'x' as Parameters<typeof client.read>[0]['mail']
    const personal = [
      client.send({ to: ['ann'], subject: '', body: '' }),
      client.list({ folder: 'inbox', limit: 10 }),
      client.read({ mail }),
      client.delete({ mail }),
      client.safety({ mail }),
      client.logOut(),
      client.deleteAccount(),
    ]
    for (const work of personal) expect(await codeOf(work)).toBe('NOT_LOGGED_IN')
    expect(await codeOf(client.view())).toBe('no failure')
  })

  test('whose record the replica alters is not let in', async () => {
    const replica = new MemoryReplica()
    await signedUp(replica, 'ann')
    const eve = await signedUp(replica, 'eve')
    const [ann, evil] = [replica.accounts[0]!, replica.accounts[1]!]
    replica.accounts[0] = { ...ann, sealKey: evil.sealKey }
    expect(await codeOf(eve.send({ to: ['ann'], subject: 's', body: 'b' }))).toBe('BAD_SIGNATURE')
    replica.accounts[0] = { ...evil, name: 'ann' }
    const client = await clientOf(replica)
    expect(await codeOf(client.logIn({ name: 'ann', password: "ann's password" }))).toBe('BAD_SIGNATURE')
  })

  test('deletes the account: nobody can write to it any more', async () => {
    const replica = new MemoryReplica()
    const [ann, bob] = [await signedUp(replica, 'ann'), await signedUp(replica, 'bob')]
    await bob.send({ to: ['ann'], subject: 's', body: 'b' })
    await ann.deleteAccount()
    expect(ann.loggedInAs).toBeNull()
    await expect(bob.send({ to: ['bob', 'ann'], subject: 's', body: 'b' })).rejects.toMatchObject({
      code: 'NO_SUCH_ACCOUNT',
      message: expect.stringContaining('ann') as unknown,
    })
  })
})

describe('a mail', () => {
  test('is opened by its recipients and its sender, and by nobody else', async () => {
    const replica = new MemoryReplica()
    const [ann, bob, cyd] = [
      await signedUp(replica, 'ann'),
      await signedUp(replica, 'bob'),
      await signedUp(replica, 'cyd'),
    ]
    const told = nextEvent(bob, 'mail')
    const mail = await sendNow(ann, { to: ['bob', 'ann', 'bob'], subject: 'Grüße ☃', body: 'line\nline' })
    const expected = { mail, from: 'ann', to: ['bob', 'ann'], subject: 'Grüße ☃' }
    expect((await told).header).toMatchObject({ ...expected, read: false })
    for (const reader of [bob, ann]) {
      expect(await reader.read({ mail })).toMatchObject({ ...expected, body: 'line\nline' })
    }
    expect((await ann.list({ folder: 'sent', limit: 10 })).headers).toMatchObject([expected])
    expect(await codeOf(cyd.read({ mail }))).toBe('NO_SUCH_MAIL')
    expect(await cyd.list({ folder: 'inbox', limit: 10 })).toEqual({ headers: [], total: 0, unread: 0 })
  })

  test('is opened whatever its body: empty, large, incompressible, full of odd characters', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const noise = Array.from({ length: 100_000 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join(
      '',
    )
    const bodies = ['', 'x', 'y'.repeat(limits.bodyBytes), noise, '\u0000\ufeff😀 ﷽\r\n']
    for (const body of bodies) {
      const mail = await sendNow(ann, { to: ['ann'], subject: body.slice(0, 20), body })
      expect((await ann.read({ mail })).body).toBe(body)
    }
  })

  test('is marked read once', async () => {
    const replica = new MemoryReplica()
    const [ann, bob] = [await signedUp(replica, 'ann'), await signedUp(replica, 'bob')]
    const mail = await sendNow(ann, { to: ['bob'], subject: 's', body: 'b' })
    await Promise.all([bob.read({ mail }), bob.read({ mail })])
    await bob.read({ mail })
    await ann.read({ mail })
    expect(replica.submissions.filter(({ kind }) => kind === 'read')).toHaveLength(1)
    expect((await bob.list({ folder: 'inbox', limit: 1 })).headers).toMatchObject([{ read: true }])
  })

  test('of which there are many comes in pages, newest first, in the order sent', async () => {
    const replica = new MemoryReplica()
    const [ann, bob] = [await signedUp(replica, 'ann'), await signedUp(replica, 'bob')]
    const subjects = Array.from({ length: 60 }, (_, index) => `subject ${index}`)
    await Promise.all(
      subjects.map((subject, index) =>
        ann.send({ to: ['bob'], subject, body: 'b'.repeat(index % 7 === 0 ? 90_000 : 9) }),
      ),
    )
    const seen: string[] = []
    let before: string | undefined
    do {
      const page = await bob.list({ folder: 'inbox', limit: 25, ...(before === undefined ? {} : { before }) })
      expect(page.total).toBe(60)
      seen.push(...page.headers.map(({ subject }) => subject))
      before = page.next
    } while (before !== undefined)
    expect(seen).toEqual(subjects.reverse())
  })

  test('that is too large, or to too many, is refused with the limit', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const to = ['ann']
    const many = Array.from({ length: 101 }, (_, index) => `p${index}`)
    await expect(ann.send({ to, subject: 's'.repeat(1_001), body: '' })).rejects.toThrow(/1000/)
    await expect(ann.send({ to, subject: '', body: 'é'.repeat(600_000) })).rejects.toThrow(/1048576/)
    await expect(ann.send({ to: many, subject: '', body: '' })).rejects.toThrow(/100/)
    expect(await codeOf(ann.send({ to: [], subject: '', body: '' }))).toBe('BAD_REQUEST')
    expect(await codeOf(ann.list({ folder: 'inbox', limit: 1_001 }))).toBe('TOO_MANY')
  })

  test('to unknown names is refused with all of them', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    await expect(ann.send({ to: ['ann', 'bob', 'cyd'], subject: '', body: '' })).rejects.toThrow(/bob, cyd/)
  })

  test('that the replica changes cannot be opened, and does not spoil a page', async () => {
    const replica = new MemoryReplica()
    const [ann, bob, eve] = [
      await signedUp(replica, 'ann'),
      await signedUp(replica, 'bob'),
      await signedUp(replica, 'eve'),
    ]
    const mail = await sendNow(ann, { to: ['bob'], subject: 'genuine', body: 'b' })
    await eve.send({ to: ['bob'], subject: 'other', body: 'b' })
    const evil = replica.mails[1]!
    const changed = (change: (payload: Uint8Array) => Uint8Array) => {
      replica.alter = (sealed) => (sealed.mail === mail ? { ...sealed, payload: change(sealed.payload) } : sealed)
    }
    const flipped = (payload: Uint8Array, place: number): Uint8Array =>
      payload.map((byte, index) => (index === place ? byte ^ 1 : byte))
    for (const place of [5, 40, 60, 90, 130, 190, 250]) {
      changed((payload) => flipped(payload, place % payload.length))
      expect(await codeOf(bob.read({ mail }))).toBe('CANNOT_OPEN')
    }
    changed((payload) => {
      const decoded = decodeMailPayload(payload)
      return decoded.ok ? encodeMailPayload({ ...decoded.value, sealedHeader: new Uint8Array(40) }) : payload
    })
    const { headers } = await bob.list({ folder: 'inbox', limit: 10 })
    expect(headers.map(({ subject }) => subject)).toEqual(['other', ''])
    replica.alter = (sealed) => ({ ...sealed, from: evil.change.account })
    expect(await codeOf(bob.read({ mail }))).toBe('CANNOT_OPEN')
    replica.alter = (sealed) => ({
      ...sealed,
      payload: evil.payload,
      signature: evil.signature,
      to: [evil.change.account],
    })
    expect(await codeOf(bob.read({ mail }))).toBe('CANNOT_OPEN')
    replica.alter = (sealed) => sealed
    expect((await bob.read({ mail })).subject).toBe('genuine')
  })
})

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
    let nowMs = 0
    const timers = new Set<{ atMs: number; task: () => void }>()
    const clock = {
      nowMs: () => nowMs,
      every: () => () => undefined,
      after: (delayMs: number, task: () => void) => {
        const timer = { atMs: nowMs + delayMs, task }
        timers.add(timer)
        return () => timers.delete(timer)
      },
    }
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
    for (; nowMs <= 60_000; nowMs += 50) {
      for (const timer of timers) if (timer.atMs <= nowMs && timers.delete(timer)) timer.task()
      await new Promise((turn) => setImmediate(turn))
      if (nowMs === limits.reconnectWaitMs) expect(await viewed).toBe('UNREACHABLE')
    }
    // Tries at 0, 50, 113, 191, 288, ... ms, each wait a quarter longer, then every 2 s.
    expect(connects).toBeGreaterThan(38)
    expect(connects).toBeLessThan(50)
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
