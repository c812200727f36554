import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { allFive, bodiesOf, headersOf, mailNamed, send, run, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('five servers, one person at each', () => {
  const names = ['ada', 'ben', 'cleo', 'dan', 'eva']
  let group: ReplicaGroup
  let people: readonly MailProcess[]

  const person = (index: number): MailProcess => people[index]!

  beforeAll(async () => {
    group = await cluster.group()
    people = await Promise.all(names.map((name, index) => group.person(name, index + 1)))
    await group.settled()
  })

  test('every server sees all five', async () => {
    const views = await Promise.all(people.map((client) => client.ask('view')))
    expect(views.map(({ servers }) => servers)).toEqual(names.map(() => allFive))
    await Promise.all(
      allFive.map((server) =>
        group
          .replica(server)
          .process.until(
            () => group.replica(server).views.find(({ servers }) => servers.join() === allFive.join()) ?? null,
            10_000,
            'a view line of all five',
          ),
      ),
    )
  })

  test('a mail to all arrives at each server, is pushed, and is read with its content', async () => {
    const subject = 'Watch rota, week 40'
    const body = 'Ada has the first watch.\nBen the second.\n\nÞað er kalt úti ☃'
    const mail = await send(person(0), names.slice(1), subject, body)
    for (const client of people.slice(1)) {
      const pushed = await client.event('mail', (event) => event['mail'] === mail)
      expect(pushed).toMatchObject({ from: 'ada', to: names.slice(1), subject, read: false })
      expect(await client.ask('read', { mail })).toMatchObject({ mail, from: 'ada', to: names.slice(1), subject, body })
    }
    expect(await subjectsOf(person(0), 'sent')).toEqual([subject])
    expect(await subjectsOf(person(0), 'inbox')).toEqual([])
  })

  test('a mail read at one server is read at the others', async () => {
    const mail = await send(person(1), 'cleo', 'Read me')
    await person(2).event('mail', (event) => event['mail'] === mail)
    await person(2).ask('read', { mail })
    await group.settled()
    await person(2).ask('connect', { server: 5 })
    const header = (await headersOf(person(2), 'inbox')).find((one) => one.mail === mail)
    expect(header).toMatchObject({ subject: 'Read me', read: true })
    await person(2).ask('connect', { server: 3 })
  })

  test('a deleted mail is gone for who deleted it, at every server, and stays for the others', async () => {
    const mail = await send(person(3), ['ada', 'ben'], 'Delete me')
    await person(0).event('mail', (event) => event['mail'] === mail)
    await person(0).ask('delete', { mail })
    await group.settled()
    expect(await subjectsOf(person(0), 'inbox')).not.toContain('Delete me')
    await expect(person(0).ask('read', { mail })).rejects.toMatchObject({ code: 'NO_SUCH_MAIL' })
    expect(await subjectsOf(person(1), 'inbox')).toContain('Delete me')
    expect(await subjectsOf(person(3), 'sent')).toContain('Delete me')
    await person(0).ask('connect', { server: 4 })
    expect(await subjectsOf(person(0), 'inbox')).not.toContain('Delete me')
    await person(0).ask('connect', { server: 1 })
  })

  test('a list comes in pages, newest first, each mail once', async () => {
    const subjects = Array.from({ length: 25 }, (_, index) => `page ${String(index).padStart(2, '0')}`)
    for (const subject of subjects) await send(person(4), 'eva', subject)
    const first = await person(4).ask('list', { folder: 'inbox', limit: 10 })
    const second = await person(4).ask('list', { folder: 'inbox', limit: 10, before: first.next })
    const shown = [...first.headers, ...second.headers].map(({ subject }) => subject)
    expect(shown).toEqual(subjects.toReversed().slice(0, 20))
    expect(first.total).toBeGreaterThanOrEqual(25)
  })

  test('an answer never sorts before what it answers', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const asked = await send(person(0), 'eva', `question ${round}`)
      await person(4).event('mail', (event) => event['mail'] === asked)
      const answered = await send(person(4), ['ada', 'eva'], `answer ${round}`)
      await person(0).event('mail', (event) => event['mail'] === answered)
    }
    const exchange = (await subjectsOf(person(4), 'inbox')).filter((subject) => /^(question|answer) /.test(subject))
    const expected = [5, 4, 3, 2, 1].flatMap((round) => [`answer ${round}`, `question ${round}`])
    expect(exchange).toEqual(expected)
  })

  test('safety grows to all five, and does not claim more than is known in a partition', async () => {
    const mail = await send(person(0), 'ben', 'How safe?')
    await group.settled()
    await expect
      .poll(async () => (await person(0).ask('safety', { mail })).servers, { timeout: 10_000 })
      .toEqual(allFive)
    await group.partition([1], [2, 3, 4, 5])
    const alone = await send(person(0), 'ben', 'Only here')
    expect((await person(0).ask('safety', { mail: alone })).servers).toEqual([1])
    expect((await person(0).ask('safety', { mail })).servers).toEqual(allFive)
    await group.heal()
    await group.settled()
    await expect
      .poll(async () => (await person(0).ask('safety', { mail: alone })).servers, { timeout: 10_000 })
      .toEqual(allFive)
  })

  test('a sixth machine is told that all seats are taken, with the exit code of a seat that is taken', async () => {
    const { invite } = await group.operator(1).ask('invite')
    const data = path.join(await cluster.directory(), 'sixth')
    const { code, stderr } = await run('replica/main.ts', ['--data', data, '--no-mdns', '--join', invite])
    expect(code).toBe(4)
    expect(stderr).toContain('NO_SEAT_FREE')
  })

  test('people are found by pattern, and online where they are logged in', async () => {
    await expect
      .poll(async () => (await person(4).ask('accounts', { like: '*' })).accounts, { timeout: 10_000 })
      .toEqual(names.map((name) => ({ name, online: true })))
    expect((await person(0).ask('accounts', { like: '?e*' })).accounts).toEqual([{ name: 'ben', online: true }])
    expect((await person(0).ask('accounts', { like: 'LE' })).accounts).toEqual([{ name: 'cleo', online: true }])
    await person(3).ask('logOut')
    await expect
      .poll(async () => (await person(0).ask('accounts', { like: 'dan' })).accounts, { timeout: 10_000 })
      .toEqual([{ name: 'dan', online: false }])
    await person(3).ask('logIn', { name: 'dan', password: 'password of dan' })
  })

  test('all five are killed, only the fifth comes back: every mail is still there', async () => {
    await send(person(0), 'eva', 'Before the end')
    await group.settled()
    const before = await bodiesOf(person(4))
    await group.settled()
    await group.kill(...allFive)
    await group.restart(5)
    expect((await person(4).ask('view')).servers).toEqual([5])
    expect(await bodiesOf(person(4))).toEqual(before)
    expect(before.get('Before the end')).toBe('body of Before the end')
    await send(person(4), 'ada', 'Still here')
    await group.restart(1, 2, 3, 4)
    await group.sees(allFive, allFive)
    await group.settled()
    const mail = await mailNamed(person(0), 'inbox', 'Still here')
    expect(await person(0).ask('read', { mail })).toMatchObject({ from: 'eva', body: 'body of Still here' })
  })

  test('a crashed server catches up with what was done meanwhile', async () => {
    const toDelete = await send(person(0), 'ben', 'To be deleted')
    const toRead = await send(person(0), 'ben', 'To be read')
    await group.settled()
    await group.kill(4)
    await group.sees([1, 2, 3, 5], [1, 2, 3, 5])
    await send(person(0), 'dan', 'While you were away')
    await person(1).ask('delete', { mail: toDelete })
    await person(1).ask('read', { mail: toRead })
    await group.restart(4)
    await group.settled()
    expect((await bodiesOf(person(3))).get('While you were away')).toBe('body of While you were away')
    await person(1).ask('connect', { server: 4 })
    expect(await subjectsOf(person(1), 'inbox')).not.toContain('To be deleted')
    expect((await headersOf(person(1), 'inbox')).find(({ mail }) => mail === toRead)?.read).toBe(true)
    await person(1).ask('connect', { server: 2 })
  })

  test('a deleted account is gone everywhere; what it sent still arrives', async () => {
    const client = await group.person('fritz', 2)
    await group.partition([1], [2, 3, 4, 5])
    await send(client, 'ada', 'Farewell')
    await client.ask('deleteAccount')
    await group.heal()
    await group.settled()
    expect((await bodiesOf(person(0))).get('Farewell')).toBe('body of Farewell')
    await expect(send(person(0), 'fritz', 'Hello?')).rejects.toMatchObject({ code: 'NO_SUCH_ACCOUNT' })
    await expect(client.ask('logIn', { name: 'fritz', password: 'password of fritz' })).rejects.toMatchObject({
      code: 'NO_SUCH_ACCOUNT',
    })
    await expect(client.ask('list', { folder: 'inbox', limit: 1 })).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
    expect((await person(0).ask('accounts', { like: 'fritz' })).accounts).toEqual([])
  })

  test('a wrong password, a taken name and an unknown account are refused', async () => {
    const client = group.client(3)
    const logIn = (name: string, password: string) => client.ask('logIn', { name, password })
    await expect(logIn('ada', 'guess')).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    await expect(logIn('nobody', 'guess')).rejects.toMatchObject({ code: 'NO_SUCH_ACCOUNT' })
    await expect(client.ask('signUp', { name: 'ada', password: 'mine' })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await expect(client.ask('signUp', { name: ' ', password: 'mine' })).rejects.toMatchObject({ code: 'BAD_NAME' })
    await expect(client.ask('logOut')).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
    await expect(send(person(0), ['ben', 'nobody', 'noone'], 'x')).rejects.toThrow(/nobody.*noone/)
    const inbox = await subjectsOf(person(0), 'inbox')
    await logIn('ada', 'password of ada')
    expect(await subjectsOf(client, 'inbox')).toEqual(inbox)
    // An account is used in one place at a time: the later log-in has it.
    await person(0).event('takenOver', () => true)
    await expect(subjectsOf(person(0), 'inbox')).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
  })

  test('SIGTERM flushes and exits with 0, and a start after it has everything', async () => {
    const before = await group.settled()
    const exits = await Promise.all(allFive.map((server) => group.replica(server).stop()))
    expect(exits.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    await group.restart(...allFive)
    const after = await group.settled()
    expect(after[0]).toMatchObject({ digest: before[0]?.digest, vector: before[0]?.vector, mails: before[0]?.mails })
  })
})
