import { describe, expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { clientAt } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const ann = async (replica: MemoryReplica) => {
  const clock = new ManualClock()
  const client = await clientAt(replica, clock)
  await client.signUp({ name: 'ann', password: 'a long password' })
  return { client, clock }
}

describe('logging out', () => {
  test.each(['logOut', 'close', 'deleteAccount'] as const)(
    'lets a held mail go when nobody can take it back any more: %s',
    async (how) => {
      const replica = new MemoryReplica()
      const { client } = await ann(replica)
      await client.send({ to: ['ann'], subject: 'leaves at once', body: '', holdMs: 600_000 })
      expect(replica.mails).toHaveLength(0)
      await client[how]()
      expect(replica.mails).toHaveLength(1)
      expect(replica.documents).toEqual([])
    },
  )

  test('does not wait for a server that is silent, and is told to it when it is heard again', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await ann(replica)
    const [connection] = [...replica.connections].slice(-1)
    if (connection === undefined) throw new Error('ann is connected')
    const logOut = connection.logOut.bind(connection)
    const heard = Promise.withResolvers<undefined>()
    connection.logOut = () => heard.promise.then(logOut)
    const loggedOut = client.logOut()
    expect(client.loggedInAs).toBeNull()
    await expect.poll(() => clock.move(limits.leaveMs)).toBeUndefined()
    await loggedOut
    expect(connection.session).not.toBeNull()
    heard.resolve(undefined)
    await expect.poll(() => connection.session).toBeNull()
  })

  test('keeps nobody logged in for a held mail that cannot leave', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await ann(replica)
    await client.send({ to: ['ann'], subject: 'held', body: '', holdMs: 600_000 })
    const [connection] = [...replica.connections].slice(-1)
    if (connection === undefined) throw new Error('ann is connected')
    connection.submit = () => new Promise(() => undefined)
    const loggedOut = client.logOut()
    await expect.poll(() => clock.move(limits.leaveMs)).toBeUndefined()
    await loggedOut
    expect(client.loggedInAs).toBeNull()
  })
})
