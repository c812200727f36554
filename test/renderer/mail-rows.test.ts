import { describe, expect, it } from 'vitest'
import { MailRows } from '../../renderer/mail/mail-rows.ts'
import { FakeMailbox, mailId } from './fake-mailbox.ts'

const mailbox = new FakeMailbox(0, () => undefined)
/** Mails 10, 9 ... 1, a minute apart, newest first. */
const headers = Array.from({ length: 10 }, (_, index) => mailbox.header(10 - index, index * 60_000))

describe('the part of a folder that is known', () => {
  it('leaves gaps where nothing is known', () => {
    const rows = new MailRows()
    rows.put(100, headers, 500)
    expect(rows.total).toBe(500)
    expect(rows.at(99)).toBeUndefined()
    expect(rows.at(100)?.mail).toBe(mailId(10))
    expect(rows.indexOf(mailId(1))).toBe(109)
  })

  it('moves down for a mail that comes in at the top, and shows it', () => {
    const rows = new MailRows()
    rows.put(0, headers, 10)
    rows.arrive([mailbox.header(11, -60_000)])
    expect(rows.total).toBe(11)
    expect(rows.at(0)?.mail).toBe(mailId(11))
    expect(rows.at(10)?.mail).toBe(mailId(1))
  })

  it('puts a late mail where its time belongs', () => {
    const rows = new MailRows()
    rows.put(0, headers, 10)
    rows.arrive([mailbox.header(99, 4.5 * 60_000)])
    expect(rows.known().map(({ mail }) => mail)).toEqual([10, 9, 8, 7, 6, 99, 5, 4, 3, 2, 1].map(mailId))
  })

  it('leaves room for a mail whose place is not certain', () => {
    const rows = new MailRows()
    rows.put(50, headers, 100)
    rows.arrive([mailbox.header(11, -60_000)])
    expect(rows.total).toBe(101)
    expect(rows.indexOf(mailId(11))).toBe(-1)
    expect(rows.indexOf(mailId(10))).toBe(51)
  })

  it('takes the same mail in once', () => {
    const rows = new MailRows()
    rows.put(0, headers, 10)
    rows.arrive([headers[3]!])
    expect(rows.total).toBe(10)
  })

  it('closes up over mails that are gone, gaps included', () => {
    const rows = new MailRows()
    rows.put(0, headers.slice(0, 3), 100)
    rows.put(50, headers.slice(5), 100)
    expect(rows.remove(new Set([mailId(9)]))).toHaveLength(1)
    expect(rows.total).toBe(99)
    expect(rows.at(1)?.mail).toBe(mailId(8))
    expect(rows.at(2)).toBeUndefined()
    expect(rows.at(49)?.mail).toBe(mailId(5))
  })

  it('makes room at once for thousands that a merge brings', () => {
    const rows = new MailRows()
    rows.put(0, headers, 10)
    rows.arrive(Array.from({ length: 5_000 }, (_, index) => mailbox.header(1_000 + index, -60_000 - index)))
    expect(rows.total).toBe(5_010)
    expect(rows.indexOf(mailId(10))).toBe(5_000)
  })

  it('shows a mail as it was told last, and draws nothing anew that is the same', () => {
    const rows = new MailRows()
    rows.put(0, headers, 10)
    const before = rows.known()
    rows.put(
      0,
      headers.map((header, index) => ({ ...header, starred: index === 3 ? !header.starred : header.starred })),
      10,
    )
    expect(rows.at(3)?.starred).toBe(!headers[3]?.starred)
    expect(rows.known().map((header, index) => header === before[index])).toEqual(
      headers.map((_, index) => index !== 3),
    )
  })

  it('shows a mail in one place only, when an answer puts it elsewhere', () => {
    const rows = new MailRows()
    rows.put(0, headers, 20)
    rows.put(7, headers.slice(5), 20)
    expect(rows.indexOf(mailId(5))).toBe(7)
    expect(rows.known()).toHaveLength(10)
  })

  it('counts mails once that an answer has before they are told of, however many they are', () => {
    const rows = new MailRows()
    rows.put(100, headers, 500)
    // Nothing of the answer is known: what stood here stands further down.
    rows.put(100, [mailbox.header(77, 0)], 900)
    expect(rows.indexOf(mailId(10))).toBe(500)
    const told = Array.from({ length: 500 }, (_, index) => mailbox.header(1_000 + index, -60_000 - index))
    rows.arrive(told.slice(0, 300))
    expect(rows.indexOf(mailId(10))).toBe(500)
    rows.arrive(told.slice(300))
    expect(rows.indexOf(mailId(10))).toBe(600)
    expect(rows.total).toBe(1_000)
  })

  it('moves with the mails of an answer what is known around them', () => {
    const rows = new MailRows()
    rows.put(100, headers, 500)
    // Twenty came in above; of what is known a part is answered.
    rows.put(124, headers.slice(4, 6), 520)
    expect(rows.known().map(({ mail }) => rows.indexOf(mail))).toEqual([
      120, 121, 122, 123, 124, 125, 126, 127, 128, 129,
    ])
    // The same twenty are told of once more, and the next answer says where everything stands.
    rows.arrive(Array.from({ length: 20 }, (_, index) => mailbox.header(900 + index, -60_000 - index)))
    rows.put(126, headers.slice(6), 520)
    expect(rows.indexOf(mailId(10))).toBe(120)
    expect(rows.indexOf(mailId(1))).toBe(129)
    expect(rows.known()).toHaveLength(10)
  })

  it('forgets what is far from the screen', () => {
    const rows = new MailRows()
    const many = Array.from({ length: 8_000 }, (_, index) => mailbox.header(8_000 - index, index))
    rows.put(0, many, 8_000)
    rows.forgetFarFrom(4_000)
    expect(rows.at(4_000)).toBeDefined()
    expect(rows.at(0)).toBeUndefined()
  })
})
