import { describe, expect, test } from 'vitest'

import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { decodeMailPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { clientOf, nextEvent, signedUp, sendNow } from '../support/mail-clients.ts'
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
    for (const name of ['', ' ann', 'ann~2', 'a\nb', 'x'.repeat(65), 'x'.repeat(10_000), 'a*n', 'who?', 'who？']) {
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
    for (const lie of [{ from: evil.change.account }, { to: [evil.change.account] }, { conversation: evil.mail }]) {
      replica.alter = (sealed) => ({ ...sealed, ...lie })
      expect(await codeOf(bob.read({ mail }))).toBe('CANNOT_OPEN')
    }
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
