import { beforeAll, describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { allFive, anyNumber, sendMany, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const post = async (client: MailProcess, text: string): Promise<string> => (await client.ask('post', { text })).post

/** What a person sees, newest first. */
const timelineOf = async (client: MailProcess): Promise<readonly string[]> =>
  (await client.ask('timeline', { limit: 100 })).posts.map(({ text }) => text)

describe('posts and follows', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let ben: MailProcess
  let dan: MailProcess
  let eva: MailProcess

  beforeAll(async () => {
    group = await cluster.group()
    ;[ada, ben, dan, eva] = await Promise.all([
      group.person('ada', 1),
      group.person('ben', 2),
      group.person('dan', 4),
      group.person('eva', 5),
    ])
    await group.settled()
  })

  const merge = async (): Promise<void> => {
    await group.heal()
    await group.sees(allFive, allFive)
    await group.settled()
  }

  const loggedIn = async (name: string, server: number): Promise<MailProcess> => {
    const client = group.client(server)
    await client.ask('logIn', { name, password: passwordOf(name) })
    return client
  }

  test('who follows sees what is posted at another server, and is told; nobody else is', async () => {
    await dan.ask('follow', { name: 'Ada' })
    await group.settled()
    await post(ada, 'Good morning from the bridge.')
    expect(await dan.event('post', ({ text }) => text === 'Good morning from the bridge.')).toMatchObject({
      author: 'ada',
    })
    expect((await dan.ask('timeline', { limit: 10 })).posts).toEqual([
      { author: 'ada', text: 'Good morning from the bridge.', postedAt: anyNumber },
    ])
    expect(await timelineOf(eva)).toEqual([])
    await group.settled()
    expect(ben.events('post')).toEqual([])
    expect(await ben.ask('profile', { name: 'dan' })).toMatchObject({ following: ['ada'], followers: [], posts: 0 })
    // Who is online is told with the heartbeat.
    const adas = await eva.until(
      () => eva.ask('profile', { name: 'ada' }),
      ({ online }) => online,
    )
    expect(adas).toMatchObject({ followers: ['dan'], posts: 1, followed: false })
  })

  test('what was posted on both sides of a split comes together in causal order, the same everywhere', async () => {
    for (const name of ['ada', 'eva']) await ben.ask('follow', { name })
    await dan.ask('follow', { name: 'eva' })
    await eva.ask('follow', { name: 'ada' })
    await group.settled()
    await group.partition([1, 2], [3, 4, 5])
    for (const text of ['west 1', 'west 2', 'west 3']) await post(ada, text)
    for (const text of ['east 1', 'east 2', 'east 3']) await post(eva, text)
    await group.settled([1, 2])
    await group.settled([3, 4, 5])
    expect((await timelineOf(ben)).slice(0, 3)).toEqual(['west 3', 'west 2', 'west 1'])
    expect((await timelineOf(dan)).slice(0, 3)).toEqual(['east 3', 'east 2', 'east 1'])
    await merge()
    expect((await timelineOf(eva))[0]).toBe('west 3')
    await post(eva, 'answer to west 3')
    await group.settled()
    const seen = await timelineOf(ben)
    expect(seen[0]).toBe('answer to west 3')
    expect(seen.filter((text) => text.startsWith('west'))).toEqual(['west 3', 'west 2', 'west 1'])
    expect(seen.filter((text) => text.startsWith('east'))).toEqual(['east 3', 'east 2', 'east 1'])
    expect(await timelineOf(dan)).toEqual(seen)
    const elsewhere = await loggedIn('ben', 3)
    expect(await timelineOf(elsewhere)).toEqual(seen)
    await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
  })

  test('of a follow and a later unfollow on two sides the later one counts', async () => {
    await group.partition([1, 2], [3, 4, 5])
    const danInTheWest = await loggedIn('dan', 1)
    await dan.ask('follow', { name: 'ben' })
    await danInTheWest.ask('unfollow', { name: 'ben' })
    await merge()
    expect(await danInTheWest.ask('profile', { name: 'ben' })).toMatchObject({ followed: false })
    // Of the two sessions the later one stands.
    await dan.event('takenOver', ({ server }) => server === 1)
    await dan.ask('logIn', { name: 'dan', password: passwordOf('dan') })
    expect(await dan.ask('profile', { name: 'ben' })).toMatchObject({ followed: false })
  })

  test('a post that is taken back, and all posts and follows of a deleted account, go everywhere', async () => {
    const cleo = await group.person('cleo', 3)
    await group.settled()
    await ben.ask('follow', { name: 'cleo' })
    await cleo.ask('follow', { name: 'ben' })
    const regretted = await post(cleo, 'said too much')
    await post(cleo, 'said just enough')
    await group.settled()
    expect((await timelineOf(ben)).slice(0, 2)).toEqual(['said just enough', 'said too much'])
    await expect(ben.ask('deletePost', { post: regretted })).rejects.toMatchObject({ code: 'NOT_ALLOWED' })
    await cleo.ask('deletePost', { post: regretted })
    await group.settled()
    expect((await timelineOf(ben))[0]).toBe('said just enough')
    await expect(cleo.ask('deletePost', { post: regretted })).rejects.toMatchObject({ code: 'NO_SUCH_POST' })
    await cleo.ask('deleteAccount')
    await group.settled()
    expect(await timelineOf(ben)).not.toContain('said just enough')
    expect(await ada.ask('profile', { name: 'ben' })).toMatchObject({ followers: [] })
    await expect(ada.ask('profile', { name: 'cleo' })).rejects.toMatchObject({ code: 'NO_SUCH_ACCOUNT' })
  })

  test('wrong wishes are refused with their reasons', async () => {
    await expect(ada.ask('post', { text: 'x'.repeat(1_001) })).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(ada.ask('post', { text: ' ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(ada.ask('follow', { name: 'nobody' })).rejects.toMatchObject({ code: 'NO_SUCH_ACCOUNT' })
    await expect(ada.ask('follow', { name: 'ada' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(ada.ask('timeline', { limit: 0 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(group.client(1).ask('timeline', { limit: 1 })).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
    expect(await post(ada, '🌊'.repeat(1_000))).toMatch(/^1\./)
  })
})

describe('posts of long ago', () => {
  test('survive compaction, a state transfer and a restart', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    const ben = await group.person('ben', 2)
    await group.settled()
    await ben.ask('follow', { name: 'ada' })
    const texts = ['one', 'two', 'three'].map((text) => `old post ${text}`)
    for (const text of texts) await post(ada, text)
    const mails = await sendMany(ada, 'ada', 1_300, 'to go')
    await group.settled()
    const { diskBytes } = await group.status(1)
    await Promise.all(mails.map((mail) => ada.ask('delete', { mail })))
    await group.settled()
    for (const server of [1, 2]) {
      await expect
        .poll(async () => (await group.status(server)).diskBytes, { timeout: 60_000, interval: 200 })
        .toBeLessThan(diskBytes / 2)
    }
    expect(await timelineOf(ben)).toEqual(texts.toReversed())

    await group.join(3, 1)
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    await group.kill(1, 2)
    const atThree = group.client(3)
    await atThree.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    expect(await timelineOf(atThree)).toEqual(texts.toReversed())
    await group.kill(3)
    await group.restart(1, 2, 3)
    await group.settled()
    expect(await timelineOf(atThree)).toEqual(texts.toReversed())
    await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    expect(await timelineOf(ben)).toEqual(texts.toReversed())
    await atThree.event('takenOver', () => true)
    await atThree.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    const page = await atThree.ask('posts', { name: 'ada', limit: 2 })
    expect(page.posts.map(({ text }) => text)).toEqual(['old post three', 'old post two'])
    const rest = await atThree.ask('posts', { name: 'ada', limit: 2, before: page.next ?? '' })
    expect(rest.posts.map(({ text }) => text)).toEqual(['old post one'])
    expect(rest.next).toBeUndefined()
  })
})
