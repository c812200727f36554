import { beforeAll, describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { anyText, mailNamed, send, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

const logInAt = async (group: ReplicaGroup, name: string, server: number): Promise<MailProcess> => {
  const client = group.client(server)
  await client.ask('logIn', { name, password: passwordOf(name) })
  return client
}

describe('one session per account', () => {
  let group: ReplicaGroup

  beforeAll(async () => {
    group = await cluster.group([1, 2, 3])
  })

  test('logging in at another server takes the session over, and the older one is told where', async () => {
    const older = await group.person('ann', 1)
    await group.settled()
    const newer = await logInAt(group, 'ann', 3)
    expect(await older.event('takenOver', () => true)).toMatchObject({ server: 3, machine: anyText })
    expect(await codeOf(older.ask('list', { folder: 'inbox' }))).toBe('NOT_LOGGED_IN')
    await send(newer, 'ann', 'to myself')
    await expect
      .poll(async () => (await group.operator(2).ask('accounts', { like: 'ann', servers: true })).accounts)
      .toEqual([{ name: 'ann', online: true, servers: [3] }])
  })

  test('a client that comes back after its server was restarted takes over nobody, and is not taken over', async () => {
    const only = await group.person('bea', 1)
    await group.kill(1)
    await group.restart(1)
    await only.event('connected', (event) => event['server'] === 1)
    await send(only, 'bea', 'still me')
    expect(only.events('takenOver')).toEqual([])
  })

  test('in a partition both live on, and the later log-in wins when they meet', async () => {
    const earlier = await group.person('cara', 1)
    await group.settled()
    await group.partition([1], [2, 3])
    const later = await logInAt(group, 'cara', 2)
    await send(earlier, 'cara', 'from the first')
    await send(later, 'cara', 'from the second')
    expect(earlier.events('takenOver')).toEqual([])
    await group.heal()
    expect(await earlier.event('takenOver', () => true)).toMatchObject({ server: 2 })
    await group.settled()
    expect([...(await subjectsOf(later, 'inbox'))].sort()).toEqual(['from the first', 'from the second'])
    expect(later.events('takenOver')).toEqual([])
  })
})

describe('accounts', () => {
  let group: ReplicaGroup

  beforeAll(async () => {
    group = await cluster.group([1, 2, 3])
  })

  test('of a deleted account undelivered mail arrives, its mailbox goes, and its name is free', async () => {
    const gone = await group.person('dan', 1)
    const eva = await group.person('eva', 3)
    await group.settled()
    await send(eva, 'dan', 'for the old dan')
    await group.settled()
    await group.partition([1], [2, 3])
    await send(gone, 'eva', 'my last words', 'farewell')
    const elsewhere = await logInAt(group, 'dan', 2)
    await gone.ask('deleteAccount')
    await group.heal()
    expect(await elsewhere.event('accountDeleted', () => true)).toEqual({ event: 'accountDeleted', name: 'dan' })
    expect(await codeOf(elsewhere.ask('counts'))).toBe('NOT_LOGGED_IN')
    await group.settled()
    expect((await eva.ask('read', { mail: await mailNamed(eva, 'inbox', 'my last words') })).body).toBe('farewell')
    expect(await codeOf(send(eva, 'dan', 'too late'))).toBe('NO_SUCH_ACCOUNT')
    expect(await codeOf(group.client(2).ask('logIn', { name: 'dan', password: passwordOf('dan') }))).toBe(
      'NO_SUCH_ACCOUNT',
    )
    const heir = await group.person('dan', 2)
    expect(await subjectsOf(heir, 'inbox')).toEqual([])
    expect(await subjectsOf(heir, 'sent')).toEqual([])
    await group.settled()
    // Eva knew another dan.
    expect(await codeOf(send(eva, 'dan', 'for the new dan'))).toBe('NAME_CHANGED_HANDS')
    const [dan] = (await eva.ask('identities', { names: ['dan'] })).identities
    expect(dan).toMatchObject({ name: 'dan', known: { calledNow: null } })
    await eva.ask('accept', { name: 'dan', account: dan?.account })
    await send(eva, 'dan', 'for the new dan')
    await group.settled()
    expect(await subjectsOf(heir, 'inbox')).toEqual(['for the new dan'])
  })

  test('a changed password counts everywhere, and a forgotten one is reset by the phrase', async () => {
    const client = group.client(1)
    const { recoveryPhrase = '' } = await client.ask('signUp', { name: 'flo', password: 'first', phrase: true })
    expect(recoveryPhrase.split(' ')).toHaveLength(12)
    await send(client, 'flo', 'before all changes')
    expect(await codeOf(client.ask('changePassword', { password: 'wrong', newPassword: 'x' }))).toBe('WRONG_PASSWORD')
    await client.ask('changePassword', { password: 'first', newPassword: 'second' })
    await group.settled()
    const elsewhere = group.client(3)
    expect(await codeOf(elsewhere.ask('logIn', { name: 'flo', password: 'first' }))).toBe('WRONG_PASSWORD')
    await elsewhere.ask('logIn', { name: 'flo', password: 'second' })
    await elsewhere.ask('logOut')
    const reset = { name: 'flo', recoveryPhrase, newPassword: 'third' }
    const wrong = { ...reset, recoveryPhrase: `${recoveryPhrase} more` }
    expect(await codeOf(group.client(2).ask('resetPassword', wrong))).toBe('WRONG_PHRASE')
    const forgetful = group.client(2)
    await forgetful.ask('resetPassword', reset)
    expect(await subjectsOf(forgetful, 'inbox')).toEqual(['before all changes'])
    const { recoveryPhrase: renewed } = await forgetful.ask('renewRecoveryPhrase', { password: 'third' })
    await group.settled()
    expect(await codeOf(group.client(1).ask('resetPassword', reset))).toBe('WRONG_PHRASE')
    await group.client(1).ask('resetPassword', { ...reset, recoveryPhrase: renewed, newPassword: 'fourth' })
  })

  test('of two passwords set in two partitions the later one stands', async () => {
    const earlier = await group.person('gus', 1)
    await group.settled()
    await group.partition([1], [2, 3])
    await earlier.ask('changePassword', { password: passwordOf('gus'), newPassword: 'earlier' })
    const later = await logInAt(group, 'gus', 2)
    await later.ask('changePassword', { password: passwordOf('gus'), newPassword: 'later' })
    await later.ask('logOut')
    await group.heal()
    const told = await earlier.event('keysChanged', () => true)
    expect(told).toMatchObject({ what: 'password', change: { server: 2 } })
    await group.settled()
    for (const server of [1, 3]) {
      const refused = group.client(server).ask('logIn', { name: 'gus', password: 'earlier' })
      await expect(refused).rejects.toThrow(/changed on .*, at server 2/)
      expect(await codeOf(refused)).toBe('WRONG_PASSWORD')
      await group.client(server).ask('logIn', { name: 'gus', password: 'later' })
    }
  })

  test('two accounts with one name both live on, and the later one is told its new name', async () => {
    await group.partition([1], [2, 3])
    const first = await group.person('ida', 1)
    const second = await group.person('ida', 2)
    const friend = await group.person('hal', 3)
    await group.settled([2, 3])
    await send(friend, 'ida', 'to my friend')
    await group.heal()
    expect(await second.event('renamed', () => true)).toEqual({ event: 'renamed', name: 'ida~2' })
    await group.settled()
    await send(first, 'ida~2', 'to my namesake')
    await second.event('mail', (event) => event['from'] === 'ida')
    await send(second, 'ida', 'and back')
    await first.event('mail', (event) => event['from'] === 'ida~2')
    // Whoever knew the later one as ida is not to write to the other one unawares, wherever they log in, and finds the friend again.
    const friendAtOne = await logInAt(group, 'hal', 1)
    await expect(send(friendAtOne, 'ida', 'for my friend alone')).rejects.toThrow(/called ida~2 now/)
    const [ida, named] = (await friendAtOne.ask('identities', { names: ['ida', 'ida~2'] })).identities
    expect(ida).toMatchObject({ known: { account: named?.account, words: named?.words, calledNow: 'ida~2' } })
    expect((await first.ask('identities', { names: ['ida'] })).identities).toMatchObject([{ words: ida?.words }])
    await send(friendAtOne, 'ida~2', 'for my friend alone')
    await second.event('mail', (event) => event['subject'] === 'for my friend alone')
    await send(first, 'hal', 'from the other ida')
    const strange = await friendAtOne.event('mail', (event) => event['subject'] === 'from the other ida')
    expect(strange).toMatchObject({ from: 'ida', fromAnother: true })
    await group.client(3).ask('logIn', { name: 'ida~2', password: passwordOf('ida') })
  })
})
