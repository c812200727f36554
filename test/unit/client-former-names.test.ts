import { expect, test } from 'vitest'

import { serverId } from '../../replica/core/model/ids.ts'
import { codeOf } from '../support/code-of.ts'
import { clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const toFormer = { to: ['ben~2'], subject: 'for the second ben', body: '' }

/** Ann has written to the ben who was told apart as ben~2, and who is called ben now, because the other one is gone. */
const renamed = async () => {
  const replica = new MemoryReplica()
  const elsewhere = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
  const ben = await signedUp(elsewhere, 'ben')
  const ann = await signedUp(replica, 'ann')
  const [account] = elsewhere.accounts
  if (account === undefined) throw new Error('ben is there')
  replica.adopt({ ...account, name: 'ben~2' })
  await sendNow(ann, toFormer)
  replica.accounts[1] = { ...account, name: 'ben' }
  replica.tellAll({ event: 'people' })
  return { replica, ann, ben, account }
}

test('a former name of somebody whom the person knows finds them', async () => {
  const { replica, ann, account } = await renamed()
  await sendNow(ann, toFormer)
  expect(await codeOf(ann.send({ ...toFormer, holdMs: 1_000 }))).toBe('no failure')
  expect(replica.mails.map(({ change }) => change.to)).toEqual([[account.account], [account.account]])
  // Also right after a log-in.
  await ann.close()
  const next = await clientOf(replica)
  await next.logIn({ name: 'ann', password: "ann's password" })
  await sendNow(next, toFormer)
  expect(replica.mails).toHaveLength(4)
})

test('a former name that somebody else has by now is theirs, and asked about', async () => {
  const { replica, ann } = await renamed()
  const third = new MemoryReplica({ groupId: replica.groupId, server: serverId(3) })
  await signedUp(third, 'ben')
  replica.adopt({ ...third.accounts[0]!, name: 'ben~2' })
  expect(await codeOf(ann.send(toFormer))).toBe('NAME_CHANGED_HANDS')
})

test('a name that nobody has whom the person knows is not guessed', async () => {
  const { ann } = await renamed()
  expect(await codeOf(ann.send({ ...toFormer, to: ['ben~3'] }))).toBe('NO_SUCH_ACCOUNT')
})
