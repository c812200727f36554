import { expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { clientAt, nextEvent, person } from '../support/mail-clients.ts'
import type { ManualClock } from '../support/manual-clock.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const holdMs = 10_000
const password = "ann's password"
/** For what waits for several timers, one after the other. */
const eachLook = { interval: 5, timeout: 10_000 }

/** A mail that waits, and its writer at another client, at a server that does not reach all others. */
const atAnotherClient = async () => {
  const replica = new MemoryReplica()
  const { client: first, clock } = await person(replica, 'ann')
  const answer = await first.send({ to: ['ann'], subject: 'perhaps', body: '', holdMs })
  replica.isWhole = false
  // As by the log-in that follows.
  replica.tellAll({ event: 'takenOver', server: replica.server, machine: 'the other' })
  const client = await clientAt(replica, clock)
  await client.logIn({ name: 'ann', password })
  const outbox = 'outbox' in answer ? answer.outbox : ''
  return { replica, client, clock, outbox }
}

const reasonsOf = async (client: MailClient) => (await client.outbox()).entries.map(({ reason }) => reason.kind)

/** Its time is over, and it has not left. */
const inDoubt = async (client: MailClient, clock: ManualClock): Promise<void> => {
  clock.move(holdMs)
  await expect.poll(() => (clock.move(1_000), reasonsOf(client)), eachLook).toEqual(['inDoubt'])
}

test('a mail that was not written since the log-in waits until all servers can be asked whether it was taken back', async () => {
  const { replica, client, clock } = await atAnotherClient()
  await inDoubt(client, clock)
  const until = expect.any(Number) as number
  expect((await client.outbox()).entries).toMatchObject([{ reason: { kind: 'inDoubt', servers: [5], until } }])
  expect(await client.counts()).toMatchObject({ outbox: 1, sent: 0 })
  replica.isWhole = true
  await expect.poll(() => (clock.move(limits.outboxRetryMs), reasonsOf(client))).toEqual([])
  expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
})

test('what was taken back there does not leave when that becomes known', async () => {
  const { replica, client, clock } = await atAnotherClient()
  await inDoubt(client, clock)
  replica.isWhole = true
  replica.documents = []
  replica.tellAll({ event: 'mailbox' })
  clock.move(limits.takenBackElsewhereMs)
  expect(await reasonsOf(client)).toEqual([])
  expect(await client.counts()).toMatchObject({ outbox: 0, sent: 0 })
})

test('it leaves when servers have not been heard for long', async () => {
  const { client, clock } = await atAnotherClient()
  await inDoubt(client, clock)
  clock.move(limits.takenBackElsewhereMs)
  await expect.poll(() => (clock.move(limits.outboxRetryMs), client.counts())).toMatchObject({ outbox: 0, sent: 1 })
})

test('who logs out lets go only what was written since the log-in', async () => {
  const { client } = await atAnotherClient()
  await client.send({ to: ['ann'], subject: 'mine', body: '', holdMs })
  const sent = nextEvent(client, 'sent')
  await client.logOut()
  await sent
  await client.logIn({ name: 'ann', password })
  expect((await client.outbox()).entries).toMatchObject([{ subject: 'perhaps' }])
  expect((await client.list({ folder: 'sent', limit: 10 })).headers).toMatchObject([{ subject: 'mine' }])
})

test('who takes back what was not written since the log-in is told when it may leave elsewhere', async () => {
  const { replica, client, outbox } = await atAnotherClient()
  expect(await client.cancelOutbox({ outbox })).toMatchObject({ subject: 'perhaps', mayHaveLeft: true })
  const mine = await client.send({ to: ['ann'], subject: 'mine', body: '', holdMs })
  expect(await client.cancelOutbox({ outbox: 'outbox' in mine ? mine.outbox : '' })).not.toHaveProperty('mayHaveLeft')
  replica.isWhole = true
  const second = await atAnotherClient()
  second.replica.isWhole = true
  expect(await second.client.cancelOutbox({ outbox: second.outbox })).not.toHaveProperty('mayHaveLeft')
})

test('it does not leave while a server that counts as reachable is not heard, as in a network that has just failed', async () => {
  const { replica, client, clock } = await atAnotherClient()
  replica.isWhole = true
  replica.otherHeardAt = () => 1
  await inDoubt(client, clock)
  const { entries } = await client.outbox()
  expect(entries).toMatchObject([{ reason: { servers: [5] } }])
  let heartbeats = 1
  replica.otherHeardAt = () => (heartbeats += 1)
  await expect.poll(() => (clock.move(limits.outboxRetryMs), reasonsOf(client)), eachLook).toEqual([])
  expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
})
