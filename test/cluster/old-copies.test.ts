import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { noise, numbered, sendMany, send, subjectsOf, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

/** Stops the server, keeps a copy of its data directory, and starts it again. Returns how to put the copy in its place. */
const backUp = async (group: ReplicaGroup, server: number): Promise<() => Promise<void>> => {
  const copy = path.join(await cluster.directory(), `backup-${server}`)
  await group.replica(server).stop()
  await cp(group.dataOf(server), copy, { recursive: true })
  await group.restart(server)
  return async () => {
    await group.kill(server)
    await rm(group.dataOf(server), { recursive: true })
    await cp(copy, group.dataOf(server), { recursive: true })
  }
}

/** A client goes on at another server while its own is away: only what it writes at home is of the old copy's log. */
const isHome = (client: MailProcess, server: number): Promise<unknown> =>
  client.process.until(
    () => ((client.events('connected').at(-1)?.['server'] ?? server) === server ? true : null),
    30_000,
    `the client is back at server ${server}`,
  )

const sorted = (subjects: readonly string[]): readonly string[] => [...subjects].sort()

describe('a copy restored from an old backup', () => {
  test('that nobody wrote to takes back what is its own, and goes on as before', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 3)
    const ben = await group.person('ben', 1)
    await group.settled()
    await sendMany(ada, 'ben', 5, 'before')
    await group.settled()
    const restore = await backUp(group, 3)
    await group.sees([1, 2, 3], [1, 2, 3])
    await isHome(ada, 3)
    const { origin } = await group.status(3)
    await sendMany(ada, 'ben', 8, 'after')
    await group.settled()
    await restore()
    await group.restart(3)
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    await send(ada, 'ben', 'on it goes')
    const [first] = await group.settled()
    expect((await group.status(3)).origin).toBe(origin)
    expect(first?.mails).toBe(14)
    const all = [...numbered('before', 5), ...numbered('after', 8), 'on it goes']
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(sorted(all))
    expect(sorted(await subjectsOf(ada, 'sent'))).toEqual(sorted(all))
  })

  test.each([
    { old: 3, home: 1, of: 'of a machine that was invited' },
    { old: 1, home: 3, of: 'of the founder, which no invite tells where the others are' },
  ])(
    'that was written to before it met the others starts over, and nothing is lost or doubled: $of',
    async ({ old, home }) => {
      const group = await cluster.group([1, 2, 3])
      const ada = await group.person('ada', old)
      const ben = await group.person('ben', home)
      await group.settled()
      await sendMany(ada, 'ben', 5, 'before')
      await group.settled()
      // The backup is one of a machine that keeps to itself, so that it is alone when it is started.
      await group.partition([home, 2], [old])
      const restore = await backUp(group, old)
      await group.heal()
      await group.sees([1, 2, 3], [1, 2, 3])
      await isHome(ada, old)
      const { origin } = await group.status(old)
      await sendMany(ada, 'ben', 8, 'of the first life')
      await group.settled()
      await restore()
      await group.restart(old)
      // Ada's client has gone on at another server meanwhile; somebody new writes to the old copy.
      const cleo = await group.person('cleo', old)
      await sendMany(cleo, 'ben', 11, 'of the second life')
      await send(cleo, 'ben', 'from somebody new')
      expect((await group.status(old)).origin).toBe(origin)
      await group.heal()
      await group.sees([1, 2, 3], [1, 2, 3])
      const all = [
        ...numbered('before', 5),
        ...numbered('of the first life', 8),
        ...numbered('of the second life', 11),
        'from somebody new',
      ]
      await group.until([1, 2, 3], 'everything is everywhere', (statuses) =>
        statuses.every(({ mails }) => mails === all.length),
      )
      const [status] = await group.until(
        [old],
        'it has started over',
        ([one]) => one?.serverId === old && one.origin !== origin,
      )
      await group.settled()
      expect(status?.warnings).toEqual([])
      expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(sorted(all))
      const ofCleo = [...numbered('of the second life', 11), 'from somebody new']
      expect(sorted(await subjectsOf(cleo, 'sent'))).toEqual(sorted(ofCleo))
      await send(ada, 'ben', 'and on')
      await group.settled()
      expect(await subjectsOf(ben, 'inbox')).toContain('and on')
    },
  )

  test('is looked at, and what is done to its mails reaches these mails and no others, whatever they are called', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 3)
    await group.person('ben', 1)
    await group.settled()
    await group.partition([1, 2], [3])
    const restore = await backUp(group, 3)
    await group.heal()
    await group.sees([1, 2, 3], [1, 2, 3])
    await isHome(ada, 3)
    const firstLife = await sendMany(ada, 'ben', 12, 'of the first life')
    await group.settled()
    const { origin } = await group.status(3)
    await restore()
    await group.restart(3)
    const cleo = await group.person('cleo', 3)
    const secondLife = await sendMany(cleo, 'ben', 8, 'of the second life')
    const ben = group.client(3)
    await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    expect(await subjectsOf(ben, 'inbox')).toHaveLength(8)
    // Two mails by one name.
    const [mail = '', ...others] = secondLife.filter((name) => firstLife.includes(name))
    const [deleted = '', starred = '', together = ''] = others
    expect(together).not.toBe('')
    await ben.ask('delete', { mail: deleted })
    await ben.ask('mark', { mails: [starred, together], mark: 'star' })
    await ben.ask('deleteMany', { mails: [together] })
    const subjectOf = (names: readonly string[], label: string, name: string): string =>
      `${label} ${names.indexOf(name) + 1}`
    const [gone, gone2, star] = [deleted, together, starred].map((name) =>
      subjectOf(secondLife, 'of the second life', name),
    )

    // At another server the name is that of another mail, which ben has not looked at.
    await ben.ask('connect', { server: 1 })
    await expect(ben.ask('delete', { mail })).rejects.toMatchObject({
      code: 'NO_SUCH_MAIL',
      message: textLike(/looked at/),
    })
    await expect(ben.ask('mark', { mails: [mail], mark: 'trash' })).rejects.toMatchObject({ code: 'NO_SUCH_MAIL' })

    await group.heal()
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.until([3], 'it has started over', ([one]) => one?.serverId === 3 && one.origin !== origin)
    await group.until([1, 2, 3], 'everything is everywhere', (statuses) => statuses.every(({ mails }) => mails === 20))
    await group.settled()
    await expect(ben.ask('delete', { mail })).rejects.toMatchObject({
      code: 'NO_SUCH_MAIL',
      message: textLike(/looked at/),
    })
    const all = [...numbered('of the first life', 12), ...numbered('of the second life', 8)]
    // What was deleted of the fork is given back last.
    await expect
      .poll(async () => sorted(await subjectsOf(ben, 'inbox')), { timeout: 30_000 })
      .toEqual(sorted(all.filter((subject) => subject !== gone && subject !== gone2)))
    const { headers } = await ben.ask('list', { folder: 'starred', limit: 50 })
    expect(headers.map(({ subject }) => subject)).toEqual([star])
    // It has been looked at now.
    await ben.ask('delete', { mail })
    const hit = subjectOf(firstLife, 'of the first life', mail)
    expect(await subjectsOf(ben, 'inbox')).not.toContain(hit)
    await group.settled()
    expect(sorted(await subjectsOf(cleo, 'sent'))).toEqual(sorted(numbered('of the second life', 8)))
    expect(sorted(await subjectsOf(ada, 'sent'))).toEqual(sorted(numbered('of the first life', 12)))
  }, 240_000)

  test('whose history the others have discarded takes their state, and tells people of what is new in it', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 1)
    await (await group.person('ben', 3)).ask('follow', { name: 'ada' })
    const { mail: old } = await ada.ask('send', { to: ['ben'], subject: 'long known', body: '' })
    await ada.ask('post', { text: 'long known' })
    await group.settled()
    await group.partition([1, 2], [3])
    const restore = await backUp(group, 3)
    await group.heal()
    await group.sees([1, 2, 3], [1, 2, 3])
    const mails = await sendMany(ada, 'ada', 1_300, 'to go', noise(300))
    await send(ada, 'ben', 'the only one that stays')
    await ada.ask('post', { text: 'news of the day' })
    const [full] = await group.settled()
    await Promise.all(mails.map((mail) => ada.ask('delete', { mail })))
    await group.until([1, 2], 'history is discarded', (statuses) =>
      statuses.every(({ diskBytes }) => diskBytes < (full?.diskBytes ?? 0) / 2),
    )
    await restore()
    await group.restart(3)
    const ben = group.client(3)
    await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    expect(await subjectsOf(ben, 'inbox')).toEqual(['long known'])
    await group.heal()
    await ben.event('mail', ({ subject }) => subject === 'the only one that stays')
    await ben.event('post', ({ text }) => text === 'news of the day')
    expect(ben.events('mail').filter(({ mail }) => mail === old)).toEqual([])
    expect(ben.events('post').filter(({ text }) => text === 'long known')).toEqual([])
    await group.settled()
    expect(await group.replica(3).logTail(10_000)).toMatch(/"phase":"done"/)
    expect(await subjectsOf(ben, 'inbox')).toEqual(['the only one that stays', 'long known'])
  })

  test('is begun from again where everybody has set theirs aside, though its log is compacted', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    const ben = await group.person('ben', 2)
    await sendMany(ada, 'ben', 5, 'kept')
    const mails = await sendMany(ada, 'ada', 1_300, 'to go', noise(300))
    const [full] = await group.settled()
    await Promise.all(mails.map((mail) => ada.ask('delete', { mail })))
    await group.until([1, 2], 'history is discarded', (statuses) =>
      statuses.every(({ diskBytes }) => diskBytes < (full?.diskBytes ?? 0) / 2),
    )
    await sendMany(ben, 'ada', 3, 'at last')
    await group.settled()
    await Promise.all([1, 2].map((server) => group.replica(server).stop()))
    await group.reset(1, 2)
    await group.until([1, 2], 'everything is there again', (statuses) => statuses.every(({ mails }) => mails === 8))
    const [status] = await group.settled()
    expect(status?.warnings).toEqual([])
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(sorted(numbered('kept', 5)))
    expect(sorted(await subjectsOf(ada, 'inbox'))).toEqual(sorted(numbered('at last', 3)))
    await send(ada, 'ben', 'and on')
    await group.settled()
    expect(await subjectsOf(ben, 'inbox')).toContain('and on')
    const logs = await Promise.all([1, 2].map((server) => group.replica(server).logTail(10_000)))
    expect(logs.join()).toMatch(/is taken up again/)
  }, 240_000)
})
