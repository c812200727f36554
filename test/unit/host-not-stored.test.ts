import { expect, test } from 'vitest'
import { anyTag, type Tag, tag, tagOf } from '../../replica/core/model/ids.ts'
import type { MailChange, Update } from '../../replica/core/model/updates.ts'
import { notStored } from '../../replica/host/not-stored.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { person } from '../support/core-fixture.ts'

test('what is stored of a log that went another way does not count as stored', async () => {
  const storage = new SimDisk(() => 0).open()
  const log = new LogMaker(1)
  const { updates } = log.batch(250)
  const { origin } = log
  await storage.storeUpdates(origin, updates.slice(0, 220))
  const tagged = ({ change }: Update): Tag => (change.kind === 'mail' ? tagOf(change.command) : anyTag)
  const asked = updates.map((update) => ({ sequence: update.sequence, clock: update.clock, tag: tagged(update) }))
  const absent = asked.slice(220).map(({ sequence }) => sequence)
  const answer = await notStored(storage, { search: 7, mails: new Map([[origin, asked]]) })
  expect(answer).toEqual({ search: 7, mails: new Map([[origin, absent]]) })

  const written = (at: number): number => (at === 2 || at === 210 ? 1_000_000 : 0)
  const others = asked.map((one) => ({ ...one, clock: one.clock + written(one.sequence) }))
  const again = await notStored(storage, { search: 8, mails: new Map([[origin, others]]) })
  expect(again.mails.get(origin)).toEqual([2, 210, ...absent])

  // Written by a clock that was ahead of the machine's: at the same moment, and another one.
  const alike = asked.map((one) => ({ ...one, tag: one.sequence === 3 ? tag(one.tag + 1) : one.tag }))
  const third = await notStored(storage, { search: 9, mails: new Map([[origin, alike]]) })
  expect(third.mails.get(origin)).toEqual([3, ...absent])
  const [{ account }] = updates.map(({ change }) => change as MailChange) as [MailChange]
  const persons = asked.map((one) => ({ ...one, account: one.sequence === 4 ? person('somebody else') : account }))
  const ofOthers = await notStored(storage, { search: 9, mails: new Map([[origin, persons]]) })
  expect(ofOthers.mails.get(origin)).toEqual([4, ...absent])
  const documents = asked.map(({ sequence, clock }) => ({ sequence, clock }))
  const fourth = await notStored(storage, { search: 9, mails: new Map([[origin, documents]]) })
  expect(fourth.mails.get(origin)).toEqual(asked.map(({ sequence }) => sequence))

  const whole = asked.slice(0, 220)
  expect((await notStored(storage, { search: 9, mails: new Map([[origin, whole]]) })).mails).toEqual(new Map())
})
