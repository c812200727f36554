import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { Json } from '../../build/cluster/json-process.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { anyNumber, anyObject, anyText, run, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const updateIdPattern = /^[1-5]\.[a-z2-7]{8}:[1-9][0-9]*$/

/** The answer without its id, whose presence is checked by its having come. */
const answer = async (client: MailProcess, request: Json): Promise<Json> => {
  const { id: _id, ...rest } = await client.exchange(request)
  return rest
}

const failed = (code: string) => ({ ok: false, code, message: textLike(/\w+.*[.:?)]$/s) })

describe('the scripted interface, verb by verb', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let ben: MailProcess

  beforeAll(async () => {
    group = await cluster.group([1, 2])
    ada = group.client(1)
    ben = group.client(2)
  })

  test('signUp logs in; logIn, logOut', async () => {
    expect(await answer(ada, { do: 'signUp', name: 'ada', password: 'secret' })).toEqual({ ok: true })
    expect(await answer(ada, { do: 'list', folder: 'inbox', limit: 10 })).toEqual({ ok: true, headers: [], total: 0 })
    expect(await answer(ada, { do: 'logOut' })).toEqual({ ok: true })
    expect(await answer(ada, { do: 'list', folder: 'inbox', limit: 10 })).toEqual(failed('NOT_LOGGED_IN'))
    expect(await answer(ada, { do: 'logIn', name: 'ada', password: 'wrong' })).toEqual(failed('WRONG_PASSWORD'))
    expect(await answer(ada, { do: 'logIn', name: 'ada', password: 'secret' })).toEqual({ ok: true })
    expect(await answer(ben, { do: 'signUp', name: 'ben', password: 'secret' })).toEqual({ ok: true })
    await group.settled()
  })

  test('send, list, read, safety, delete, and the pushed mail', async () => {
    const before = Date.now()
    const sent = await answer(ada, { do: 'send', to: ['ben', 'ada'], subject: 'Tea', body: 'At four?' })
    expect(sent).toEqual({ ok: true, mail: textLike(updateIdPattern) })
    const { mail } = sent
    const pushed = await ben.event('mail', (event) => event['mail'] === mail)
    const sentAt = Number(pushed['sentAt'])
    expect(sentAt).toBeGreaterThanOrEqual(before - 1_000)
    expect(sentAt).toBeLessThanOrEqual(Date.now() + 1_000)
    const header = { mail, from: 'ada', to: ['ben', 'ada'], subject: 'Tea', sentAt, read: false }
    expect(pushed).toEqual({ event: 'mail', ...header })
    expect(await answer(ben, { do: 'list', folder: 'inbox', limit: 10 })).toEqual({
      ok: true,
      headers: [header],
      total: 1,
    })
    const { read: _read, ...whole } = { ...header, body: 'At four?' }
    expect(await answer(ben, { do: 'read', mail })).toEqual({ ok: true, ...whole })
    expect(await answer(ben, { do: 'list', folder: 'inbox', limit: 10 })).toMatchObject({ headers: [{ read: true }] })
    expect(await answer(ada, { do: 'list', folder: 'sent', limit: 10 })).toMatchObject({
      headers: [{ mail }],
      total: 1,
    })
    await group.settled()
    await expect
      .poll(() => answer(ada, { do: 'safety', mail }), { timeout: 10_000 })
      .toEqual({ ok: true, servers: [1, 2] })
    expect(await answer(ben, { do: 'delete', mail })).toEqual({ ok: true })
    expect(await answer(ben, { do: 'read', mail })).toEqual(failed('NO_SUCH_MAIL'))
    expect(await answer(ben, { do: 'safety', mail })).toEqual(failed('NO_SUCH_MAIL'))
    expect(await answer(ada, { do: 'read', mail })).toMatchObject({ ok: true, body: 'At four?' })
  })

  test('a page tells where the next begins, the last one does not', async () => {
    for (const subject of ['one', 'two', 'three']) await ada.ask('send', { to: ['ben'], subject, body: '' })
    const first = await ada.ask('list', { folder: 'sent', limit: 2 })
    expect(first.headers.map(({ subject }) => subject)).toEqual(['three', 'two'])
    expect(first.next).toEqual(anyText)
    const second = await answer(ada, { do: 'list', folder: 'sent', limit: 2, before: first.next })
    expect(second).toMatchObject({ headers: [{ subject: 'one' }, { subject: 'Tea' }], total: 4 })
    expect(Object.keys(second)).not.toContain('next')
  })

  test('view, status, accounts need no log-in', async () => {
    const operator = group.client(1)
    const view = await answer(operator, { do: 'view' })
    expect(view).toEqual({ ok: true, number: anyNumber, servers: [1, 2] })
    const status = await answer(operator, { do: 'status' })
    expect(status).toMatchObject({
      ok: true,
      serverId: 1,
      origin: textLike(/^1\.[a-z2-7]{8}$/),
      view: { number: view['number'], servers: [1, 2] },
      accounts: 2,
      mails: 4,
      digest: anyText,
    })
    for (const field of ['vector', 'matrix', 'stable']) expect(status[field]).toEqual(anyObject)
    expect(await answer(operator, { do: 'accounts', like: 'a*' })).toEqual({
      ok: true,
      accounts: [{ name: 'ada', online: true }],
    })
    expect(await answer(operator, { do: 'invite' })).toEqual({
      ok: true,
      invite: textLike(/^quintet:\/\/join\/[\w-]+$/),
    })
    expect(await operator.close()).toBe(0)
  })

  test('pause, resume and connect', async () => {
    expect(await answer(group.operator(1), { do: 'pause', servers: [2] })).toEqual({ ok: true })
    await group.sees([1], [1])
    await group.sees([2], [2])
    expect(await answer(group.operator(1), { do: 'resume', servers: [2] })).toEqual({ ok: true })
    await group.sees([1, 2], [1, 2])
    expect(await answer(group.operator(1), { do: 'pause', servers: [1] })).toEqual(failed('BAD_REQUEST'))
    expect(await answer(ada, { do: 'connect', server: 2 })).toEqual({ ok: true })
    expect(await answer(ada, { do: 'status' })).toMatchObject({ serverId: 2 })
    expect(await answer(ada, { do: 'list', folder: 'sent', limit: 1 })).toMatchObject({ ok: true, total: 4 })
    // The right to one data directory is not one to another.
    expect(await answer(ada, { do: 'invite' })).toEqual(failed('NOT_ALLOWED'))
    for (const server of [4, 6]) {
      expect(await answer(ada, { do: 'connect', server })).toEqual(failed('NO_SUCH_SERVER'))
    }
    expect(await answer(ada, { do: 'status' })).toMatchObject({ serverId: 2 })
    expect(await answer(ada, { do: 'connect', server: 1 })).toEqual({ ok: true })
  })

  test('a machine that is not gone is not retired, and nobody retires without the right to it', async () => {
    expect(await answer(group.operator(1), { do: 'retire', server: 2 })).toEqual(failed('BAD_REQUEST'))
    expect(await answer(group.operator(1), { do: 'retire', server: 1 })).toEqual(failed('BAD_REQUEST'))
    expect(await answer(ada, { do: 'retire', server: 9 })).toEqual(failed('NO_SUCH_SERVER'))
  })

  test('wrong requests are told what is wrong', async () => {
    const wrong: readonly (readonly [Json, string])[] = [
      [{ do: 'sendd' }, 'sendd'],
      [{ do: 'send', to: 'ben', subject: 'x', body: 'y' }, 'to'],
      [{ do: 'send', to: ['ben'], subject: 1, body: 'y' }, 'subject'],
      [{ do: 'send', to: ['ben'], subject: 'x' }, 'body'],
      [{ do: 'list', folder: 'inbox', limit: 'ten' }, 'limit'],
      [{ do: 'pause', servers: 'all' }, 'servers'],
      [{}, 'do'],
    ]
    for (const [request, named] of wrong) {
      const given = await answer(ada, request)
      expect(given).toEqual(failed('BAD_REQUEST'))
      expect(given['message']).toContain(named)
    }
    expect(await answer(ada, { do: 'send', to: [], subject: 'x', body: 'y' })).toEqual(failed('BAD_REQUEST'))
    expect(await answer(ada, { do: 'read', mail: 'nonsense' })).toEqual(expect.objectContaining({ ok: false }))
    expect(await answer(ada, { do: 'list', folder: 'attic', limit: 1 })).toEqual(
      expect.objectContaining({ ok: false, code: textLike(/^(NO_SUCH_FOLDER|BAD_REQUEST)$/) }),
    )
    expect(await answer(ada, { do: 'send', to: ['nobody'], subject: 'x', body: 'y' })).toEqual(
      failed('NO_SUCH_ACCOUNT'),
    )
    expect(await answer(ada, { do: 'send', to: ['ben'], subject: 'x'.repeat(1_001), body: '' })).toEqual(
      failed('TOO_LARGE'),
    )
    expect(await answer(ada, { do: 'send', to: ['ben'], subject: '', body: 'x'.repeat(1_048_577) })).toEqual(
      failed('TOO_LARGE'),
    )
    const many = Array.from({ length: 101 }, (_, index) => `person ${index}`)
    expect(await answer(ada, { do: 'send', to: many, subject: '', body: '' })).toEqual(failed('TOO_MANY'))
  })

  test('the largest mail there is goes through whole', async () => {
    const subject = '🜨'.repeat(1_000)
    // Each of these signs takes six bytes of a line.
    const body = `é\n${'\u0000'.repeat(1_048_573)}`
    const { mail } = await ada.ask('send', { to: ['ben'], subject, body })
    await ben.event('mail', (event) => event['mail'] === mail)
    const read = await ben.ask('read', { mail })
    expect(read.subject === subject && read.body === body).toBe(true)
  })

  test('a line that is no JSON is answered without an id, and nothing else is disturbed', async () => {
    for (const line of ['{"id":1,"do":', 'hello', '[]', '"text"', '\u0000']) {
      const before = ben.process.lines.length
      ben.process.write(line)
      const given = await ben.process.until(
        () => ben.process.lines.slice(before).find((one) => one['ok'] === false) ?? null,
        5_000,
        `an answer to ${line}`,
      )
      expect(given).toEqual({ id: null, ...failed('BAD_REQUEST') })
    }
    expect(await answer(ben, { do: 'view' })).toMatchObject({ ok: true })
  })

  test('requests may be pipelined, ids are echoed, sends keep their order, and the end of input waits for answers', async () => {
    const client = group.client(1)
    const write = (request: Json): void => {
      client.process.write(JSON.stringify(request))
    }
    write({ id: 'in', do: 'logIn', name: 'ada', password: 'secret' })
    await client.process.until(() => client.process.lines.find(({ id }) => id === 'in') ?? null, 20_000, 'logIn')
    for (let index = 0; index < 50; index += 1)
      write({ id: `send-${index}`, do: 'send', to: ['ben'], subject: `p${index}`, body: '' })
    expect(await client.close()).toBe(0)
    // That log-in took the other client's session over.
    await ada.ask('logIn', { name: 'ada', password: 'secret' })
    const answers = client.process.lines.filter(({ id }) => String(id).startsWith('send-'))
    expect(answers.map(({ ok }) => ok)).toEqual(Array.from({ length: 50 }, () => true))
    const sequences = Array.from({ length: 50 }, (_, index) => {
      const found = answers.find(({ id }) => id === `send-${index}`)
      return Number(String(found?.['mail']).split(':')[1])
    })
    expect(sequences).toEqual(sequences.toSorted((left, right) => left - right))
    const { headers } = await ada.ask('list', { folder: 'sent', limit: 50 })
    expect(headers.map(({ subject }) => subject)).toEqual(Array.from({ length: 50 }, (_, index) => `p${49 - index}`))
  })

  test('deleteAccount ends the session and the account', async () => {
    const client = group.client(1)
    await client.ask('signUp', { name: 'zoe', password: 'x' })
    expect(await answer(client, { do: 'deleteAccount' })).toEqual({ ok: true })
    expect(await answer(client, { do: 'list', folder: 'inbox', limit: 1 })).toEqual(failed('NOT_LOGGED_IN'))
    expect(await answer(client, { do: 'logIn', name: 'zoe', password: 'x' })).toEqual(failed('NO_SUCH_ACCOUNT'))
  })

  test('another server can be asked from the start, with --server', async () => {
    const { code } = await run('replica/mail.ts', ['--data', group.dataOf(1), '--json', '--server', '2'])
    expect(code).toBe(0)
    const client = new MailProcess({ data: group.dataOf(1), server: 2 })
    expect(await answer(client, { do: 'status' })).toMatchObject({ serverId: 2 })
    await client.close()
  })

  test('--server fails where that server is not there, instead of asking another one', async () => {
    const begin = (server: number) =>
      run('replica/mail.ts', ['--data', group.dataOf(1), '--json', '--server', String(server)])
    expect(await begin(4)).toMatchObject({ code: 1, stderr: textLike(/server 4.*\(NO_SUCH_SERVER\)/) })
    await group.kill(2)
    expect(await begin(2)).toMatchObject({ code: 1, stderr: textLike(/\((UNREACHABLE|TIMEOUT)\)/) })
  })
})
