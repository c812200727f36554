import { describe, expect, test } from 'vitest'
import { anyTag, originId, tag, type OriginId } from '../../replica/core/model/ids.ts'
import { mailColumns, type MailRecord } from '../../replica/core/model/mail-columns.ts'
import { attempt } from '../../replica/wire/cbor.ts'
import { imageFormat } from '../../replica/wire/image-format.ts'
import { ItemReader } from '../../replica/wire/image-items.ts'
import { type MailItems, MailsReader, writeMails } from '../../replica/wire/image-mails.ts'
import { person } from '../support/core-fixture.ts'

const [one, two] = [originId('1.aaaaaaaa'), originId('2.bbbbbbbb')]
const [ada, bob, cleo] = [person('ada'), person('bob'), person('cleo')]
const mail = (origin: OriginId, sequence: number, to = [bob]): MailRecord => ({
  origin,
  sequence,
  clock: sequence * 10,
  tag: sequence % 2 === 0 ? anyTag : tag(sequence),
  from: ada,
  to,
  marks: [0, ...to.map((_, copy) => copy)],
})
const mailsOf = (origin: OriginId, count: number): readonly MailRecord[] =>
  Array.from({ length: count }, (_, index) => mail(origin, index * 2 + 3, index % 5 === 0 ? [bob, cleo] : [bob]))

const origins = [one, two]
const people = [ada, bob, cleo]
const highest = 100_000
const head = { format: imageFormat, origins, vector: new Map(origins.map((origin) => [origin, highest])) }

const written = (records: readonly MailRecord[]): readonly MailItems[] => [
  ...writeMails(
    mailColumns(records),
    (origin) => origins.indexOf(origin),
    (account) => people.indexOf(account),
  ),
]

const read = (chunks: readonly MailItems[], from = head) =>
  attempt(() => {
    const reader = new MailsReader(from, people)
    for (const chunk of chunks) reader.read(new ItemReader(chunk))
    const columns = reader.columns()
    return { columns, count: reader.count }
  })

describe('the mails of an image', () => {
  const records = [...mailsOf(one, 6_000), ...mailsOf(two, 10)]

  test('are those that were written, however many chunks they are in', () => {
    const chunks = written(records)
    expect(chunks.length).toBeGreaterThan(3)
    const found = read(chunks)
    expect(found).toEqual({ ok: true, value: { columns: mailColumns(records), count: records.length } })
  })

  test('are damaged when chunks are out of order, come twice, or have nothing', () => {
    const chunks = written(records)
    const [first, second] = chunks as [MailItems, MailItems]
    const last = chunks.at(-1)!
    for (const wrong of [
      [second, first],
      [first, first],
      [last, first],
      [first, last, second],
      [[0, 1, 0, 0, ''] as const],
    ])
      expect(read(wrong)).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })

  test('are damaged when one is beyond what the image covers', () => {
    const covered = new Map([[one, 6]])
    expect(read(written([mail(one, 6)]), { ...head, vector: covered }).ok).toBe(true)
    const found = read(written([mail(one, 7)]), { ...head, vector: covered })
    expect(found).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })

  // Two mails: of four copies and of two. Their clocks, differences, tags, owners, counts and marks stand one after the other.
  const [mails, copies] = [2, 6]
  const [differences, owners] = [mails * 8, mails * 16]
  const counts = owners + copies * 4
  const marks = counts + mails
  test.each<readonly [string, (bytes: Buffer) => unknown]>([
    ['a clock is below zero', (bytes) => bytes.writeDoubleLE(-1, 0)],
    ['a clock is not whole', (bytes) => bytes.writeDoubleLE(0.5, 8)],
    ['the first sequence is said to be another', (bytes) => bytes.writeUInt32LE(1, differences)],
    ['a sequence comes twice', (bytes) => bytes.writeUInt32LE(0, differences + 4)],
    ['a copy is of nobody', (bytes) => bytes.writeUInt32LE(people.length, owners + 4)],
    ['somebody receives a mail twice', (bytes) => bytes.writeUInt32LE(1, owners + 8)],
    ['a mail is to nobody', (bytes) => bytes.writeUInt8(1, counts + 1)],
    ['mails have fewer copies than there are', (bytes) => bytes.writeUInt8(3, counts)],
    ['mails have more copies than there are', (bytes) => bytes.writeUInt8(3, counts + 1)],
    ['a mark is not known', (bytes) => bytes.writeUInt8(4, marks + 5)],
  ])('are damaged when %s', (_, spoil) => {
    const [chunk] = written([mail(one, 3, [bob, cleo, ada]), mail(one, 5)]) as [MailItems]
    const bytes = Buffer.from(chunk[4], 'base64')
    expect(bytes).toHaveLength(marks + copies)
    expect(read([chunk]).ok).toBe(true)
    spoil(bytes)
    const found = read([[chunk[0], chunk[1], chunk[2], chunk[3], bytes.toString('base64')]])
    expect(found).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })
})
