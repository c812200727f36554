import { describe, expect, test } from 'vitest'
import { anyTag, originId, updateId } from '../../replica/core/model/ids.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { ExecutionTable } from '../../replica/core/state/execution-table.ts'
import { MailTable } from '../../replica/core/state/mail-table.ts'
import { person } from '../support/core-fixture.ts'

const origin = originId('1.aaaaaaaa')
const [ada, bob] = [person('ada'), person('bob')]
const mails = 3_000
const vector = new Map([[origin, mails]])

const filled = (): MailTable => {
  const table = new MailTable(new ExecutionTable())
  for (let sequence = 1; sequence <= mails; sequence += 1) {
    table.add({ origin, sequence, clock: sequence, tag: anyTag, from: ada, to: [bob], marks: [0, 0] }, () => false)
  }
  return table
}

const deleteBoth = (table: MailTable, sequence: number): void => {
  for (const account of [ada, bob])
    table.mark({ id: updateId(origin, sequence), tag: anyTag }, account, markBits.deleted, vector)
}

describe('a table of which most is deleted', () => {
  const table = filled()
  table.mailbox(bob)
  for (let sequence = 1; sequence <= mails; sequence += 1) if (sequence % 3 !== 0) deleteBoth(table, sequence)

  test('keeps exactly the others, in their order', () => {
    const kept = Array.from({ length: mails / 3 }, (_, index) => (index + 1) * 3)
    expect(table.size).toBe(kept.length)
    expect(table.records().map(({ sequence }) => sequence)).toEqual(kept)
    for (const folder of [table.mailbox(bob).inbox, table.mailbox(ada).sent]) {
      expect(folder.page(mails, null).map(({ sequence }) => sequence)).toEqual(kept.toReversed())
    }
    expect(table.has(origin, 3)).toBe(true)
    expect(table.has(origin, 4)).toBe(false)
  })

  test('takes in what comes next', () => {
    table.add({ origin, sequence: mails + 1, clock: 1, tag: anyTag, from: ada, to: [bob], marks: [0, 0] }, () => false)
    expect(table.mailbox(bob).inbox.page(mails, null).at(-1)).toMatchObject({ sequence: mails + 1 })
  })
})

test('the owner of most mails goes, and only others keep their copies', () => {
  const table = filled()
  const before = table.columns()
  table.removeOwner(ada)
  expect(table.size).toBe(mails)
  table.removeOwner(bob)
  expect(table.size).toBe(0)
  expect(table.mailbox(bob).inbox.size).toBe(0)
  expect(before.origins[0]?.marks.every((bits) => bits === 0)).toBe(true)
})
