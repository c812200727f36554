import { expect, test, vi } from 'vitest'
import type { DocumentId } from '../../replica/core/model/ids.ts'
import { documentId, serverId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { ownDocuments } from '../../replica/client/own-documents.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { inOrder } from '../../replica/wire/mailbox-payloads.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { testRandom } from '../support/client-ports.ts'
import { cheapPassword, clientAt, clientOver } from '../support/mail-clients.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const logIn = { name: 'ann', password: "ann's password" }
const own = Object.values(ownDocuments)
const draft: DocumentId = documentId('B'.repeat(21) + 'A')
const enough = limits.forgottenAtLeast

/** Ann, at a server that says that this can be forgotten. */
const annAt = async ({ deleted = enough, left = [draft] }: { deleted?: number; left?: readonly DocumentId[] } = {}) => {
  const replica = new MemoryReplica()
  const clock = new ManualClock()
  const ann = await clientAt(replica, clock)
  await ann.signUp(logIn)
  await ann.logOut()
  const monthAgo = (clock.nowMs() - limits.forgottenDays * 86_400_000) * 1_000
  replica.forgettable = { saidUpTo: monthAgo, deleted, left }
  return { replica, clock, ann, monthAgo }
}

/** Logs in, and waits until what the client then does by itself has been done: it says when it looks again, at the trash and at old documents. */
const logInAndWait = async (ann: MailClient, clock: ManualClock): Promise<void> => {
  const after = vi.spyOn(clock, 'after')
  await ann.logIn(logIn)
  const looksAgain = () => after.mock.calls.filter(([delayMs]) => delayMs === limits.forgetEveryMs).length
  await expect.poll(looksAgain).toBe(2)
}

test('at a log-in a client lets be forgotten what was deleted a month ago, but not what is there or is its own', async () => {
  const { replica, ann, monthAgo } = await annAt()
  await ann.logIn(logIn)
  await expect.poll(() => replica.forgotten).toHaveLength(1)
  expect(replica.forgotten[0]).toMatchObject({ saidUpTo: monthAgo, documents: inOrder([draft, ...own]) })
})

test('it looks again after an hour, and does nothing for little', async () => {
  const { replica, ann, clock } = await annAt({ deleted: enough - 1 })
  await logInAndWait(ann, clock)
  expect(replica.forgotten).toEqual([])
  const few = replica.forgettable
  replica.forgettable = few && { ...few, deleted: enough }
  clock.move(limits.forgetEveryMs)
  await expect.poll(() => replica.forgotten).toHaveLength(1)
})

test('a server whose clock is ahead has nothing of the last month forgotten', async () => {
  const { replica, ann, monthAgo } = await annAt()
  replica.forgettable = { saidUpTo: monthAgo + 86_400_000_000, deleted: enough, left: [] }
  await ann.logIn(logIn)
  await expect.poll(() => replica.forgotten).toHaveLength(1)
  expect(replica.forgotten[0]?.saidUpTo).toBeLessThan(monthAgo + 60_000_000)
})

test.each([
  ['a server is out of reach', (replica: MemoryReplica) => (replica.isWhole = false)],
  ['the server has not got all that it knows of', (replica: MemoryReplica) => (replica.lacks = 1)],
  ['more is there than can be named', (replica: MemoryReplica) => (replica.forgettable = null)],
])('nothing is forgotten where %s', async (_, change) => {
  const { replica, ann, clock } = await annAt()
  change(replica)
  await logInAndWait(ann, clock)
  expect(replica.forgotten).toEqual([])
})

test('nothing is forgotten on the word of another server than that of the machine', async () => {
  const { replica: other, clock } = await annAt()
  const home = new MemoryReplica({ groupId: other.groupId, server: serverId(2) })
  const ann = await clientOver(async (server) => (server === null ? home : other).connect(), clock)
  await ann.connect({ server: other.server })
  await logInAndWait(ann, clock)
  expect([ann.server, other.forgotten]).toEqual([other.server, []])
})

/** Ann, on a machine without a server, at one that hides a draft; `others` can be asked as well. */
const annWithout = async (others: (hiding: MemoryReplica) => readonly MemoryReplica[]) => {
  const { replica, clock, monthAgo } = await annAt({ left: [] })
  const all = [replica, ...others(replica)]
  const ann = await createMailClient({
    connect: async (server) => all.find((one) => one.server === server)!.connect(),
    servers: { home: 'none', list: async () => all.map(({ server }) => server) },
    ...{ machine: 'test machine', random: testRandom, clock, passwordCost: cheapPassword },
  })
  return { replica, ann, clock, monthAgo }
}

const second = (hiding: MemoryReplica): MemoryReplica => {
  const other = new MemoryReplica({ groupId: hiding.groupId, server: serverId(2) })
  other.accounts.push(...hiding.accounts)
  other.forgettable = hiding.forgettable && { ...hiding.forgettable, left: [draft], saidUpTo: 1_000 }
  return other
}

test('who has no server on their machine lets be forgotten what a second one does not have, either', async () => {
  const { replica, ann } = await annWithout((hiding) => [second(hiding)])
  await ann.logIn(logIn)
  await expect.poll(() => replica.forgotten).toHaveLength(1)
  expect(replica.forgotten[0]).toMatchObject({ saidUpTo: 1_000, documents: inOrder([draft, ...own]) })
  // It is logged in there no more, and still here.
  expect(ann.server).toBe(replica.server)
})

test.each([
  ['there is no second server', () => []],
  ['that lags', (hiding: MemoryReplica) => [Object.assign(second(hiding), { lacks: 1 })]],
  ['that has too much', (hiding: MemoryReplica) => [Object.assign(second(hiding), { forgettable: null })]],
])('it lets nothing be forgotten where %s', async (_, others) => {
  const { replica, ann, clock } = await annWithout(others)
  await logInAndWait(ann, clock)
  expect(replica.forgotten).toEqual([])
})
