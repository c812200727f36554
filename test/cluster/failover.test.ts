import { rm } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { headersOf, mailNamed, numbered, send, subjectsOf, useCluster } from '../support/cluster.ts'
import { openRawApi, signUpRaw } from '../support/raw-client.ts'

const cluster = useCluster()
const inFlight = 600
/** A timeline shows so many at once. */
const postsInFlight = 200
/** Three seconds are promised; a busy machine gets some more. */
const movedWithinMs = 6_000

/** Sends `inFlight` mails at once; `cut` happens when some of them have been answered. */
const sendThrough = async (client: MailProcess, label: string, cut: () => Promise<void> | void) => {
  const answered: string[] = []
  const sends = numbered(label, inFlight).map(async (subject) => {
    const mail = await send(client, 'eva', subject)
    answered.push(mail)
    return mail
  })
  await sends[Math.floor(inFlight / 4)]
  const early = answered.length
  await cut()
  return { sends, early }
}

type Folder = 'inbox' | 'sent'

const labelled = async (client: MailProcess, folder: Folder, label: string): Promise<readonly string[]> =>
  (await subjectsOf(client, folder)).filter((subject) => subject.startsWith(`${label} `)).sort()

const eachOnce = async (client: MailProcess, folder: Folder, label: string): Promise<void> => {
  expect(await labelled(client, folder, label)).toEqual([...numbered(label, inFlight)].sort())
}

/** Each of `expected`, and others of that label, but none twice. */
const noneTwice = async (client: MailProcess, folder: Folder, label: string, expected: readonly string[]) => {
  const subjects = await labelled(client, folder, label)
  expect(subjects).toEqual([...new Set(subjects)])
  expect(subjects).toEqual(expect.arrayContaining([...expected]))
}

const moved = (client: MailProcess, from: number): Promise<unknown> =>
  client.event('connected', (event) => event['server'] !== from, movedWithinMs)

/** The client is at this server now. */
const isAt = (client: MailProcess, server: number): Promise<unknown> =>
  client.process.until(
    () => ((client.events('connected').at(-1)?.['server'] ?? server) === server ? true : null),
    30_000,
    'back',
  )

describe('a client whose server goes away', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let eva: MailProcess

  beforeAll(async () => {
    group = await cluster.group([1, 2, 3])
    ada = await group.person('ada', 1)
    eva = await group.person('eva', 3)
    await group.settled()
  })

  test('goes on at another one: all that it was sending is there once, also when the first one is back', async () => {
    const { sends, early } = await sendThrough(ada, 'killed', () => group.kill(1))
    await moved(ada, 1)
    const mails = await Promise.all(sends)
    expect(early).toBeLessThan(inFlight)
    const elsewhere = numbered('killed', inFlight).filter((_, index) => !mails[index]?.startsWith('1.'))
    expect(elsewhere).not.toEqual([])
    await group.settled([2, 3])
    // What the first one answered and had not passed on when it died is on its disk, and comes back with it.
    await noneTwice(ada, 'sent', 'killed', elsewhere)
    await noneTwice(eva, 'inbox', 'killed', elsewhere)
    await group.restart(1)
    await ada.event('connected', (event) => event['server'] === 1)
    await group.settled()
    await eachOnce(ada, 'sent', 'killed')
    await eachOnce(eva, 'inbox', 'killed')
    // By whatever name it was answered, each can be read.
    for (const mail of mails.slice(0, 60)) expect((await ada.ask('read', { mail })).subject).toContain('killed ')
  })

  test('that hangs is left within seconds, and what it still carries out counts once', async () => {
    const before = ada.events('connected').length
    const { sends } = await sendThrough(ada, 'frozen', () => group.replica(1).process.signal('SIGSTOP'))
    await ada.process.until(
      () => (ada.events('connected').length > before ? true : null),
      movedWithinMs,
      'the client has moved',
    )
    expect(ada.events('disconnected').length).toBeGreaterThan(0)
    await Promise.all(sends)
    group.replica(1).process.signal('SIGCONT')
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    await eachOnce(ada, 'sent', 'frozen')
    await eachOnce(eva, 'inbox', 'frozen')
  })

  test('posts, keeps drafts, follows and marks once, whichever server carried it out', async () => {
    await isAt(ada, 1)
    const mail = await send(eva, 'ada', 'to be starred')
    await ada.event('mail', (event) => event['mail'] === mail)
    const before = ada.events('connected').length
    const texts = numbered('posted', postsInFlight)
    const posts = texts.map(async (text) => (await ada.ask('post', { text })).post)
    const drafts = numbered('draft', 20).map((subject) => ada.ask('saveDraft', { to: [], subject, body: '' }))
    const others = [ada.ask('follow', { name: 'eva' }), ada.ask('mark', { mails: [mail], mark: 'star' })]
    await posts[10]
    group.replica(1).process.signal('SIGSTOP')
    await ada.process.until(() => (ada.events('connected').length > before ? true : null), movedWithinMs, 'moved')
    const answered = await Promise.all(posts)
    await Promise.all([...drafts, ...others])
    group.replica(1).process.signal('SIGCONT')
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    await isAt(ada, 1)
    const postsOf = async (client: MailProcess): Promise<readonly string[]> =>
      (await client.ask('posts', { name: 'ada', limit: 200 })).posts.map(({ text }) => text)
    expect(await postsOf(eva)).toEqual(texts.toReversed())
    expect(await postsOf(ada)).toEqual(texts.toReversed())
    expect((await ada.ask('drafts')).drafts.map(({ subject }) => subject).sort()).toEqual(
      [...numbered('draft', 20)].sort(),
    )
    expect(await ada.ask('counts')).toMatchObject({ starred: 1, drafts: 20 })
    expect(await eva.ask('profile', { name: 'ada' })).toMatchObject({ following: ['eva'], posts: postsInFlight })
    // By whatever name it was answered, each can be taken back.
    for (const post of answered) await ada.ask('deletePost', { post })
    await group.settled()
    expect(await postsOf(eva)).toEqual([])
  })

  test('is told what became of its last wish, also when that was to delete the account', async () => {
    const [one, two] = await Promise.all([1, 2].map((server) => openRawApi(group.dataOf(server))))
    if (one === undefined || two === undefined) throw new Error('two connections')
    const [leaving, staying] = [
      await signUpRaw(one.api, one.groupId, 'leaving'),
      await signUpRaw(one.api, one.groupId, 'staying'),
    ]
    await leaving.logIn(one.api)
    const wish = await leaving.accountDeletion()
    const accepted = await one.api.submit(wish)
    await group.settled()
    // As a client does that lost its connection before the answer came: its account cannot log in any more.
    expect(await two.api.submit(wish)).toEqual(accepted)
    await expect(two.api.submit(await staying.accountDeletion())).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
    await Promise.all([one.end(), two.end()])
  })

  test('keeps its session, and hears of new mail where it is now', async () => {
    await isAt(ada, 1)
    const back = ada.events('connected').length
    await group.kill(1)
    await ada.process.until(() => (ada.events('connected').length > back ? true : null), movedWithinMs, 'moved')
    const mail = await send(eva, 'ada', 'where are you?')
    await ada.event('mail', (event) => event['mail'] === mail)
    const at = Number(ada.events('connected').at(-1)?.['server'])
    await expect
      .poll(async () => (await eva.ask('accounts', { like: 'ada', servers: true })).accounts, { timeout: 15_000 })
      .toEqual([{ name: 'ada', online: true, servers: [at] }])
    await group.restart(1)
    await group.settled()
  })

  test('says within seconds that a server cannot be reached, and stays where it is', async () => {
    await group.kill(2)
    await expect(eva.ask('connect', { server: 2 })).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await send(eva, 'ada', 'still here')
    await group.restart(2)
    await group.settled()
  })
})

describe('a group that loses machines', () => {
  test('with four of five servers gone a client of one of them works on', async () => {
    const group = await cluster.group()
    const ada = await group.person('ada', 1)
    const eva = await group.person('eva', 5)
    await send(ada, 'eva', 'before')
    await group.settled()
    await group.kill(1, 2, 3, 4)
    await ada.event('connected', (event) => event['server'] === 5)
    await send(ada, 'eva', 'after')
    await eva.event('mail', (event) => event['subject'] === 'after')
    expect(await subjectsOf(eva, 'inbox')).toEqual(['after', 'before'])
    expect(await subjectsOf(ada, 'sent')).toEqual(['after', 'before'])
  })

  test('with two disks gone, a mail that was on three of five is still there', async () => {
    const group = await cluster.group()
    const ada = await group.person('ada', 1)
    const eva = await group.person('eva', 5)
    await group.settled()
    await group.partition([1, 2, 3], [4, 5])
    const mail = await send(ada, 'eva', 'on three of five', 'keep me')
    await group.settled([1, 2, 3])
    await expect.poll(async () => (await ada.ask('safety', { mail })).servers, { timeout: 30_000 }).toEqual([1, 2, 3])
    await group.kill(1, 2)
    await Promise.all([1, 2].map((server) => rm(group.dataOf(server), { recursive: true, force: true })))
    await group.heal([3, 4, 5])
    await group.sees([3, 4, 5], [3, 4, 5])
    await group.settled([3, 4, 5])
    const arrived = await mailNamed(eva, 'inbox', 'on three of five')
    expect((await eva.ask('read', { mail: arrived })).body).toBe('keep me')
    expect((await headersOf(eva, 'inbox')).length).toBe(1)
  })
})
