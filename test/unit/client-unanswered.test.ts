import { describe, expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { serverId, type UpdateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { cheapPassword, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { steppedClock } from '../support/stepped-clock.ts'

interface Ann {
  readonly client: MailClient
  readonly home: MemoryReplica
  readonly other: MemoryReplica
  /** Her own server goes away when it has been given another wish; it does not answer any of them. */
  readonly loseAnswers: (next: 'at the other server' | 'at home again') => Promise<void>
}

/** Server 2 knows Ann, and nothing of what came to her own server afterwards. */
const annAtHome = async (): Promise<Ann> => {
  const groupId = testRandom(16)
  const [home, other] = [new MemoryReplica({ groupId }), new MemoryReplica({ groupId, server: serverId(2) })]
  let isHomeUp = true
  const client = await createMailClient({
    connect: (server) => {
      if (server !== null) return Promise.resolve(other.connect())
      if (isHomeUp) return Promise.resolve(home.connect())
      return Promise.reject(new QuintetError('UNREACHABLE', 'Server 1 is away.'))
    },
    machine: 'test machine',
    servers: { home: home.server, list: () => Promise.resolve([home.server, other.server]) },
    random: testRandom,
    clock: systemTestClock,
    passwordCost: cheapPassword,
  })
  await client.signUp({ name: 'ann', password: 'a password' })
  other.adopt({ ...home.accounts[0]! })
  const loseAnswers: Ann['loseAnswers'] = async (next) => {
    const before = home.submissions.length
    for (const connection of home.connections) connection.answerAfter = new Promise(() => undefined)
    while (home.submissions.length === before) await new Promise((turn) => setImmediate(turn))
    isHomeUp = next === 'at home again'
    home.dropConnections()
  }
  return { client, home, other, loseAnswers }
}

/** What a deletion is answered with whose first answer is lost. */
const deleted = async ({ client, loseAnswers }: Ann, mail: UpdateId, next: Parameters<Ann['loseAnswers']>[0]) => {
  const answer = client.delete({ mail }).then(
    () => 'done',
    (error: unknown) => error,
  )
  await loseAnswers(next)
  return answer
}

describe('a wish whose answer was lost with the server', () => {
  test('is not said to have failed by a server that knows less', async () => {
    const ann = await annAtHome()
    const mail = await sendNow(ann.client, { to: ['ann'], subject: 'only at home', body: '' })
    expect(await deleted(ann, mail, 'at the other server')).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(
        /^Server 1 went away before it answered, and server 2 refuses: There is no such mail\./,
      ) as unknown,
    })
    await ann.client.close()
  })

  test('is answered by the same server when that is back', async () => {
    const ann = await annAtHome()
    const mail = await sendNow(ann.client, { to: ['ann'], subject: 'only at home', body: '' })
    expect(await deleted(ann, mail, 'at home again')).toBe('done')
    await ann.client.close()
  })

  test('and was the log-out, or the one after a deletion of the account, is done', async () => {
    const logOuts = [(client: MailClient) => client.logOut(), (client: MailClient) => client.deleteAccount()]
    for (const leave of logOuts) {
      const replica = new MemoryReplica()
      let isUp = true
      const away = new QuintetError('UNREACHABLE', 'Nobody is there.')
      const { clock, runTo } = steppedClock()
      const client = await createMailClient({
        connect: () => (isUp ? Promise.resolve(replica.connect()) : Promise.reject(away)),
        machine: 'test machine',
        random: testRandom,
        clock,
        passwordCost: cheapPassword,
      })
      await client.signUp({ name: 'ann', password: 'a password' })
      const [connection] = replica.connections
      connection!.logOut = () => {
        isUp = false
        replica.dropConnections()
        return Promise.reject(away)
      }
      const left = leave(client)
      await runTo(limits.reconnectWaitMs)
      await left
      expect(client.loggedInAs).toBeNull()
      await client.close()
    }
  })

  test('and was to send a mail waits as the same wish for the names that are not known any more', async () => {
    const { client, home, other, loseAnswers } = await annAtHome()
    const bob = await signedUp(home, 'bob')
    await sendNow(client, { to: ['bob'], subject: 'first', body: '' })
    const sending = client.send({ to: ['bob'], subject: 'second', body: '' })
    await loseAnswers('at the other server')
    expect(await sending).toMatchObject({ reason: { kind: 'unknownNames', names: ['bob'] } })
    const sent = nextEvent(client, 'sent')
    other.adopt({ ...home.accounts[1]! })
    await sent
    const commandsOf = (replica: MemoryReplica): readonly string[] =>
      replica.submissions.filter(({ kind }) => kind === 'mail').map(({ command }) => command)
    expect(commandsOf(home).at(-1)).toBe(commandsOf(other).at(-1))
    expect(home.mails).toHaveLength(2)
    await client.close()
    await bob.close()
  })
})
