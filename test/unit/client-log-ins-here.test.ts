import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import type { KnownServers } from '../../replica/client/link-connection.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { createClientStore } from '../../replica/drivers/client-store.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { codeOf } from '../support/code-of.ts'
import { cheapPassword, clientOf, nextEvent, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const withoutServer: KnownServers = { home: 'none', list: () => Promise.resolve([serverId(1)]) }
const withServer: KnownServers = { ...withoutServer, home: 'unnamed' }

/** A machine, by what gives a new client on it of this replica; it has no server unless that is said. */
const machine = async (): Promise<(replica: MemoryReplica, servers?: KnownServers) => Promise<MailClient>> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-log-ins-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = createClientStore(folder)
  return (replica, servers = withoutServer) =>
    createMailClient({
      servers,
      connect: async () => replica.connect(),
      machine: 'test machine',
      random: testRandom,
      clock: systemTestClock,
      store,
      passwordCost: cheapPassword,
    })
}

const password = "ann's password"

/** Ann has logged in on a machine before; servers can show other accounts by her name, as if two had taken it apart. */
const annOnMachine = async (others = 0) => {
  const replica = new MemoryReplica()
  await (await signedUp(replica, 'ann')).close()
  const open = await machine()
  const before = await open(replica)
  await before.logIn({ name: 'ann', password })
  await before.close()
  const madeUp = await Promise.all(
    Array.from({ length: others }, async (_, index) => {
      const elsewhere = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
      await (await signedUp(elsewhere, 'ann')).close()
      return { ...elsewhere.accounts[0]!, name: `ann~${index + 1}` }
    }),
  )
  replica.accounts.push(...madeUp)
  return { replica, open, own: replica.accounts[0]!, madeUp }
}

/** How often scrypt was asked for while this went on: once for each account that a password is tried on. */
const tries = vi.hoisted(() => ({ count: 0 }))
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  const scrypt = (...given: Parameters<typeof crypto.scrypt>) => {
    tries.count += 1
    crypto.scrypt(...given)
  }
  return { ...crypto, scrypt }
})

const triesOf = async (work: Promise<unknown>): Promise<number> => {
  const before = tries.count
  await work.catch(() => undefined)
  return tries.count - before
}

test('a wrong password is tried on no other account of the name where somebody has logged in by it', async () => {
  const { replica, open } = await annOnMachine(4)
  const client = await open(replica)
  const attempt = client.logIn({ name: 'Ann', password: 'mistyped' })
  expect(await triesOf(attempt)).toBe(1)
  expect(await codeOf(attempt)).toBe('WRONG_PASSWORD')
  await client.logIn({ name: 'ann', password })
  // On a machine where nobody has, the account may be any of them.
  const elsewhere = await clientOf(replica)
  expect(await triesOf(elsewhere.logIn({ name: 'ann', password: 'mistyped' }))).toBe(5)
})

test('a password is tried on one account of each name at most, however many a server shows', async () => {
  const { replica, madeUp } = await annOnMachine(3)
  const client = await clientOf(replica)
  const [connection] = replica.connections
  const shown = [...replica.accounts, ...madeUp.map((record) => ({ ...record, name: 'ann~1' }))]
  connection!.lookUp = async () => shown
  expect(await triesOf(client.logIn({ name: 'ann', password: 'mistyped' }))).toBe(4)
  connection!.lookUp = async () => madeUp.map((record, index) => ({ ...record, name: `ann~${index + 6}` }))
  expect(await triesOf(client.logIn({ name: 'ann', password: 'mistyped' }))).toBe(0)
})

test('who has logged in by a name that is another account by now gets the own account, and nobody else’s is tried', async () => {
  const { replica, open, own, madeUp } = await annOnMachine(1)
  replica.accounts.splice(0, 2, { ...madeUp[0]!, name: 'ann' }, { ...own, name: 'ann~1' })
  const client = await open(replica)
  const told = nextEvent(client, 'renamed')
  expect(await triesOf(client.logIn({ name: 'ann', password }))).toBe(1)
  expect([client.account, await told]).toEqual([own.account, { event: 'renamed', name: 'ann~1' }])
})

test('whose account was hidden gives no password to one that has its name, unless they want that', async () => {
  const { replica, open, madeUp } = await annOnMachine(2)
  replica.accounts.splice(0, 3, { ...madeUp[0]!, name: 'ann' }, madeUp[1]!)
  const client = await open(replica)
  const attempt = client.logIn({ name: 'ann', password })
  expect(await triesOf(attempt)).toBe(0)
  expect(await codeOf(attempt)).toBe('ANOTHER_BY_THAT_NAME')
  expect(await triesOf(client.logIn({ name: 'ann', password }))).toBe(1)
  expect(client.account).toBe(madeUp[0]!.account)
  await client.logOut()
  // From then on the machine knows both.
  expect(await codeOf(client.logIn({ name: 'ann', password }))).toBe('no failure')
})

test('somebody else of the name, on a machine where another one logs in, is let in when they say so once more', async () => {
  const { replica, open, own } = await annOnMachine()
  const elsewhere = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
  const other = await clientOf(elsewhere)
  await other.signUp({ name: 'ann', password: 'of the other' })
  replica.accounts.splice(0, 1, elsewhere.accounts[0]!, { ...own, name: 'ann~1' })
  const client = await open(replica)
  await expect(client.logIn({ name: 'ann', password: 'of the other' })).rejects.toThrow(/Log in once more/)
  await client.logIn({ name: 'ann', password: 'of the other' })
  expect(client.account).toBe(other.account)
})

test('a machine whose own server has another account of the name lets its person in at once', async () => {
  const { replica, open, madeUp } = await annOnMachine(2)
  replica.accounts.splice(0, 3, { ...madeUp[0]!, name: 'ann' }, madeUp[1]!)
  const client = await open(replica, withServer)
  await client.logIn({ name: 'ann', password })
  expect(client.account).toBe(madeUp[0]!.account)
})

test('a machine forgets who deletes the account there, and the name is anybody’s', async () => {
  const { replica, open } = await annOnMachine()
  const client = await open(replica)
  await client.logIn({ name: 'ann', password })
  await client.deleteAccount()
  await client.close()
  await (await signedUp(replica, 'ann')).close()
  const next = await open(replica)
  expect(await codeOf(next.logIn({ name: 'ann', password }))).toBe('no failure')
})

test('what another group has left on a machine counts for nothing', async () => {
  const { open } = await annOnMachine()
  const other = new MemoryReplica()
  await (await signedUp(other, 'ann')).close()
  expect(await codeOf((await open(other)).logIn({ name: 'ann', password }))).toBe('no failure')
})

/** Ann has renewed her phrase on this machine, on one side of a split, and at another one, on the other side, whose phrase counts. */
const phraseApart = async () => {
  const { replica, open, own } = await annOnMachine()
  const there = new MemoryReplica({ server: serverId(2), groupId: replica.groupId })
  there.accounts.push({ ...replica.accounts[0]! })
  const other = await clientOf(there)
  await other.logIn({ name: 'ann', password })
  await other.renewRecoveryPhrase({ password })
  const client = await open(replica)
  await client.logIn({ name: 'ann', password })
  await client.renewRecoveryPhrase({ password })
  return { replica, open, own, client, merge: () => (replica.accounts[0] = there.accounts[0]!) }
}

const eventsOf = (client: MailClient): ClientEvent['event'][] => {
  const events: ClientEvent['event'][] = []
  client.onEvent(({ event }) => events.push(event))
  return events
}

test('who has made a phrase apart, and not last, is told at the next log-in on the machine, whenever that is, and once', async () => {
  const { replica, open, client, merge } = await phraseApart()
  await client.close()
  merge()
  const later = await open(replica)
  const told = nextEvent(later, 'keysChanged')
  await later.logIn({ name: 'ann', password })
  expect(await told).toMatchObject({ what: 'phrase', change: { server: 2 } })
  await later.close()
  const last = await open(replica)
  const events = eventsOf(last)
  await last.logIn({ name: 'ann', password })
  await last.recoveryNoted()
  expect(events).not.toContain('keysChanged')
})

test('so is who stays signed in over an end of the program', async () => {
  const { replica, open, client, merge } = await phraseApart()
  const kept = client.keptSession()
  await client.close()
  merge()
  const later = await open(replica)
  const told = nextEvent(later, 'keysChanged')
  await later.resumeSession({ kept })
  expect(await told).toMatchObject({ what: 'phrase', change: { server: 2 } })
})

test('a server that shows former locks is not believed that the phrase was changed', async () => {
  const { replica, open, client, own } = await phraseApart()
  await client.close()
  const former = new MemoryReplica({ groupId: replica.groupId })
  former.accounts.push(own)
  const later = await open(former)
  const events = eventsOf(later)
  await later.logIn({ name: 'ann', password })
  expect(events).not.toContain('keysChanged')
})
