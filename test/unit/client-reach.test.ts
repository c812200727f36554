import { describe, expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

/** Bob has signed up at another server, of which something has not come yet. */
const beforeBob = async () => {
  const replica = new MemoryReplica()
  const elsewhere = new MemoryReplica({ groupId: replica.groupId })
  await signedUp(elsewhere, 'bob')
  const client = await signedUp(replica, 'ann')
  replica.lacks = 1
  const catchUp = (): void => {
    for (const account of elsewhere.accounts) replica.adopt(account)
    replica.lacks = 0
  }
  return { replica, client, catchUp }
}

/** Until the client has asked the replica what it lacks. */
const asked = async (replica: MemoryReplica): Promise<void> => {
  const before = replica.statuses
  while (replica.statuses === before) await new Promise((turn) => setImmediate(turn))
}

const letter = (to: string) => ({ to: [to], subject: 'as soon as the split is over', body: '' })

const sendDuring = async (client: MailClient, replica: MemoryReplica, to: string, meanwhile: () => void) => {
  const sending = sendNow(client, letter(to)).catch((error: unknown) => error)
  await asked(replica)
  meanwhile()
  return sending
}

describe('a name that is not known while a merge is not over', () => {
  test('is looked up again when all has come', async () => {
    const { replica, client, catchUp } = await beforeBob()
    expect(await sendDuring(client, replica, 'bob', catchUp)).toBe(replica.mails[0]?.mail)
    await client.close()
  })

  test('is refused when it is not known then, either', async () => {
    const { replica, client, catchUp } = await beforeBob()
    expect(await sendDuring(client, replica, 'nobody', catchUp)).toMatchObject({ code: 'NO_SUCH_ACCOUNT' })
    await client.close()
  })

  test('is waited for when the merge takes long', async () => {
    const { client, catchUp } = await beforeBob()
    expect(await client.send(letter('bob'))).toMatchObject({ reason: { kind: 'unknownNames', names: ['bob'] } })
    catchUp()
    await client.close()
  })
})
