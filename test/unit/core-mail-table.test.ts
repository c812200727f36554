import { describe, expect, test } from 'vitest'
import { type AccountId, anyTag, originId, updateId } from '../../replica/core/model/ids.ts'
import { markBits, type StateImage } from '../../replica/core/model/image.ts'
import { ExecutionTable } from '../../replica/core/state/execution-table.ts'
import { type FolderName, folderNames } from '../../replica/core/state/mail-folders.ts'
import { MailTable } from '../../replica/core/state/mail-table.ts'
import { registersOf } from '../../replica/core/state/mark-registers.ts'
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

describe('a table that takes over the mails of an image', () => {
  const joined = (image: Partial<StateImage>, isGone: (account: AccountId) => boolean = () => false): MailTable => {
    const table = new MailTable(new ExecutionTable())
    const context = { mine: new Map(), theirs: vector, isGone, merges: [] }
    table.join({ mails: filled().columns(), answers: [], marks: [], pending: [], ...image }, context)
    return table
  }

  test('counts those that everybody has deleted as gone', () => {
    const columns = filled().columns()
    const marks = columns.origins[0]!.marks.map((_, copy) => (copy < 20 ? markBits.deleted : 0))
    const table = joined({ mails: { ...columns, origins: [{ ...columns.origins[0]!, marks }] } })
    expect(table.size).toBe(mails - 10)
    expect(table.columns().origins[0]?.sequences[0]).toBe(11)
    expect(table.mailbox(bob).inbox.size).toBe(mails - 10)
  })

  test('keeps no copies of people who are gone', () => {
    const table = joined({}, (account) => account === bob)
    expect(table.size).toBe(mails)
    expect(table.mailbox(bob).inbox.size).toBe(0)
    expect(table.mailbox(ada).sent.size).toBe(mails)
    expect(joined({}, () => true).size).toBe(0)
  })

  test('shows them where their people have put them', () => {
    const registers = [
      registersOf('trash', 5),
      registersOf('star', 5),
      registersOf('read', 5),
      registersOf('unread', 5),
    ]
    const marks = registers.map((set, index) => ({ origin, sequence: index + 1, account: bob, registers: set }))
    const bobs = joined({ marks }).mailbox(bob)
    const shownIn = (name: FolderName) => bobs.index(name).page(mails, null)
    expect(folderNames.map((name) => shownIn(name).length)).toEqual([mails - 1, 0, 1, 1])
    expect(shownIn('trash')[0]?.sequence).toBe(1)
    expect(shownIn('starred')[0]?.sequence).toBe(2)
    expect(folderNames.map((name) => bobs.unread(name))).toEqual([mails - 2, 0, 1, 1])
  })
})
