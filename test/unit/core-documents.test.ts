import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type DocumentId, documentId, originId } from '../../replica/core/model/ids.ts'
import type { DocumentRecord } from '../../replica/core/model/image.ts'
import { SetDigest } from '../../replica/core/state/digest.ts'
import { DocumentTable } from '../../replica/core/state/document-table.ts'
import { processMemory } from '../../replica/drivers/process-memory.ts'
import { person } from '../support/core-fixture.ts'

const ada = person('ada')
const origin = originId('1.aaaaaaaa')
const drafts = 1

/** Read anew each time, as from the wire: no two of them are one text. */
const nameOf = (index: number): DocumentId =>
  documentId(createHash('sha256').update(String(index)).digest().subarray(0, 16).toString('base64url'))

const record = (index: number, state: DocumentRecord['state']): DocumentRecord => {
  const sequence = index * 2 + (state === 'written' ? 1 : 2)
  const clock = 1_790_000_000_000_000 + sequence
  return { account: ada, document: nameOf(index), origin, sequence, clock, shelf: drafts, state }
}

const writeAndDelete = (table: DocumentTable, from: number, count: number): void => {
  for (let index = from; index < from + count; index += 1) {
    table.add(record(index, 'written'))
    table.add(record(index, 'deleted'))
  }
}

const heapBytes = (): number => {
  processMemory.collect()
  return process.memoryUsage().heapUsed
}

test('a draft that is gone takes some 200 bytes, whatever was asked meanwhile', () => {
  const table = new DocumentTable()
  const count = 20_000
  const before = heapBytes()
  writeAndDelete(table, 0, count)
  expect((heapBytes() - before) / count).toBeLessThan(350)
  expect([table.countOf(ada), table.list(ada, drafts), table.records().length]).toEqual([0, [], count])
})

test('a table has the same digest as another one with the same documents, however many there have been', () => {
  const [one, two] = [new DocumentTable(), new DocumentTable()]
  const count = 5_000
  // Asked from the beginning it is kept up with every change, otherwise made when it is asked.
  expect(digestOf(one)).toBe(digestOf(new DocumentTable()))
  writeAndDelete(one, 0, count)
  one.add(record(count, 'written'))
  for (const held of one.records().toReversed()) two.add(held)
  expect(digestOf(two)).toBe(digestOf(one))
  expect(two.list(ada, drafts).map(({ document }) => document)).toEqual([nameOf(count)])
  one.removeOwner(ada)
  expect([digestOf(one), one.records()]).toEqual([digestOf(new DocumentTable()), []])
})

test('a draft that was deleted can be written again, later', () => {
  const table = new DocumentTable()
  table.add(record(1, 'deleted'))
  table.add(record(1, 'written'))
  expect(table.list(ada, drafts)).toEqual([])
  table.add({ ...record(1, 'written'), sequence: 9, clock: record(1, 'deleted').clock + 1 })
  expect([table.countOf(ada), table.records().length, table.has(origin, 9)]).toEqual([1, 1, true])
})

const digestOf = (table: DocumentTable): string => {
  const digest = new SetDigest()
  table.digest(digest)
  return digest.toString()
}
