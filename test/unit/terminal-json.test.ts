import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { runJsonTerminal } from '../../replica/terminal/json-terminal.ts'
import { clientOf, signedUp, sendNow } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

type Line = Readonly<Record<string, unknown>>

interface Running {
  readonly input: PassThrough
  readonly lines: Line[]
  readonly over: Promise<void>
  /** The line that answers a request. */
  readonly answer: (id: number | string | null) => Promise<Line>
  readonly ask: (request: object) => void
  /** The first line that is pushed for an event. */
  readonly event: (name: string) => Promise<Line>
}

const start = (client: MailClient): Running => {
  const input = new PassThrough()
  const output = new PassThrough()
  const lines: Line[] = []
  let rest = ''
  output.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString()}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.map((part) => JSON.parse(part) as Line))
  })
  const find = async (fits: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(fits)
      if (found !== undefined) return found
      await once(output, 'data')
    }
  }
  const answer: Running['answer'] = (id) => find((line) => 'ok' in line && line.id === id)
  const event: Running['event'] = (name) => find((line) => line.event === name)
  const over = runJsonTerminal({ client, input, output })
  return { input, lines, over, answer, event, ask: (request) => input.write(`${JSON.stringify(request)}\n`) }
}

const runAll = async (client: MailClient, requests: readonly object[]): Promise<readonly Line[]> => {
  const running = start(client)
  running.input.end(requests.map((request) => JSON.stringify(request)).join('\n'))
  await running.over
  return running.lines
}

const answersOf = (lines: readonly Line[]): readonly Line[] => lines.filter((line) => 'ok' in line)

const namesIn = ({ headers }: Line): readonly unknown[] => (headers as readonly Line[]).map(({ mail }) => mail)

/** A client whose lists and searches find these, page by page; a page ends where its `next` says. */
const clientWithMails = async (mails: readonly string[]): Promise<MailClient> => {
  const client = await clientOf(new MemoryReplica())
  const pageOf = ({ limit, before = '0', offset = 0 }: PageOfMails) => {
    expect(limit).toBeLessThanOrEqual(limits.pageHeaders)
    const first = Number(before) + offset
    const headers = mails.slice(first, first + limit).map((mail) => ({ mail }))
    const page = { headers, total: mails.length }
    return Promise.resolve(first + limit < mails.length ? { ...page, next: String(first + limit) } : page)
  }
  return Object.assign(client, { list: pageOf, search: pageOf })
}

interface PageOfMails {
  readonly limit: number
  readonly before?: string
  readonly offset?: number
}

const textOf: unknown = expect.any(String)
const numberOf: unknown = expect.any(Number)

/** As the name of a mail is written, but no number is so large and exact. */
const beyondNumbers = '1.abcdefgh:9999999999999999'

describe('the JSON terminal', () => {
  test('carries out a whole script given at once, and ends with its input', async () => {
    const replica = new MemoryReplica()
    const lines = await runAll(await clientOf(replica), [
      { id: 1, do: 'signUp', name: 'ann', password: 'secret' },
      { id: 2, do: 'send', to: ['ann'], subject: 'one', body: 'first' },
      { id: 'three', do: 'send', to: ['ann'], subject: 'two', body: 'second' },
      { id: 4, do: 'list', folder: 'inbox', limit: 10 },
      { id: 5, do: 'accounts', like: 'a' },
      { id: 6, do: 'view' },
      { id: 7, do: 'logOut' },
      { do: 'list', folder: 'inbox', limit: 10 },
    ])
    const byId = new Map(answersOf(lines).map((line) => [line.id, line]))
    expect(byId.get(1)).toEqual({ id: 1, ok: true })
    expect(byId.get(2)).toEqual({ id: 2, ok: true, mail: replica.mails[0]?.mail })
    expect(byId.get('three')).toEqual({ id: 'three', ok: true, mail: replica.mails[1]?.mail })
    expect(byId.get(4)).toMatchObject({
      total: 2,
      headers: [{ subject: 'two', from: 'ann', to: ['ann'] }, { subject: 'one' }],
    })
    expect(byId.get(4)).not.toHaveProperty('next')
    expect(byId.get(5)).toEqual({ id: 5, ok: true, accounts: [{ name: 'ann', online: true }] })
    expect(byId.get(6)).toEqual({ id: 6, ok: true, number: 1, servers: [1] })
    expect(byId.get(null)).toMatchObject({ id: null, ok: false, code: 'NOT_LOGGED_IN' })
    expect(replica.connections.size).toBe(0)
  })

  test('pushes mails as they come, and says when the connection goes and comes', async () => {
    const replica = new MemoryReplica()
    const bob = await signedUp(replica, 'bob')
    const { ask, answer, event, lines, input, over } = start(await signedUp(replica, 'ann'))
    const mail = await sendNow(bob, { to: ['ann'], subject: 'news', body: '' })
    expect(await event('mail')).toMatchObject({ mail, from: 'bob', subject: 'news', read: false })
    replica.dropConnections()
    ask({ id: 1, do: 'read', mail })
    expect(await answer(1)).toMatchObject({ ok: true, mail, from: 'bob', to: ['ann'], subject: 'news', body: '' })
    await event('view')
    const events = lines.filter((line) => 'event' in line).map((line) => line.event)
    expect(events).toEqual(['mail', 'disconnected', 'connected', 'view'])
    input.end()
    await over
    await bob.close()
  })

  test('keeps the order of many pipelined sends', async () => {
    const replica = new MemoryReplica()
    const count = 300
    const sends = Array.from({ length: count }, (_, id) => ({
      id,
      do: 'send',
      to: ['ann'],
      subject: String(id),
      body: '',
    }))
    const lines = await runAll(await signedUp(replica, 'ann'), [
      ...sends,
      { id: 'sent', do: 'list', folder: 'sent', limit: count },
    ])
    const listed = answersOf(lines).find(({ id }) => id === 'sent') as { headers: readonly { subject: string }[] }
    expect(listed.headers.map(({ subject }) => Number(subject)).reverse()).toEqual(sends.map(({ id }) => id))
    expect(answersOf(lines).every(({ ok }) => ok)).toBe(true)
  })

  test('a list, and counts, see what a read before them has marked', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const mail = await sendNow(ann, { to: ['ann'], subject: 'one', body: '' })
    const lines = await runAll(ann, [
      { id: 1, do: 'read', mail },
      { id: 2, do: 'list', folder: 'inbox', limit: 1 },
      { id: 3, do: 'read', mail },
      { id: 4, do: 'counts' },
    ])
    expect(answersOf(lines).find(({ id }) => id === 2)).toMatchObject({ headers: [{ mail, read: true }] })
    expect(answersOf(lines).find(({ id }) => id === 4)).toMatchObject({ unread: 0 })
  })

  test('says which field of a request is wrong', async () => {
    const client = await signedUp(new MemoryReplica(), 'ann')
    const wrong: readonly (readonly [object, string, RegExp])[] = [
      [{}, 'BAD_REQUEST', /"do"/],
      [{ do: 'fly' }, 'BAD_REQUEST', /fly/],
      [{ do: 'constructor' }, 'BAD_REQUEST', /constructor/],
      [{ do: 'send', to: 'ann', subject: '', body: '' }, 'BAD_REQUEST', /"to"/],
      [{ do: 'send', to: ['ann'], body: '' }, 'BAD_REQUEST', /"subject"/],
      [{ do: 'send', to: ['ann'], subject: '', body: 7 }, 'BAD_REQUEST', /"body"/],
      [{ do: 'send', to: ['zed'], subject: '', body: '' }, 'NO_SUCH_ACCOUNT', /zed/],
      [{ do: 'send', to: ['ann'], subject: '', body: '', inReplyTo: beyondNumbers }, 'NO_SUCH_MAIL', /not the name/],
      [{ do: 'list', folder: 'attic', limit: 1 }, 'NO_SUCH_FOLDER', /attic/],
      [{ do: 'list', folder: 'inbox', limit: '1' }, 'BAD_REQUEST', /"limit"/],
      [{ do: 'list', folder: 'inbox', limit: 0 }, 'BAD_REQUEST', /limit/],
      [{ do: 'read', mail: 1 }, 'BAD_REQUEST', /"mail"/],
      [{ do: 'read', mail: 'what' }, 'NO_SUCH_MAIL', /what/],
      [{ do: 'read', mail: beyondNumbers }, 'NO_SUCH_MAIL', /not the name/],
      [{ do: 'connect', server: 9 }, 'NO_SUCH_SERVER', /9/],
      [{ do: 'pause', servers: 2 }, 'BAD_REQUEST', /"servers"/],
      [{ do: 'post', text: '' }, 'BAD_REQUEST', /empty/],
      [{ do: 'post', text: 'x'.repeat(1_001) }, 'TOO_LARGE', /1000/],
      [{ do: 'deletePost', post: 'what' }, 'NO_SUCH_POST', /what/],
      [{ do: 'follow', name: 'zed' }, 'NO_SUCH_ACCOUNT', /zed/],
      [{ do: 'profile', name: 'zed' }, 'NO_SUCH_ACCOUNT', /zed/],
      [{ do: 'timeline', limit: -1 }, 'BAD_REQUEST', /limit/],
      [{ do: 'search', query: 'after:never', limit: 1 }, 'BAD_REQUEST', /after/],
      [{ do: 'retire' }, 'BAD_REQUEST', /"server"/],
    ]
    const lines = await runAll(
      client,
      wrong.map(([request], id) => ({ id, ...request })),
    )
    for (const [id, [, code, message]] of wrong.entries()) {
      const found = answersOf(lines).find((line) => line.id === id)
      expect(found).toMatchObject({ ok: false, code, message: expect.stringMatching(message) as unknown })
    }
  })

  test('posts, follows, shows timelines and searches in exactly the documented form', async () => {
    const replica = new MemoryReplica()
    const ben = await signedUp(replica, 'ben')
    const ann = await signedUp(replica, 'ann')
    await sendNow(ben, { to: ['ann'], subject: 'Pump', body: 'It drips.' })
    const running = start(ann)
    running.ask({ id: 1, do: 'follow', name: 'Ben' })
    expect(await running.answer(1)).toEqual({ id: 1, ok: true })
    await ben.post({ text: 'All well here.' })
    const told = await running.event('post')
    expect(told).toEqual({ event: 'post', post: textOf, author: 'ben', text: 'All well here.', postedAt: numberOf })
    running.ask({ id: 2, do: 'timeline', limit: 5 })
    const posts = [{ author: 'ben', text: 'All well here.', postedAt: numberOf }]
    expect(await running.answer(2)).toEqual({ id: 2, ok: true, posts })
    running.ask({ id: 3, do: 'search', query: 'drips from:ben', limit: 5 })
    const header = { mail: textOf, from: 'ben', to: ['ann'], subject: 'Pump', sentAt: numberOf, read: false }
    expect(await running.answer(3)).toEqual({ id: 3, ok: true, headers: [header] })
    running.ask({ id: 4, do: 'post', text: 'Mine' })
    running.ask({ id: 5, do: 'posts', name: 'ann' })
    expect(await running.answer(5)).toMatchObject({ posts: [{ author: 'ann', text: 'Mine' }] })
    const { post } = await running.answer(4)
    running.ask({ id: 6, do: 'deletePost', post })
    running.ask({ id: 7, do: 'unfollow', name: 'ben' })
    running.ask({ id: 8, do: 'profile', name: 'ann' })
    expect(await running.answer(8)).toMatchObject({ name: 'ann', following: [], posts: 0, online: true })
    running.input.end()
    await running.over
  })

  test('a page of a timeline tells where the next begins, the last one does not', async () => {
    const running = start(await signedUp(new MemoryReplica(), 'ann'))
    for (const text of ['one', 'two', 'three']) running.ask({ id: text, do: 'post', text })
    running.ask({ id: 1, do: 'follow', name: 'ann' })
    running.ask({ id: 2, do: 'timeline', limit: 2 })
    const first = await running.answer(2)
    expect(first).toMatchObject({ posts: [{ text: 'three' }, { text: 'two' }], next: textOf })
    running.ask({ id: 3, do: 'timeline', limit: 2, before: first.next })
    const second = await running.answer(3)
    expect(second).toEqual({ id: 3, ok: true, posts: [{ author: 'ann', text: 'one', postedAt: numberOf }] })
    running.input.end()
    await running.over
  })

  test('answers as many as are asked for, though a page of the server holds fewer', async () => {
    const mails = Array.from({ length: limits.pageHeaders + 2 }, (_, index) => `1.abcdefgh:${index + 1}`)
    const { ask, answer, input, over } = start(await clientWithMails(mails))
    ask({ id: 'all', do: 'list', folder: 'inbox', limit: 1_000_000 })
    ask({ id: 'without one', do: 'list', folder: 'inbox', limit: mails.length, offset: 1 })
    ask({ id: 'most', do: 'list', folder: 'inbox', limit: mails.length - 1 })
    ask({ id: 'found', do: 'search', query: 'word', limit: mails.length })
    const all = await answer('all')
    expect(namesIn(all)).toEqual(mails)
    expect(all).not.toHaveProperty('next')
    expect(namesIn(await answer('without one'))).toEqual(mails.slice(1))
    const most = await answer('most')
    expect(most).toMatchObject({ total: mails.length, next: textOf })
    expect(namesIn(most)).toEqual(mails.slice(0, -1))
    ask({ id: 'rest', do: 'list', folder: 'inbox', limit: 10, before: most.next })
    expect(namesIn(await answer('rest'))).toEqual(mails.slice(-1))
    expect(namesIn(await answer('found'))).toEqual(mails)
    input.end()
    await over
  })

  test('answers as many posts as are asked for, too', async () => {
    const posts = limits.pagePosts + 2
    const replica = new MemoryReplica()
    const ben = await signedUp(replica, 'ben')
    const ann = await signedUp(replica, 'ann')
    await ann.follow({ name: 'ben' })
    await Promise.all(Array.from({ length: posts }, (_, index) => ben.post({ text: `post ${index}` })))
    const lines = await runAll(ann, [
      { id: 1, do: 'timeline', limit: 1_000 },
      { id: 2, do: 'posts', name: 'ben', limit: posts - 1 },
    ])
    const timeline = answersOf(lines).find(({ id }) => id === 1)
    expect(timeline?.posts).toHaveLength(posts)
    expect(timeline).not.toHaveProperty('next')
    const its = answersOf(lines).find(({ id }) => id === 2)
    expect(its?.posts).toHaveLength(posts - 1)
    expect(its).toMatchObject({ next: textOf })
    await ben.close()
  })

  test('refuses what it could not keep, or give back, as it was given', async () => {
    const replica = new MemoryReplica()
    const { input, over, lines, ask, answer } = start(await signedUp(replica, 'ann'))
    const secrets = ['"\\ud800"', '"\\udfff!"', '"\xff"', '"\xc3"', '"\xed\xa0\x80"']
    for (const password of secrets)
      input.write(Buffer.from(`{"do":"signUp","name":"ben","password":${password}}\n`, 'latin1'))
    input.write('{"do":"send","to":["ann","\\ud800"],"subject":"","body":""}\n')
    for (const id of ['9007199254740993', '-9007199254740993', '1e400']) input.write(`{"id":${id},"do":"view"}\n`)
    ask({ id: Number.MAX_SAFE_INTEGER, do: 'view' })
    await answer(Number.MAX_SAFE_INTEGER)
    ask({ id: '\ud800', do: 'view' })
    await answer('\ud800')
    input.end()
    await over
    const refused = lines.filter(({ id }) => id === null)
    expect(refused).toHaveLength(9)
    for (const line of refused) expect(line).toMatchObject({ ok: false, code: 'BAD_REQUEST' })
    expect(replica.accounts).toHaveLength(1)
  })

  test('answers what is not a request with id null, and goes on', async () => {
    const { input, over, lines, ask, answer } = start(await clientOf(new MemoryReplica()))
    for (const line of ['no JSON', '7', 'null', '[]', '"text"', '{"id":{},"do":"view"}', '{"id":1', '\u0000'])
      input.write(`${line}\n`)
    input.write('\n   \r\n')
    ask({ id: 1, do: 'view' })
    await answer(1)
    input.end()
    await over
    expect(lines).toHaveLength(9)
    for (const line of lines.filter(({ id }) => id === null))
      expect(line).toMatchObject({ ok: false, code: 'BAD_REQUEST' })
  })

  test('refuses a line that is too long without keeping it, and goes on', async () => {
    const { input, over, lines, ask, answer } = start(await clientOf(new MemoryReplica()))
    const chunk = Buffer.alloc(1_048_576, 'x')
    input.write('{"id":"large","do":"send","to":["ann"],"subject":"","body":"')
    for (let sent = 0; sent < 40; sent++) if (!input.write(chunk)) await once(input, 'drain')
    input.write('\n')
    ask({ id: 1, do: 'view' })
    await answer(1)
    input.end()
    await over
    expect(lines[0]).toMatchObject({ id: 'large', ok: false, code: 'TOO_LARGE' })
    expect(lines).toHaveLength(2)
  })

  test('says whose answer it is that a field is too large', async () => {
    const lines = await runAll(await signedUp(new MemoryReplica(), 'ann'), [
      { do: 'send', to: ['ann'], subject: '', body: 'x'.repeat(10_000_000), id: 'large' },
    ])
    expect(answersOf(lines)).toMatchObject([{ id: 'large', ok: false, code: 'TOO_LARGE' }])
  })

  test('takes a request behind a byte order mark, and one whose line ends as on Windows', async () => {
    const { input, over, answer } = start(await clientOf(new MemoryReplica()))
    input.end('\uFEFF{"id":1,"do":"view"}\r\n{"id":2,"do":"view"}\r\n')
    expect(await answer(1)).toMatchObject({ ok: true })
    expect(await answer(2)).toMatchObject({ ok: true })
    await over
  })

  test('takes a request that comes in pieces, within characters too', async () => {
    const { input, over, answer } = start(await clientOf(new MemoryReplica()))
    const bytes = Buffer.from(`${JSON.stringify({ id: 'ü😀', do: 'view' })}\n`)
    for (const byte of bytes) input.write(Buffer.from([byte]))
    expect(await answer('ü😀')).toMatchObject({ ok: true })
    input.end()
    await over
  })

  test('reads no further while its answers are not read', async () => {
    const input = new PassThrough()
    const output = new PassThrough({ highWaterMark: 1_024 })
    const over = runJsonTerminal({ client: await clientOf(new MemoryReplica()), input, output })
    let written = 0
    const request = `${JSON.stringify({ id: 'x'.repeat(1_000), do: 'view' })}\n`
    while (input.write(request) && written < 10_000) {
      written += 1
      await new Promise((turn) => setImmediate(turn))
    }
    expect(written).toBeLessThan(limits.callsInFlight)
    output.resume()
    input.end()
    await over
  })

  test('logs out when its reader goes away, although its input stays open', async () => {
    const replica = new MemoryReplica()
    const output = new PassThrough()
    const over = runJsonTerminal({ client: await signedUp(replica, 'ann'), input: new PassThrough(), output })
    output.destroy(new Error('EPIPE'))
    await over
    expect(replica.connections.size).toBe(0)
  })

  test('ends quietly when its reader goes away', async () => {
    const input = new PassThrough()
    const output = new PassThrough()
    const over = runJsonTerminal({ client: await clientOf(new MemoryReplica()), input, output })
    output.destroy(new Error('EPIPE'))
    input.write('{"id":1,"do":"view"}\n')
    input.end()
    await over
  })
})
