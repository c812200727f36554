import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'

import type { ReplicaApi } from '../../replica/api/contract.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { cheapPassword, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

/** Compressing a large text, on another thread, waits for this. */
const compressing = vi.hoisted(() => ({ mayEnd: Promise.resolve<unknown>(undefined) }))
vi.mock('node:zlib', async (original) => {
  const zlib = await original<typeof import('node:zlib')>()
  const deflateRaw = (...given: Parameters<typeof zlib.deflateRaw>) => {
    void compressing.mayEnd.then(() => {
      zlib.deflateRaw(...given)
    })
  }
  return { ...zlib, deflateRaw }
})

type Method = 'submit' | 'tags' | 'lookUp'

/** A client whose replica's answers to one method can be held back, after it has done what was asked. */
const clientWithHolds = async (replica: MemoryReplica) => {
  let held: { readonly method: Method; readonly until: Promise<undefined> } | null = null
  let isAsked = false
  const connect = async (): Promise<ReplicaApi> => {
    const api: ReplicaApi = replica.connect()
    const holding = (method: Method): void => {
      const original = api[method].bind(api) as (request: unknown) => Promise<unknown>
      const later = async (request: unknown): Promise<unknown> => {
        const answer = original(request)
        if (held?.method === method) {
          const { until } = held
          isAsked = true
          await until
        }
        return answer
      }
      Object.assign(api, { [method]: later })
    }
    for (const method of ['submit', 'tags', 'lookUp'] as const) holding(method)
    return api
  }
  const client = await createMailClient({
    connect,
    machine: 'test machine',
    random: testRandom,
    // Soon after the replica's, so that nothing has been in the trash for long.
    clock: { ...systemTestClock, nowMs: () => 1_700_000_100_000 },
    passwordCost: cheapPassword,
  })
  /** From now on; `release` lets all that is held back go, and gives what follows from it its time. */
  const hold = (method: Method) => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    held = { method, until: promise }
    isAsked = false
    return {
      asked: () => expect.poll(() => isAsked).toBe(true),
      letOthersPass: () => {
        held = null
      },
      release: async () => {
        held = null
        resolve(undefined)
        await pause(50)
      },
    }
  }
  return { client, hold }
}

const logIn = (client: MailClient, name: string): Promise<void> =>
  client.logIn({ name, password: `${name}'s password` })

/** Ann is logged in; bob, who uses the same client, is not yet. */
const annAndBob = async () => {
  const replica = new MemoryReplica()
  const bob = await signedUp(replica, 'bob')
  const { client, hold } = await clientWithHolds(replica)
  await client.signUp({ name: 'ann', password: "ann's password" })
  return { replica, bob, client, hold }
}

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

const folder = async (client: MailClient, name: 'inbox' | 'sent' | 'trash'): Promise<readonly string[]> => {
  const { headers } = await client.list({ folder: name, limit: 50 })
  return headers.map(({ from, subject }) => `${from}: ${subject}`)
}

describe('when somebody else logs in at the same client', () => {
  test('what waits in the outbox does not leave as theirs, and leaves when its person is back', async () => {
    const { replica, client, hold } = await annAndBob()
    const elsewhere = new MemoryReplica({ groupId: replica.groupId })
    await signedUp(elsewhere, 'zoe')
    replica.isWhole = false
    for (const subject of ['one', 'two', 'three']) await client.send({ to: ['zoe'], subject, body: '' })
    const submitting = hold('submit')
    for (const account of elsewhere.accounts) replica.adopt(account)
    await submitting.asked()
    await logIn(client, 'bob')
    await submitting.release()
    expect(await folder(client, 'sent')).toEqual([])
    replica.isWhole = true
    await logIn(client, 'ann')
    await expect.poll(() => folder(client, 'sent')).toEqual(['ann: three', 'ann: two', 'ann: one'])
    await expect.poll(() => client.outbox()).toEqual({ entries: [] })
  })

  test('their trash is not emptied', async () => {
    const { bob, client, hold } = await annAndBob()
    const kept = await sendNow(bob, { to: ['bob'], subject: 'kept', body: '' })
    await bob.mark({ mails: [kept], mark: 'trash' })
    const mail = await sendNow(client, { to: ['ann'], subject: 'gone', body: '' })
    await client.mark({ mails: [mail], mark: 'trash' })
    const submitting = hold('submit')
    const emptied = outcome(client.emptyTrash())
    await submitting.asked()
    await logIn(client, 'bob')
    await submitting.release()
    expect(await emptied).toBe('NOT_LOGGED_IN')
    expect(await folder(client, 'trash')).toEqual(['bob: kept'])
    await logIn(client, 'ann')
    expect(await folder(client, 'trash')).toEqual([])
  })

  test('whom they know is not whom the one before wrote to', async () => {
    const { replica, client, hold } = await annAndBob()
    const elsewhere = new MemoryReplica({ groupId: replica.groupId })
    await signedUp(replica, 'cleo')
    await signedUp(elsewhere, 'bob')
    const looking = hold('lookUp')
    const sent = outcome(client.send({ to: ['bob'], subject: "ann's", body: '' }))
    await looking.asked()
    looking.letOthersPass()
    await logIn(client, 'cleo')
    await looking.release()
    expect(await sent).toBe('NOT_LOGGED_IN')
    replica.accounts.splice(0, replica.accounts.findIndex(({ name }) => name === 'bob') + 1)
    for (const account of elsewhere.accounts) replica.adopt(account)
    await sendNow(client, { to: ['bob'], subject: "cleo's", body: '' })
  })

  test('a draft that was just being saved is not among theirs', async () => {
    const { client } = await annAndBob()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    compressing.mayEnd = promise
    const saved = outcome(client.saveDraft({ to: [], subject: 'diary', body: 'dear diary, '.repeat(80_000) }))
    await logIn(client, 'bob')
    resolve(undefined)
    expect(await saved).toBe('NOT_LOGGED_IN')
    expect(await client.drafts()).toEqual({ drafts: [] })
  })

  test('their copies of mails are not marked', async () => {
    const { replica, bob, client } = await annAndBob()
    const mail = await sendNow(bob, { to: ['ann', 'bob'], subject: 'to both', body: '' })
    await client.close()
    const again = await clientWithHolds(replica)
    await logIn(again.client, 'ann')
    const asking = again.hold('tags')
    const marked = outcome(again.client.mark({ mails: [mail], mark: 'trash' }))
    await asking.asked()
    await logIn(again.client, 'bob')
    await asking.release()
    expect(await marked).toBe('NOT_LOGGED_IN')
    expect(await folder(again.client, 'inbox')).toEqual(['bob: to both'])
  })

  test('their keys are not replaced by those of who was logged in before', async () => {
    const { client, hold } = await annAndBob()
    const lookingUp = hold('lookUp')
    const noted = outcome(client.noteRecovery())
    await lookingUp.asked()
    lookingUp.letOthersPass()
    await logIn(client, 'bob')
    await lookingUp.release()
    expect(await noted).toBe('NOT_LOGGED_IN')
    await client.logOut()
    await logIn(client, 'bob')
    expect(client.loggedInAs).toBe('bob')
  })

  test('they stay logged in when the account of who was before is gone', async () => {
    const { client, hold } = await annAndBob()
    const submitting = hold('submit')
    const deleted = outcome(client.deleteAccount())
    await submitting.asked()
    await logIn(client, 'bob')
    await submitting.release()
    expect(await deleted).toBe('done')
    expect(client.loggedInAs).toBe('bob')
    expect(await folder(client, 'inbox')).toEqual([])
  })

  test('they still find a mail that the other one has deleted', async () => {
    const { bob, client, hold } = await annAndBob()
    const mail = await sendNow(bob, { to: ['ann', 'bob'], subject: 'to both', body: 'valve' })
    const submitting = hold('submit')
    const deleted = outcome(client.delete({ mail }))
    await submitting.asked()
    await logIn(client, 'bob')
    const found = async (): Promise<number> =>
      (await client.search({ query: 'valve', limit: 9, until: 'indexed' })).total
    expect(await found()).toBe(1)
    await submitting.release()
    expect(await deleted).toBe('done')
    expect(await found()).toBe(1)
  })

  test('they are not told of mail that came for the one before', async () => {
    const { replica, bob, client } = await annAndBob()
    const told: (string | null)[] = []
    client.onEvent(({ event }) => {
      if (event === 'mail') told.push(client.loggedInAs)
    })
    // More than are opened while somebody logs in.
    for (let number = 1; number <= 100; number += 1) await sendNow(bob, { to: ['ann'], subject: `${number}`, body: '' })
    await expect.poll(() => told.length).toBe(100)
    const came = replica.mails.map((mail) => ({
      event: 'mail' as const,
      mail: replica.tell(mail, mail.change.to[0] ?? mail.change.account),
    }))
    for (let round = 1; round <= 10; round += 1) for (const event of came) replica.tellAll(event)
    await logIn(client, 'bob')
    await pause(200)
    expect(told).not.toContain('bob')
  })
})
