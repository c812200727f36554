import { expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import { codeOf } from '../support/code-of.ts'
import { nextEvent, signedUp } from '../support/mail-clients.ts'
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
