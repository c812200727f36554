import { expect, test } from 'vitest'

import { QuintetError } from '../../replica/core/model/errors.ts'
import { splitUpdateId, type UpdateId, updateId } from '../../replica/core/model/ids.ts'
import { decodePayload } from '../../replica/wire/payload-codec.ts'
import { clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

/** As after going from the fork of a log to the log: each of the two mails has the other's name. */
const exchange = (replica: MemoryReplica, one: UpdateId, other: UpdateId): void => {
  for (const [place, held] of replica.mails.entries()) {
    if (held.mail === one) replica.mails[place] = { ...held, mail: other }
    if (held.mail === other) replica.mails[place] = { ...held, mail: one }
  }
}

const twoMails = async () => {
  const replica = new MemoryReplica()
  const [ann, bob] = [await signedUp(replica, 'ann'), await signedUp(replica, 'bob')]
  const mail = await sendNow(ann, { to: ['bob'], subject: 'what bob saw', body: '' })
  const other = await sendNow(ann, { to: ['bob'], subject: 'another', body: '' })
  const subjects = async (): Promise<readonly string[]> =>
    (await bob.list({ folder: 'inbox', limit: 10 })).headers.map(({ subject }) => subject).sort()
  return { replica, ann, bob, mail, other, subjects }
}

test('who looked at a mail and deletes it by a name that is another one by now deletes neither', async () => {
  const { replica, bob, mail, other, subjects } = await twoMails()
  expect(await subjects()).toEqual(['another', 'what bob saw'])
  exchange(replica, mail, other)
  expect(await codeOf(bob.delete({ mail }))).toBe('NO_SUCH_MAIL')
  expect(await codeOf(bob.deleteMany({ mails: [mail, other] }))).toBe('NO_SUCH_MAIL')
  expect(await codeOf(bob.mark({ mails: [mail], mark: 'trash' }))).toBe('NO_SUCH_MAIL')
  expect(await subjects()).toEqual(['another', 'what bob saw'])
  // The list has been looked at again.
  await bob.delete({ mail })
  expect(await subjects()).toEqual(['what bob saw'])
})

test('a mail that is opened is what is meant from then on', async () => {
  const { replica, bob, mail, other, subjects } = await twoMails()
  await subjects()
  exchange(replica, mail, other)
  expect((await bob.read({ mail })).subject).toBe('another')
  await bob.delete({ mail })
  expect(await subjects()).toEqual(['what bob saw'])
})

test('news of another mail by the same name does not change what the person sees', async () => {
  const { replica, ann, bob, mail, other } = await twoMails()
  await bob.list({ folder: 'inbox', limit: 10 })
  exchange(replica, mail, other)
  const told = Promise.withResolvers<string>()
  bob.onEvent((event) => {
    // Of the first mail bob may not have been told yet.
    if (event.event === 'mail' && event.header.subject !== 'what bob saw') told.resolve(event.header.subject)
  })
  const sealed = replica.mails.find((held) => held.mail === mail)
  const account = replica.accounts.find(({ name }) => name === 'bob')?.account
  if (sealed === undefined || account === undefined) throw new Error('the mail and its reader are there')
  for (const connection of replica.connections)
    if (connection.session === account) connection.emit({ event: 'mail', mail: replica.tell(sealed, account) })
  expect(await told.promise).toBe('another')
  expect(await codeOf(bob.delete({ mail }))).toBe('NO_SUCH_MAIL')
  expect((await ann.list({ folder: 'sent', limit: 10 })).total).toBe(2)
})

test('a client that has not shown a mail asks what goes by its name now; those that are gone are left out', async () => {
  const { replica, bob, mail, other } = await twoMails()
  await bob.delete({ mail })
  const later = await clientOf(replica)
  await later.logIn({ name: 'bob', password: "bob's password" })
  await later.mark({ mails: [mail, other], mark: 'star' })
  const last = replica.submissions.at(-1)
  const change = last && decodePayload(last.kind, last.payload)
  expect(change).toMatchObject({ ok: true, value: { mails: [other], tags: [expect.any(Number)] } })
  await later.delete({ mail: other })
  expect((await later.list({ folder: 'inbox', limit: 1 })).total).toBe(0)
  const { origin } = splitUpdateId(mail)
  expect(await codeOf(later.delete({ mail: updateId(origin, 999) }))).toBe('NO_SUCH_MAIL')
})

test('who wrote a post and takes it back by a name that is another one by now takes back neither', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const { post } = await ann.post({ text: 'first' })
  const { post: other } = await ann.post({ text: 'second' })
  replica.posts = replica.posts.map((one) => ({ ...one, post: one.post === post ? other : post }))
  expect(await codeOf(ann.deletePost({ post }))).toBe('NO_SUCH_POST')
  expect(replica.posts).toHaveLength(2)
  await ann.posts({ name: 'ann', limit: 10 })
  await ann.deletePost({ post })
  expect((await ann.posts({ name: 'ann', limit: 10 })).posts.map(({ text }) => text)).toEqual(['first'])
})
