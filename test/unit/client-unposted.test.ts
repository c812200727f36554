import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { clientOf, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

test('a post that is being written is sealed, follows its person, and is nobody else’s', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  expect(await ann.unposted()).toEqual({ text: '' })
  await ann.saveUnposted({ text: 'secret' })
  await ann.saveUnposted({ text: 'secret news' })
  for (const { payload } of replica.submissions) expect(Buffer.from(payload).includes('secret')).toBe(false)
  expect(await ann.counts()).toMatchObject({ drafts: 0 })

  const there = await signedUp(replica, 'ben')
  expect(await there.unposted()).toEqual({ text: '' })
  await there.logOut()
  await there.logIn({ name: 'ann', password: "ann's password" })
  expect(await there.unposted()).toEqual({ text: 'secret news' })
  await there.saveUnposted({ text: '' })
  expect(await there.unposted()).toEqual({ text: '' })
  expect(replica.documents).toEqual([])
})

test('a post that is being written can be longer than one that is posted, up to a limit', async () => {
  const ann = await signedUp(new MemoryReplica(), 'ann')
  const text = '🚢'.repeat(limits.postChars * 4)
  await ann.saveUnposted({ text })
  expect(await ann.unposted()).toEqual({ text })
  const tooLong = ann.saveUnposted({ text: 'x'.repeat(limits.bodyBytes) })
  await expect(tooLong).rejects.toMatchObject({ code: 'TOO_LARGE' })
  expect(await ann.unposted()).toEqual({ text })
})

test('one that cannot be read here is not taken for none', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  await ann.saveUnposted({ text: 'news' })
  const [kept] = replica.documents
  if (kept === undefined) throw new Error('it was kept')
  replica.documents = [{ ...kept, payload: kept.payload.with(-10, (kept.payload.at(-10) ?? 0) ^ 1) }]
  const there = await clientOf(replica)
  await there.logIn({ name: 'ann', password: "ann's password" })
  await expect(there.unposted()).rejects.toMatchObject({ code: 'CANNOT_OPEN' })
})
