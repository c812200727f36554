import { describe, expect, test } from 'vitest'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { serveReplica } from '../../replica/api/serve-replica.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { makeFramePair, type FramePair } from '../support/frame-pair.ts'
import { sendNow } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

describe('what goes to a replica', () => {
  test('never holds the password, a private key, or what a mail says', async () => {
    const replica = new MemoryReplica()
    const pairs: FramePair[] = []
    const secrets: Uint8Array[] = []
    const client = await createMailClient({
      machine: 'test machine',
      connect: async () => {
        const pair = makeFramePair()
        pairs.push(pair)
        void serveReplica({
          stream: pair.replica,
          open: () => replica.connect(),
          isAdminToken: () => false,
          requires: 'person',
        })
        return connectReplica({ stream: pair.client, adminToken: null, clock: systemTestClock })
      },
      random: (length) => {
        const bytes = testRandom(length)
        if (length === 32) secrets.push(bytes)
        return bytes
      },
      clock: systemTestClock,
      passwordCost: { log2N: 4, r: 1, p: 1 },
    })
    const said = ['correct horse battery staple', 'the subject of it all', 'the body of the mail']
    const [password = '', subject = '', body = ''] = said
    await client.signUp({ name: 'ann', password })
    const mail = await sendNow(client, { to: ['ann'], subject, body })
    await client.read({ mail })
    await client.logOut()
    await client.logIn({ name: 'ann', password })
    await client.deleteAccount()
    const sent = Buffer.concat(pairs.flatMap(({ sentByClient }) => sentByClient))
    for (const text of said) expect(sent.includes(text)).toBe(false)
    // Two private halves, the key that seals them, and the mail's content key.
    expect(secrets).toHaveLength(4)
    for (const secret of secrets) {
      expect(sent.includes(Buffer.from(secret))).toBe(false)
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(sent.includes(Buffer.from(secret).toString(form))).toBe(false)
      }
    }
    await client.close()
  })
})
