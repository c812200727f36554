import { beforeAll, describe, expect, test } from 'vitest'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { openClientAtOtherTime } from '../support/raw-client.ts'
import { allFive, headersOf, mailNamed, send, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

/** The same person at another server. */
const logInAt = async (group: ReplicaGroup, name: string, server: number): Promise<MailProcess> => {
  const client = group.client(server)
  await client.ask('logIn', { name, password: passwordOf(name) })
  return client
}

const merge = async (group: ReplicaGroup): Promise<void> => {
  await group.heal()
  await group.sees(allFive, allFive)
  await group.settled()
}

describe('what a person does with mail', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let ben: MailProcess

  beforeAll(async () => {
    group = await cluster.group()
    const people = await Promise.all([group.person('ada', 1), group.person('ben', 2), group.person('cleo', 3)])
    ada = people[0]
    ben = people[1]
    await group.settled()
  })

  test('follows to every replica, and after a partition the later wish counts', async () => {
    const [starred, unread, trashed] = [
      await send(ada, 'ben', 'to be starred'),
      await send(ada, 'ben', 'to be unread'),
      await send(ada, 'ben', 'to the trash'),
    ]
    await group.settled()
    await ben.ask('read', { mail: unread })
    await ben.ask('mark', { mails: [starred], mark: 'star' })
    const { draft } = await ben.ask('saveDraft', { to: ['ada'], subject: 'first version', body: 'one' })
    await group.settled()
    await group.partition([1, 2], [3, 4, 5])
    const benEast = await logInAt(group, 'ben', 4)
    expect(await benEast.ask('counts')).toMatchObject({ inbox: 3, unread: 2, starred: 1, drafts: 1 })
    await ben.ask('mark', { mails: [trashed], mark: 'trash' })
    await ben.ask('mark', { mails: [starred], mark: 'unstar' })
    await ben.ask('saveDraft', { to: ['ada'], subject: 'written in the west', body: 'two', draft })
    // Later, on the other side.
    await benEast.ask('mark', { mails: [trashed, unread], mark: 'unread' })
    await benEast.ask('mark', { mails: [trashed], mark: 'restore' })
    await benEast.ask('saveDraft', { to: ['ada'], subject: 'written in the east', body: 'three', draft })
    // A client of the west that is still logged in would keep its version beside this one.
    await ben.ask('logOut')
    await merge(group)

    const anywhere = await logInAt(group, 'ben', 5)
    expect(await anywhere.ask('counts')).toMatchObject({ inbox: 3, unread: 3, starred: 0, trash: 0, drafts: 1 })
    const { drafts } = await anywhere.ask('drafts')
    expect(drafts).toMatchObject([{ draft, subject: 'written in the east', body: 'three' }])
    await anywhere.ask('discardDraft', { draft })
    ben = await logInAt(group, 'ben', 2)
  })

  test('whoever changes what they see has the last word, whichever clock is a day behind or ahead', async () => {
    const mail = (await send(ada, 'ben', 'Looked at by three clocks')) as UpdateId
    const { draft } = await ben.ask('saveDraft', { to: [], subject: 'by the right clock', body: '' })
    await ben.ask('mark', { mails: [mail], mark: 'star' })
    for (const days of [-1, 1, -1]) {
      const other = await openClientAtOtherTime(group.dataOf(2), days)
      await other.logIn({ name: 'ben', password: passwordOf('ben') })
      // One after the other, without waiting.
      await Promise.all([
        other.mark({ mails: [mail], mark: 'unstar' }),
        other.mark({ mails: [mail], mark: 'star' }),
        other.mark({ mails: [mail], mark: 'unstar' }),
        other.saveDraft({ to: [], subject: 'in between', body: '', draft }),
        other.saveDraft({ to: [], subject: `${days} days`, body: '', draft }),
      ])
      expect(await other.counts()).toMatchObject({ starred: 0 })
      expect((await other.drafts()).drafts).toMatchObject([{ subject: `${days} days` }])
      await other.close()
      ben = await logInAt(group, 'ben', 2)
      await ben.ask('mark', { mails: [mail], mark: 'star' })
      await ben.ask('saveDraft', { to: [], subject: 'by the right clock', body: '', draft })
      expect(await ben.ask('counts')).toMatchObject({ starred: 1 })
      expect((await ben.ask('drafts')).drafts).toMatchObject([{ subject: 'by the right clock' }])
    }
    await ben.ask('mark', { mails: [mail], mark: 'unstar' })
    await ben.ask('discardDraft', { draft })
    expect(await ben.ask('counts')).toMatchObject({ starred: 0, drafts: 0 })
    await ben.ask('delete', { mail })
  })

  test('marks 500 mails with one update, and empties the trash of them', async () => {
    await sendMany(ada, 'ben', 500, 'bulk')
    await group.settled()
    const mails = (await headersOf(ben, 'inbox'))
      .filter(({ subject }) => subject.startsWith('bulk'))
      .map(({ mail }) => mail)
    expect(mails).toHaveLength(500)
    const before = await ben.ask('status')
    await ben.ask('mark', { mails, mark: 'trash' })
    const after = await ben.ask('status')
    const written = Object.entries(after.vector).map(([origin, held]) => held - (before.vector[origin] ?? 0))
    // Beside it is what the client notes of that, for when the trash is emptied.
    expect(Math.max(...written)).toBeLessThanOrEqual(2)
    expect(await ben.ask('counts')).toMatchObject({ inbox: 3, trash: 500 })
    const page = await ben.ask('list', { folder: 'trash', limit: 10, offset: 490 })
    expect(page).toMatchObject({ total: 500 })
    expect(page.headers.map(({ subject }) => subject)).toEqual(Array.from({ length: 10 }, (_, at) => `bulk ${10 - at}`))
    await ben.ask('emptyTrash')
    await group.settled()
    expect(await (await logInAt(group, 'ben', 3)).ask('counts')).toMatchObject({ inbox: 3, trash: 0 })
    expect((await subjectsOf(ada, 'sent')).filter((subject) => subject.startsWith('bulk'))).toHaveLength(500)
  })

  test('a conversation has the mails of everybody in it, with who was addressed and who has a copy', async () => {
    const { mail: first } = await ada.ask('send', {
      to: ['ben'],
      cc: ['cleo'],
      subject: 'Plan',
      body: '# Plan\n\nSee **you** at *ten*.',
    })
    await group.settled()
    ben = await logInAt(group, 'ben', 2)
    const header = (await ben.ask('list', { folder: 'inbox', limit: 1, full: true })).headers[0]
    expect(header).toMatchObject({ to: ['ben'], cc: ['cleo'], snippet: 'Plan See you at ten.', conversation: first })
    const { mail: second } = await ben.ask('send', {
      to: ['ada'],
      cc: ['cleo'],
      subject: 'Re: Plan',
      body: 'Yes',
      inReplyTo: first,
    })
    const { mail: third } = await ben.ask('send', {
      to: ['ada'],
      subject: 'Re: Plan',
      body: 'for you alone',
      inReplyTo: second,
    })
    await group.settled()
    const all = await ada.ask('conversation', { conversation: first, full: true })
    expect(all.mails).toMatchObject([
      { mail: first, own: true, inReplyTo: null },
      { mail: second, own: false, inReplyTo: first, conversation: first, body: 'Yes' },
      { mail: third, inReplyTo: second, conversation: first },
    ])
    const cleo = await logInAt(group, 'cleo', 5)
    const { mails } = await cleo.ask('conversation', { conversation: first })
    expect(mails.map(({ mail }) => mail)).toEqual([first, second])
  })

  test('everyone is all others, and a mail to oneself is in both folders', async () => {
    await ada.ask('send', { to: ['everyone'], subject: 'To all', body: '' })
    const self = await send(ada, 'ada', 'Note to self')
    await group.settled()
    expect(await subjectsOf(ben, 'inbox')).toContain('To all')
    expect(await subjectsOf(ada, 'inbox')).toEqual(['Note to self', 'Re: Plan', 'Re: Plan'])
    expect((await ada.ask('list', { folder: 'sent', limit: 1 })).headers).toMatchObject([{ mail: self, read: false }])
    await ada.ask('delete', { mail: self })
    expect(await subjectsOf(ada, 'sent')).not.toContain('Note to self')
    expect(await subjectsOf(ada, 'inbox')).not.toContain('Note to self')
  })

  test('the trash is not emptied by a client whose clock alone says that 30 days are over', async () => {
    const mail = await send(ada, 'ben', 'To be forgotten')
    await group.settled()
    await ben.ask('mark', { mails: [mail], mark: 'trash' })
    await group.settled()
    const before = (await ben.ask('counts')).trash
    expect(before).toBeGreaterThan(0)
    const later = await openClientAtOtherTime(group.dataOf(3), 31)
    await later.logIn({ name: 'ben', password: passwordOf('ben') })
    // What is asked for afterwards is answered when the look through the trash, at the log-in, is over.
    for (const body of ['one', 'two']) await later.send({ to: ['ben'], subject: 'from the future', body })
    expect(await later.counts()).toMatchObject({ trash: before })
    await later.close()
    await group.settled()
    ben = await logInAt(group, 'ben', 2)
    expect(await ben.ask('counts')).toMatchObject({ trash: before })
    expect(await ben.ask('read', { mail })).toMatchObject({ subject: 'To be forgotten' })
    await ben.ask('emptyTrash')
    expect(await ben.ask('counts')).toMatchObject({ trash: 0 })
    await expect(ben.ask('read', { mail })).rejects.toMatchObject({ code: 'NO_SUCH_MAIL' })
    expect(await subjectsOf(ada, 'sent')).toContain('To be forgotten')
  })

  test('a deletion says honestly where it has arrived', async () => {
    const mail = await send(ada, 'ben', 'To be removed')
    await group.settled()
    await group.kill(5)
    await group.sees([1, 2, 3, 4], [1, 2, 3, 4])
    const { removal } = await ben.ask('delete', { mail, full: true })
    const told = () => expect.poll(() => ben.ask('removal', { removal }), { timeout: 30_000 })
    await told().toMatchObject({ removedOn: [1, 2, 3, 4], waitingFor: [5] })
    await group.restart(5)
    await told().toMatchObject({ removedOn: allFive, waitingFor: [] })
  })
})

describe('the outbox', () => {
  let group: ReplicaGroup
  let ada: MailProcess

  beforeAll(async () => {
    group = await cluster.group()
    ada = await group.person('ada', 1)
    await group.settled()
  })

  test('is not for names that nobody can have', async () => {
    await expect(ada.ask('send', { to: ['zoe'], subject: 'Lost', body: '' })).rejects.toMatchObject({
      code: 'NO_SUCH_ACCOUNT',
    })
    expect(await ada.ask('outbox')).toMatchObject({ entries: [] })
  })

  test('keeps a mail to somebody on the other side of a partition, and sends it once when they meet', async () => {
    await group.partition([1, 2], [3, 4, 5])
    const dan = await group.person('dan', 4)
    const answer = await ada.ask('send', { to: ['dan'], subject: 'Welcome', body: 'as soon as you are known' })
    expect(answer).toMatchObject({ waitingFor: ['dan'] })
    const takenBack = await ada.ask('send', { to: ['dan'], subject: 'Better not', body: 'this' })
    const { entries } = await ada.ask('outbox')
    expect(entries).toMatchObject([
      { subject: 'Welcome', reason: { kind: 'unknownNames', names: ['dan'] } },
      { subject: 'Better not' },
    ])
    expect(await ada.ask('cancelOutbox', { outbox: takenBack.outbox })).toMatchObject({ subject: 'Better not' })
    await merge(group)
    const sent = await ada.event('sent', ({ outbox }) => outbox === answer.outbox)
    await group.settled()
    expect(await mailNamed(dan, 'inbox', 'Welcome')).toBe(sent['mail'])
    expect(await subjectsOf(dan, 'inbox')).toEqual(['Welcome'])
    expect(await ada.ask('outbox')).toMatchObject({ entries: [] })
  })

  test('holds a mail back that can be taken back, and sends it at the next log-in when the app was killed', async () => {
    const { draft } = await ada.ask('saveDraft', { to: ['dan'], subject: 'Undo me', body: 'oops' })
    const undone = await ada.ask('send', { to: ['dan'], subject: 'Undo me', body: 'oops', holdMs: 600_000, draft })
    expect(await ada.ask('counts')).toMatchObject({ drafts: 0, outbox: 1 })
    await ada.ask('cancelOutbox', { outbox: undone.outbox })
    await ada.ask('send', { to: ['dan'], subject: 'After the crash', body: 'still here', holdMs: 1_500 })
    ada.process.signal('SIGKILL')
    await ada.process.exited
    ada = group.client(2)
    await ada.ask('logIn', { name: 'ada', password: passwordOf('ada') })
    await ada.event('sent', () => true)
    await group.settled()
    const dan = await logInAt(group, 'dan', 3)
    expect(await subjectsOf(dan, 'inbox')).toEqual(['After the crash', 'Welcome'])
    expect(await ada.ask('counts')).toMatchObject({ drafts: 0, outbox: 0, sent: 2 })
  })
})

test('drafts survive the death of every machine, and a machine that comes new has them', async () => {
  const group = await cluster.group([1, 2])
  const ada = await group.person('ada', 1)
  const { draft } = await ada.ask('saveDraft', { to: [], subject: 'Half', body: 'a thought' })
  await group.kill(1, 2)
  await group.restart(1, 2)
  await group.sees([1, 2], [1, 2])
  await group.join(3, 1)
  await group.sees([1, 2, 3], [1, 2, 3])
  await group.settled([1, 2, 3])
  const elsewhere = await logInAt(group, 'ada', 3)
  expect((await elsewhere.ask('drafts')).drafts).toMatchObject([{ draft, subject: 'Half', body: 'a thought' }])
})
