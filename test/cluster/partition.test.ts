import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { allFive, bodiesOf, headersOf, numbered, send, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('a group that is split and merges again', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let ben: MailProcess
  let dan: MailProcess
  let eva: MailProcess

  beforeAll(async () => {
    group = await cluster.group()
    const people = await Promise.all([
      group.person('ada', 1),
      group.person('ben', 2),
      group.person('dan', 4),
      group.person('eva', 5),
    ])
    ada = people[0]
    ben = people[1]
    dan = people[2]
    eva = people[3]
    await group.settled()
  })

  const merge = async (): Promise<void> => {
    await group.heal()
    await group.sees(allFive, allFive)
    await group.settled()
  }

  test('mail written on both sides reaches everybody after the merge', async () => {
    await group.partition([1, 2], [3, 4, 5])
    await Promise.all([
      sendMany(ada, 'eva', 10, 'west to east'),
      sendMany(eva, 'ada', 10, 'east to west'),
      sendMany(ben, 'ada', 5, 'west to west'),
    ])
    await group.settled([1, 2])
    await group.settled([3, 4, 5])
    expect(await subjectsOf(eva, 'inbox')).toEqual([])
    expect((await subjectsOf(ada, 'inbox')).toSorted()).toEqual(numbered('west to west', 5).toSorted())
    await merge()
    expect((await subjectsOf(eva, 'inbox')).toSorted()).toEqual(numbered('west to east', 10).toSorted())
    const expected = [...numbered('west to west', 5), ...numbered('east to west', 10)]
    expect((await subjectsOf(ada, 'inbox')).toSorted()).toEqual(expected.toSorted())
    for (const [subject, body] of await bodiesOf(ada)) expect(body).toBe(`body of ${subject}`)
  })

  test('a mail that is read on one side and deleted on the other is deleted after the merge, and one session stands', async () => {
    const mail = await send(ada, 'dan', 'Torn between')
    await group.settled()
    await group.partition([1, 2], [3, 4, 5])
    // Neither side hears of the session on the other one before the merge.
    const danInTheWest = group.client(1)
    const logIn = { name: 'dan', password: 'password of dan' }
    await danInTheWest.ask('logIn', logIn)
    expect(await danInTheWest.ask('read', { mail })).toMatchObject({ body: 'body of Torn between' })
    await dan.ask('delete', { mail })
    await merge()
    await dan.event('takenOver', ({ server }) => server === 1)
    const expectDeleted = async (client: MailProcess): Promise<void> => {
      expect(await subjectsOf(client, 'inbox')).not.toContain('Torn between')
      await expect(client.ask('read', { mail })).rejects.toMatchObject({ code: 'NO_SUCH_MAIL' })
    }
    await expectDeleted(danInTheWest)
    await dan.ask('logIn', logIn)
    await expectDeleted(dan)
    await danInTheWest.event('takenOver', ({ server }) => server === 4)
    expect(await subjectsOf(ada, 'sent')).toContain('Torn between')
  })

  test('a draft that is written on both sides is there in both versions, and its person is told', async () => {
    const draftOf = (body: string) => ({ to: ['dan'], subject: 'Plans', body })
    const { draft } = await dan.ask('saveDraft', draftOf('before'))
    await group.settled()
    await group.partition([1, 2], [3, 4, 5])
    const danInTheWest = group.client(1)
    await danInTheWest.ask('logIn', { name: 'dan', password: 'password of dan' })
    await danInTheWest.ask('drafts')
    await danInTheWest.ask('saveDraft', { ...draftOf('in the west'), draft })
    // The later one counts: not that of the session which stands.
    await dan.ask('saveDraft', { ...draftOf('in the east'), draft })
    await merge()
    await danInTheWest.event('draftKept', (event) => event.draft === draft)
    const bodies = async (client: MailProcess): Promise<readonly string[]> =>
      (await client.ask('drafts')).drafts.map(({ body }) => body).sort()
    expect(await bodies(danInTheWest)).toEqual(['in the east', 'in the west'])
    await dan.ask('logIn', { name: 'dan', password: 'password of dan' })
    await expect.poll(() => bodies(dan)).toEqual(['in the east', 'in the west'])
  })

  test('a partition pushed by one side only holds both ways', async () => {
    await group.operator(1).ask('pause', { servers: [2, 3, 4, 5] })
    await group.sees([1], [1])
    await group.sees([2, 3, 4, 5], [2, 3, 4, 5])
    await send(ada, 'ben', 'Cut off')
    await send(ben, 'ada', 'Cut off too')
    await group.settled([2, 3, 4, 5])
    expect(await subjectsOf(ben, 'inbox')).not.toContain('Cut off')
    expect(await subjectsOf(ada, 'inbox')).not.toContain('Cut off too')
    await group.operator(1).ask('resume', { servers: [2, 3, 4, 5] })
    await group.settled()
    expect(await subjectsOf(ben, 'inbox')).toContain('Cut off')
    expect(await subjectsOf(ada, 'inbox')).toContain('Cut off too')
  })

  test('two different partitions one after the other, with mail, reading and deleting in each', async () => {
    const [readFirst, deleteFirst] = [await send(ada, 'ben', 'read first'), await send(ada, 'ben', 'delete first')]
    const [readSecond, deleteSecond] = [await send(eva, 'dan', 'read second'), await send(eva, 'dan', 'delete second')]
    await group.settled()

    await group.partition([1, 2], [3, 4, 5])
    await send(ada, 'eva', 'first split, west')
    await send(eva, 'ada', 'first split, east')
    await ben.ask('read', { mail: readFirst })
    await ben.ask('delete', { mail: deleteFirst })

    await group.partition([1, 3, 5], [2, 4])
    await send(ada, 'eva', 'second split, odd')
    await send(dan, 'ben', 'second split, even')
    await dan.ask('read', { mail: readSecond })
    await dan.ask('delete', { mail: deleteSecond })
    await group.settled([1, 3, 5])
    // What one part heard in the first split reaches the other through whoever changed sides.
    expect(await subjectsOf(ada, 'inbox')).toContain('first split, east')
    expect(await subjectsOf(eva, 'inbox')).toContain('first split, west')

    await merge()
    expect(await subjectsOf(eva, 'inbox')).toEqual(expect.arrayContaining(['first split, west', 'second split, odd']))
    expect((await bodiesOf(ben)).get('second split, even')).toBe('body of second split, even')
    for (const [client, read, deleted] of [
      [ben, readFirst, deleteFirst],
      [dan, readSecond, deleteSecond],
    ] as const) {
      const headers = await headersOf(client, 'inbox')
      expect(headers.find(({ mail }) => mail === read)?.read).toBe(true)
      expect(headers.some(({ mail }) => mail === deleted)).toBe(false)
    }
  })

  test('a split group goes on when servers crash in it, and a partition outlives a restart', async () => {
    await group.partition([1, 2], [3, 4, 5])
    await group.kill(2)
    await send(ada, 'eva', 'alone in the west')
    await group.restart(2)
    await group.sees([1, 2], [1, 2])
    await group.settled([1, 2])
    expect(await subjectsOf(eva, 'inbox')).not.toContain('alone in the west')
    await merge()
    expect(await subjectsOf(eva, 'inbox')).toContain('alone in the west')
  })

  test('one name taken on both sides: both accounts live on, the later under another name', async () => {
    await group.partition([1, 2], [3, 4, 5])
    const first = await group.person('max', 1)
    const second = group.client(5)
    await second.ask('signUp', { name: 'max', password: 'another' })
    await merge()
    const { accounts } = await ada.ask('accounts', { like: 'max*' })
    expect(accounts.map(({ name }) => name)).toEqual(['max', 'max~5'])
    await send(ada, 'max', 'for the first')
    await send(ada, 'max~5', 'for the second')
    await group.settled()
    expect(await subjectsOf(first, 'inbox')).toEqual(['for the first'])
    expect(await subjectsOf(second, 'inbox')).toEqual(['for the second'])
  })

  test('ten short splits in a row lose nothing', async () => {
    const before = (await subjectsOf(eva, 'inbox')).length
    for (let round = 1; round <= 10; round += 1) {
      await group.operator(1).ask('pause', { servers: [3, 4, 5] })
      await send(ada, 'eva', `flap ${round}`)
      await group.operator(1).ask('resume', { servers: [3, 4, 5] })
    }
    await group.settled()
    const subjects = await subjectsOf(eva, 'inbox')
    expect(subjects.slice(0, 10)).toEqual(numbered('flap', 10).toReversed())
    expect(subjects.length).toBe(before + 10)
  })
})
