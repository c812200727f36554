import { describe, expect, test } from 'vitest'
import { decodeKeptSession } from '../../replica/client/kept-session.ts'
import { encodeCbor } from '../../replica/wire/cbor.ts'
import { fromBase64Url } from '../../replica/wire/bytes.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { clientOf, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

describe('a log-in that is kept', () => {
  test('goes on at a later client without the password, and reads and sends', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const mail = await sendNow(ann, { to: ['ann'], subject: 'Before', body: 'the text' })
    const kept = ann.keptSession()
    await ann.close()
    const later = await clientOf(replica)
    await later.resumeSession({ kept })
    expect(later.loggedInAs).toBe('ann')
    expect(await later.read({ mail })).toMatchObject({ subject: 'Before', body: 'the text' })
    await sendNow(later, { to: ['ann'], subject: 'After', body: '' })
  })

  test('takes nobody over: who logged in elsewhere meanwhile stays, and it ends', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const kept = ann.keptSession()
    await ann.close()
    const elsewhere = await clientOf(replica)
    await elsewhere.logIn({ name: 'ann', password: "ann's password" })
    const later = await clientOf(replica)
    expect(await codeOf(later.resumeSession({ kept }))).toBe('NOT_ALLOWED')
    expect(later.loggedInAs).toBeNull()
    expect(elsewhere.loggedInAs).toBe('ann')
  })

  test('is refused when it is damaged, of a newer version, or of an account that is gone', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const kept = ann.keptSession()
    const later = await clientOf(replica)
    expect(await codeOf(later.resumeSession({ kept: kept.subarray(0, -1) }))).toBe('DAMAGED')
    expect(
      await codeOf(later.resumeSession({ kept: Uint8Array.from(kept, (byte, at) => (at === 1 ? 2 : byte)) })),
    ).toBe('NEWER_FORMAT')
    await ann.deleteAccount()
    expect(await codeOf(later.resumeSession({ kept }))).toBe('NO_SUCH_ACCOUNT')
    expect(() => later.keptSession()).toThrow('Log in first.')
  })

  test('tells whose account was deleted while nobody was logged in', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const kept = ann.keptSession()
    await ann.close()
    for (const account of replica.accounts) account.deleted = true
    const later = await clientOf(replica)
    const told = nextEvent(later, 'accountDeleted')
    expect(await codeOf(later.resumeSession({ kept }))).toBe('NO_SUCH_ACCOUNT')
    expect(await told).toEqual({ event: 'accountDeleted', name: 'ann' })
  })

  test('can be one of a version that did not keep the name', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const kept = decodeKeptSession(ann.keptSession())
    await ann.close()
    const { halves, session, clock } = kept
    const former = encodeCbor([1, halves.signSeed, halves.sealSecret, fromBase64Url(session), clock])
    expect(decodeKeptSession(former)).toEqual({ ...kept, name: '' })
    const later = await clientOf(replica)
    await later.resumeSession({ kept: former })
    expect(later.loggedInAs).toBe('ann')
  })

  test('is not said to be of an account that is gone by a server where that has not come yet', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const kept = ann.keptSession()
    await ann.close()
    const newcomer = new MemoryReplica({ groupId: replica.groupId })
    const later = await clientOf(newcomer)
    newcomer.isNewcomer = true
    expect(await codeOf(later.resumeSession({ kept }))).toBe('NOT_HERE_YET')
    newcomer.adopt(replica.accounts[0]!)
    await later.resumeSession({ kept })
    expect(later.loggedInAs).toBe('ann')
  })
})
