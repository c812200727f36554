import { expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup, vectorText } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { makeFormerVersion, makeLaterVersion } from '../support/other-versions.ts'
import { noise, send, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const seedMails = 300

/** Versions of which one understands more differ in their digests. */
const holdTheSame = (group: ReplicaGroup, servers: readonly number[]): Promise<unknown> =>
  group.until(
    servers,
    'they hold the same',
    (statuses) => new Set(statuses.map(({ vector }) => vectorText(vector))).size === 1,
  )

/** What `client` sees of everybody's posts, newest first. */
const textsBy = async (client: MailProcess, name: string): Promise<readonly string[]> =>
  (await client.ask('posts', { name, limit: 10 })).posts.map(({ text }) => text)

test('two versions work in one group: what the former does not understand it keeps, hands on, and shows after its upgrade', async () => {
  const program = await makeFormerVersion(await cluster.directory())
  const group = await cluster.group([1, 2])
  const ada = await group.person('ada', 1)
  const ben = await group.person('ben', 2)
  await group.settled()
  // Server 2 goes back to a version that knows nothing of posts, nor of words that tell when they were said.
  await group.replica(2).stop()
  await group.restartAs(2, program)
  await group.sees([1, 2], [1, 2])
  await ada.ask('post', { text: 'Land in sight' })
  await send(ada, 'ben', 'of this version')
  await send(ben, 'ada', 'of the former version')
  await holdTheSame(group, [1, 2])
  expect(await subjectsOf(ben, 'inbox')).toEqual(['of this version'])
  expect(await subjectsOf(ada, 'inbox')).toEqual(['of the former version'])
  const { draft } = await ada.ask('saveDraft', { to: ['ben'], subject: 'a first draft', body: '' })
  await ada.ask('saveDraft', { to: ['ben'], subject: 'a draft', body: '', draft })
  const [answer] = (await ada.ask('list', { folder: 'inbox', limit: 1 })).headers
  await ada.ask('mark', { mails: [answer?.mail ?? ''], mark: 'star' })
  await holdTheSame(group, [1, 2])

  // The former version's log is compacted: what it did not understand stays.
  const mails = await sendMany(ada, 'ada', seedMails, 'to be deleted', noise(1_500))
  const [, full] = await group.until([1, 2], 'both hold all', (statuses) =>
    statuses.every((status) => status.mails === seedMails + 2),
  )
  await Promise.all(mails.map((mail) => ada.ask('delete', { mail })))
  await group.until([2], 'the disk shrinks', ([two]) => (two?.diskBytes ?? 0) < (full?.diskBytes ?? 0) / 2)

  // It hands it on, by a state transfer, to a machine that was never there while its author's was.
  await group.kill(1)
  await group.operator(2).ask('retire', { server: 1 })
  await group.join(3, 2)
  await holdTheSame(group, [2, 3])
  const cleo = await group.person('cleo', 3)
  expect(
    await cleo.until(
      () => textsBy(cleo, 'ada'),
      (texts) => texts.length > 0,
    ),
  ).toEqual(['Land in sight'])

  // After the upgrade server 2 understands what it has kept.
  await group.replica(2).stop()
  await group.kill(3)
  await group.restart(2)
  const again = group.client(2)
  await again.ask('logIn', { name: 'ben', password: passwordOf('ben') })
  expect(
    await again.until(
      () => textsBy(again, 'ada'),
      (texts) => texts.length > 0,
    ),
  ).toEqual(['Land in sight'])
  await again.ask('logIn', { name: 'ada', password: passwordOf('ada') })
  expect(await again.ask('counts')).toMatchObject({ starred: 1, drafts: 1 })
  expect((await again.ask('drafts')).drafts).toMatchObject([{ draft, subject: 'a draft' }])
})

test('a later version whose messages say more works in one group with this one', async () => {
  const program = await makeLaterVersion(await cluster.directory())
  const group = await cluster.group([1, 2])
  const ada = await group.person('ada', 1)
  const ben = await group.person('ben', 2)
  await group.settled()
  await group.replica(2).stop()
  await sendMany(ada, 'ben', 20, 'while it was away')
  await group.restartAs(2, program)
  await group.sees([1, 2], [1, 2])
  await send(ben, 'ada', 'of the later version')
  await group.settled()
  expect(await subjectsOf(ben, 'inbox')).toHaveLength(20)
  expect(await subjectsOf(ada, 'inbox')).toEqual(['of the later version'])
})
