import { expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { codeOf } from '../support/code-of.ts'
import { clientOf, nextEvent, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

/** Ann is logged in, and her account is deleted by what comes from other servers. */
const deletedElsewhere = async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const [account] = replica.accounts
  if (account === undefined) throw new Error('ann is there')
  return {
    replica,
    ann,
    remove: () => {
      account.deleted = true
    },
  }
}

test('who is logged in while the account is deleted elsewhere is told, and logged out', async () => {
  const { replica, ann, remove } = await deletedElsewhere()
  const told = nextEvent(ann, 'accountDeleted')
  remove()
  replica.tellAll({ event: 'people' })
  expect(await told).toEqual({ event: 'accountDeleted', name: 'ann' })
  expect(ann.loggedInAs).toBeNull()
  expect(await codeOf(ann.counts())).toBe('NOT_LOGGED_IN')
})

test('who comes back to a server that knows the account as deleted is told, and logged out', async () => {
  const { replica, ann, remove } = await deletedElsewhere()
  const told = nextEvent(ann, 'accountDeleted')
  remove()
  replica.dropConnections()
  expect(await told).toEqual({ event: 'accountDeleted', name: 'ann' })
  expect(ann.loggedInAs).toBeNull()
})

test('who deletes the account is not told that it was done elsewhere', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const events: ClientEvent['event'][] = []
  ann.onEvent(({ event }) => events.push(event))
  const [connection] = replica.connections
  const answered = Promise.withResolvers<undefined>()
  connection!.answerAfter = answered.promise
  const deleted = ann.deleteAccount()
  await expect.poll(() => replica.accounts[0]?.deleted).toBe(true)
  replica.tellAll({ event: 'people' })
  answered.resolve(undefined)
  await deleted
  expect(ann.loggedInAs).toBeNull()
  expect(events).not.toContain('accountDeleted')
})

test('a server that does not know the account yet ends no session', async () => {
  const { replica, ann } = await deletedElsewhere()
  const [account] = replica.accounts.splice(0)
  if (account === undefined) throw new Error('ann was there')
  const [connection] = replica.connections
  const asked = Promise.withResolvers<undefined>()
  connection!.logIn = () => {
    asked.resolve(undefined)
    return Promise.reject(new Error('NOT_HERE_YET'))
  }
  replica.tellAll({ event: 'people' })
  await asked.promise
  replica.accounts.push(account)
  expect(await codeOf(ann.counts())).toBe('no failure')
  expect(ann.loggedInAs).toBe('ann')
})

/** Of two sides of a split, by the account's record: ann has done one thing here, and something else there, which counts. */
const changedApart = async (elsewhere: (client: MailClient) => Promise<unknown>) => {
  const replica = new MemoryReplica()
  const ann = await clientOf(replica)
  const { recoveryPhrase } = await ann.signUp({ name: 'ann', password: 'former' })
  const before = { ...replica.accounts[0]! }
  const there = new MemoryReplica({ server: serverId(2), groupId: replica.groupId })
  there.accounts.push({ ...before })
  const annThere = await clientOf(there)
  await annThere.logIn({ name: 'ann', password: 'former' })
  await elsewhere(annThere)
  const merge = () => {
    replica.accounts[0] = there.accounts[0]!
    replica.tellAll({ event: 'people' })
  }
  return { replica, ann, recoveryPhrase, merge }
}

test('who has changed the password apart, and not last, is told when and where it was changed, and the phrase still sets one', async () => {
  const { replica, ann, recoveryPhrase, merge } = await changedApart((client) =>
    client.changePassword({ password: 'former', newPassword: 'there' }),
  )
  await ann.changePassword({ password: 'former', newPassword: 'here' })
  replica.tellAll({ event: 'people' })
  const told = nextEvent(ann, 'keysChanged')
  merge()
  const { what, change } = await told
  expect([what, change]).toEqual(['password', { server: 2, at: expect.any(Number) as number }])
  const later = await clientOf(replica)
  await expect(later.logIn({ name: 'ann', password: 'here' })).rejects.toThrow(/changed on .*, at server 2/)
  expect(await later.keysChange({ name: 'ann' })).toEqual({ change })
  await later.resetPassword({ name: 'ann', recoveryPhrase, newPassword: 'agreed' })
  expect(later.loggedInAs).toBe('ann')
})

test('who has made a phrase apart, and not last, is told that it opens nothing', async () => {
  const { ann, merge } = await changedApart((client) => client.renewRecoveryPhrase({ password: 'former' }))
  await ann.renewRecoveryPhrase({ password: 'former' })
  const told = nextEvent(ann, 'keysChanged')
  merge()
  expect(await told).toMatchObject({ what: 'phrase', change: { server: 2 } })
})

test('who has made a phrase apart, and was logged out when it was found not to count, is told at the next log-in', async () => {
  const { replica, ann, merge } = await changedApart(async (client) => {
    await client.renewRecoveryPhrase({ password: 'former' })
    await client.changePassword({ password: 'former', newPassword: 'there' })
  })
  await ann.renewRecoveryPhrase({ password: 'former' })
  await ann.logOut()
  merge()
  const told = nextEvent(ann, 'keysChanged')
  await ann.logIn({ name: 'ann', password: 'there' })
  expect(await told).toMatchObject({ what: 'phrase', change: { server: 2 } })
  // Once.
  const events: ClientEvent['event'][] = []
  ann.onEvent(({ event }) => events.push(event))
  await ann.logOut()
  await ann.logIn({ name: 'ann', password: 'there' })
  replica.tellAll({ event: 'people' })
  await ann.recoveryNoted()
  expect(events).not.toContain('keysChanged')
})

test('one’s own change of the password is no news, and neither is a phrase that was noted elsewhere', async () => {
  const { replica, ann, merge } = await changedApart((client) => client.noteRecovery())
  const events: ClientEvent['event'][] = []
  ann.onEvent(({ event }) => events.push(event))
  merge()
  await ann.recoveryNoted()
  const [connection] = replica.connections
  const answered = Promise.withResolvers<undefined>()
  connection!.answerAfter = answered.promise
  const changed = ann.changePassword({ password: 'former', newPassword: 'here' })
  const looked = ann.recoveryNoted()
  answered.resolve(undefined)
  await Promise.all([changed, looked])
  await ann.recoveryNoted()
  expect(events).not.toContain('keysChanged')
})

/** Two have signed up as ann on two sides of a split; here the later one, who was not logged in when they met, is called otherwise. */
const twoAnns = async () => {
  const replica = new MemoryReplica()
  await (await signedUp(replica, 'ann')).close()
  const there = new MemoryReplica({ server: serverId(2), groupId: replica.groupId })
  const later = await clientOf(there)
  const { recoveryPhrase } = await later.signUp({ name: 'Ann', password: 'of the later one' })
  await later.close()
  replica.accounts.push({ ...there.accounts[0]!, name: 'Ann~2' })
  return { replica, recoveryPhrase }
}

test.each(['password', 'phrase'] as const)(
  'who logs in by the name that another account has by now gets the own account by its %s, and is told how it is called',
  async (by) => {
    const { replica, recoveryPhrase } = await twoAnns()
    const client = await clientOf(replica)
    const told = nextEvent(client, 'renamed')
    if (by === 'password') await client.logIn({ name: 'ann', password: 'of the later one' })
    else await client.resetPassword({ name: 'ann', recoveryPhrase, newPassword: 'another' })
    expect([client.loggedInAs, await told]).toEqual(['Ann~2', { event: 'renamed', name: 'Ann~2' }])
    expect(await codeOf(client.logIn({ name: 'ann', password: 'of nobody' }))).toBe('WRONG_PASSWORD')
  },
)

test('who has the former name again, because the other account was deleted, is told so', async () => {
  const { replica } = await twoAnns()
  const client = await clientOf(replica)
  await client.logIn({ name: 'ann~2', password: 'of the later one' })
  const told = nextEvent(client, 'renamed')
  replica.accounts[0]!.deleted = true
  replica.accounts[1] = { ...replica.accounts[1]!, name: 'Ann' }
  replica.tellAll({ event: 'people' })
  expect(await told).toEqual({ event: 'renamed', name: 'Ann', again: true })
})

test('who logs in by a name that the account had beside another one, which is deleted, gets the own account', async () => {
  const { replica } = await twoAnns()
  replica.accounts[0]!.deleted = true
  replica.accounts[1] = { ...replica.accounts[1]!, name: 'Ann' }
  const client = await clientOf(replica)
  const told = nextEvent(client, 'renamed')
  await client.logIn({ name: 'ann~2', password: 'of the later one' })
  expect([client.loggedInAs, await told]).toEqual(['Ann', { event: 'renamed', name: 'Ann', again: true }])
  const elsewhere = await clientOf(replica)
  expect(await codeOf(elsewhere.logIn({ name: 'ann~2', password: 'of nobody' }))).toBe('NO_SUCH_ACCOUNT')
})
