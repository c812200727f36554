import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { clientAt, nextEvent, person } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const holdMs = 10_000
const password = "ann's password"

/** A mail that waits, and its writer at another client, at a server that does not reach all others. */
const atAnotherClient = async () => {
  const replica = new MemoryReplica()
  const { client: first, clock } = await person(replica, 'ann')
  const answer = await first.send({ to: ['ann'], subject: 'perhaps', body: '', holdMs })
  replica.isWhole = false
  const client = await clientAt(replica, clock)
  await client.logIn({ name: 'ann', password })
  const outbox = 'outbox' in answer ? answer.outbox : ''
  return { replica, first, client, clock, outbox }
}

const reasonsAt = async ({ client }: Pick<Awaited<ReturnType<typeof atAnotherClient>>, 'client'>) =>
  (await client.outbox()).entries.map(({ reason }) => reason)

test('a mail that was not written since the log-in waits until all servers can be asked whether it was taken back', async () => {
  const { replica, client, clock } = await atAnotherClient()
  const told = nextEvent(client, 'mailbox')
  clock.move(holdMs)
  await told
  const until = clock.nowMs() + limits.takenBackElsewhereMs
  expect(await reasonsAt({ client })).toEqual([{ kind: 'inDoubt', servers: [5], until }])
  expect(await client.counts()).toMatchObject({ outbox: 1, sent: 0 })
  const sent = nextEvent(client, 'sent')
  replica.isWhole = true
  clock.move(limits.outboxRetryMs)
  await sent
  expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
})

test('what was taken back there does not leave when that becomes known', async () => {
  const { replica, client, clock } = await atAnotherClient()
  const told = nextEvent(client, 'mailbox')
  clock.move(holdMs)
  await told
  replica.isWhole = true
  replica.documents = []
  replica.tellAll({ event: 'mailbox' })
  clock.move(limits.takenBackElsewhereMs)
  expect(await reasonsAt({ client })).toEqual([])
  expect(await client.counts()).toMatchObject({ outbox: 0, sent: 0 })
})

test('it leaves when servers have not been heard for long', async () => {
  const { client, clock } = await atAnotherClient()
  const told = nextEvent(client, 'mailbox')
  clock.move(holdMs)
  await told
  const sent = nextEvent(client, 'sent')
  await expect.poll(() => (clock.move(limits.takenBackElsewhereMs), client.counts())).toMatchObject({ sent: 1 })
  await sent
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
