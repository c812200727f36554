import { expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { clientAt, sendNow } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const password = 'a long password'
const trashMs = limits.trashDays * 86_400_000

const annAlone = async () => {
  const replica = new MemoryReplica()
  const clock = new ManualClock()
  const ann = await clientAt(replica, clock)
  await ann.signUp({ name: 'ann', password })
  const mails: UpdateId[] = []
  for (const subject of ['kept', 'restored', 'old', 'new'])
    mails.push(await sendNow(ann, { to: ['ann'], subject, body: '' }))
  return { replica, clock, ann, mails }
}

/** All that there is has been in the trash for ever, the replica says. */
const lieAboutTrash = (replica: MemoryReplica): void => {
  for (const mail of replica.mails) {
    for (const { account } of replica.accounts) {
      mail.set.set(account, new Set(['trash']))
      mail.trashedAt.set(account, 0)
    }
  }
}

const logInAgain = async (replica: MemoryReplica, clock: ManualClock): Promise<MailClient> => {
  const next = await clientAt(replica, clock)
  await next.logIn({ name: 'ann', password })
  return next
}

const left = (replica: MemoryReplica): readonly UpdateId[] =>
  replica.mails.filter(({ deleted }) => deleted.size === 0).map(({ mail }) => mail)

test('a client deletes by itself only what the person has put into the trash 30 days ago and not taken out', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  const [kept, restored, old, young] = mails as [UpdateId, UpdateId, UpdateId, UpdateId]
  await ann.mark({ mails: [restored, old], mark: 'trash' })
  clock.move(limits.rememberTrashEveryMs)
  await ann.mark({ mails: [restored], mark: 'restore' })
  clock.move(trashMs / 2)
  await ann.mark({ mails: [young], mark: 'trash' })
  await ann.close()
  lieAboutTrash(replica)
  clock.move(trashMs / 2)
  const next = await logInAgain(replica, clock)
  // All that is deleted goes with one update.
  await expect.poll(() => left(replica)).toEqual([kept, restored, young])
  await next.close()
  clock.move(trashMs / 2)
  const last = await logInAgain(replica, clock)
  await expect.poll(() => left(replica)).toEqual([kept, restored])
  // By hand all of it can be deleted.
  await last.emptyTrash()
  expect(left(replica)).toEqual([])
})

test('what the server does not say is in the trash is not deleted, whatever the client remembers', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  await ann.mark({ mails: mails.slice(0, 2), mark: 'trash' })
  // At another client, which is of a version that remembers nothing.
  for (const mail of replica.mails.slice(0, 1)) mail.set.clear()
  clock.move(trashMs + limits.trashEveryMs)
  await expect.poll(() => left(replica)).toEqual(mails.filter((_, index) => index !== 1))
})

test('what is put into the trash while the clock is years behind is not deleted when that is set right', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  replica.clock = clock.nowMs() * 1_000
  clock.set(-20 * 365 * 86_400_000)
  await ann.mark({ mails: mails.slice(0, 1), mark: 'trash' })
  clock.set(20 * 365 * 86_400_000)
  lieAboutTrash(replica)
  await ann.close()
  const next = await logInAgain(replica, clock)
  clock.move(trashMs / 2)
  await next.list({ folder: 'trash', limit: 1 })
  expect(left(replica)).toEqual(mails)
  clock.move(trashMs / 2)
  await expect.poll(() => left(replica)).toEqual(mails.slice(1))
})

test('what was taken out of the trash long ago makes room for what comes', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  const written = async (mark: 'trash' | 'restore', marked: readonly UpdateId[], afterMs: number): Promise<number> => {
    const version = replica.documents[0]?.update
    clock.move(afterMs)
    await ann.mark({ mails: marked, mark })
    clock.move(limits.rememberTrashEveryMs)
    await expect.poll(() => replica.documents[0]?.update).not.toBe(version)
    return replica.documents[0]?.payload.length ?? 0
  }
  const forThree = await written('trash', mails.slice(0, 3), 0)
  expect(await written('restore', mails.slice(0, 3), 0)).toBeGreaterThanOrEqual(forThree)
  expect(await written('trash', mails.slice(3), trashMs)).toBeGreaterThan(forThree)
  expect(await written('trash', mails.slice(3), 2 * trashMs)).toBeLessThan(forThree)
})

test('what is put into the trash one by one is written down together, and all of it when the person leaves', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  const written = (): number => replica.submissions.filter(({ kind }) => kind === 'document').length
  for (const mail of mails) {
    await ann.mark({ mails: [mail], mark: 'trash' })
    clock.move(5_000)
    await expect.poll(written).toBe(1)
  }
  await ann.logOut()
  expect(written()).toBe(2)
  lieAboutTrash(replica)
  clock.move(trashMs)
  await logInAgain(replica, clock)
  await expect.poll(() => left(replica)).toEqual([])
})

test('what is taken out of the trash again is written down at once', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  await ann.mark({ mails, mark: 'trash' })
  await ann.mark({ mails: mails.slice(0, 2), mark: 'restore' })
  // This client has no time to say anything more.
  for (const connection of replica.connections) connection.submit = () => new Promise(() => undefined)
  lieAboutTrash(replica)
  clock.move(trashMs)
  const next = await logInAgain(replica, clock)
  await expect.poll(() => left(replica)).toEqual(mails.slice(0, 2))
  await next.close()
})

test('what was in the trash when that was emptied is deleted also where a server shows it there later, and nothing else', async () => {
  const { replica, clock, ann, mails } = await annAlone()
  const [kept, shown, late, later] = mails as [UpdateId, UpdateId, UpdateId, UpdateId]
  await ann.mark({ mails: [shown, late], mark: 'trash' })
  for (const mail of replica.mails.filter((held) => held.mail === late)) mail.set.clear()
  await ann.emptyTrash()
  expect(left(replica)).toEqual([kept, late, later])
  // Put there after it was emptied, at the same moment by this clock.
  await ann.mark({ mails: [later], mark: 'trash' })
  await ann.close()
  const next = await logInAgain(replica, clock)
  lieAboutTrash(replica)
  replica.tellAll({ event: 'mailbox' })
  await expect.poll(() => left(replica)).toEqual([kept, later])
  await next.close()
})

test('what was taken out of the trash is not deleted where a server that has not heard of it shows it there', async () => {
  const { replica, ann, mails } = await annAlone()
  await ann.mark({ mails, mark: 'trash' })
  await ann.mark({ mails: mails.slice(0, 1), mark: 'restore' })
  lieAboutTrash(replica)
  replica.isWhole = false
  await ann.emptyTrash()
  expect(left(replica)).toEqual(mails.slice(0, 1))
  // Nothing can be under way any more: it was put there again.
  replica.isWhole = true
  await ann.emptyTrash()
  expect(left(replica)).toEqual([])
})
