import { expect, test } from 'vitest'

import { verifiedAccount } from '../../replica/client/account-directory.ts'
import { codeOf } from '../support/code-of.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { clientAt, clientOf, nextEvent } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const password = 'a long password'

const ann = async () => {
  const replica = new MemoryReplica()
  const clock = new ManualClock()
  const client = await clientAt(replica, clock)
  const { recoveryPhrase } = await client.signUp({ name: 'ann', password })
  return { replica, clock, client, recoveryPhrase }
}

test.each(['nothing', 'draft'] as const)(
  'a mail that was taken back (keeping %s) is not sent because the server shows its entry again',
  async (keep) => {
    const { replica, clock, client } = await ann()
    const answer = await client.send({ to: ['ann'], subject: 'to nobody after all', body: '', holdMs: 1_000 })
    const outbox = 'outbox' in answer ? answer.outbox : ''
    const before = [...replica.documents]
    await client.cancelOutbox(keep === 'draft' ? { outbox, keep } : { outbox })
    replica.documents = before
    clock.move(1_000)
    replica.tellAll({ event: 'mailbox' })
    // What is held until later shows that the outbox has been looked through.
    const looked = nextEvent(client, 'sent')
    const later = await client.send({ to: ['ann'], subject: 'later', body: '', holdMs: 1 })
    clock.move(1)
    expect(later).toMatchObject({ outbox: (await looked).outbox })
    expect(replica.mails).toHaveLength(1)
    expect((await client.outbox()).entries).toEqual([])
    expect(await codeOf(client.cancelOutbox({ outbox }))).toBe('NO_SUCH_MAIL')
  },
)

test('a phrase that was noted on one side of a split does not undo a password that was changed on the other', async () => {
  const { replica, client } = await ann()
  const [before] = replica.accounts
  await client.changePassword({ password, newPassword: 'better' })
  const changed = replica.accounts[0]
  if (before === undefined || changed === undefined) throw new Error('ann is there')
  replica.accounts[0] = before
  const there = await clientOf(replica)
  await there.logIn({ name: 'ann', password })
  await there.noteRecovery()
  const noted = replica.accounts[0]
  // Of two records that with the higher generation counts.
  const generations = [changed, noted].map((info) => verifiedAccount(replica.groupId, info).generation)
  expect(generations).toEqual([1, 0])
})

test('a change of the password does not bring back a phrase that was given up, from an older record', async () => {
  const { replica, client, recoveryPhrase } = await ann()
  const [older] = replica.accounts
  await client.renewRecoveryPhrase({ password })
  const present = replica.accounts[0]
  if (older === undefined || present === undefined) throw new Error('ann is there')
  replica.accounts[0] = older
  expect(await codeOf(client.changePassword({ password, newPassword: 'another' }))).toBe('NOT_HERE_YET')
  expect(await codeOf(client.noteRecovery())).toBe('NOT_HERE_YET')
  replica.accounts[0] = present
  await client.changePassword({ password, newPassword: 'another' })
  await client.noteRecovery()
  const reset = { name: 'ann', recoveryPhrase, newPassword: 'stolen' }
  expect(await codeOf(client.resetPassword(reset))).toBe('WRONG_PHRASE')
})
