import { describe, expect, test } from 'vitest'

import { parseQuery } from '../../replica/client/search/query.ts'
import { SearchIndex, type SearchableMail } from '../../replica/client/search/search-index.ts'
import { Segment, roleBits, segmentMails } from '../../replica/client/search/segment.ts'
import { wordsOf } from '../../replica/client/search/words.ts'
import { decodeSegment, encodeSegment } from '../../replica/client/search/index-file.ts'
import { originId, updateId } from '../../replica/core/model/ids.ts'

const origin = originId('1.abcdefgh')
const day = (text: string): number => new Date(`${text}T12:00:00`).getTime()

const mailOf = (number: number, parts: Partial<SearchableMail> = {}): SearchableMail => ({
  mail: updateId(origin, number),
  sentAt: number * 1_000,
  roles: roleBits.recipient,
  from: 'Anna',
  to: ['Ben'],
  cc: [],
  subject: '',
  body: '',
  ...parts,
})

const indexOf = (...mails: readonly Partial<SearchableMail>[]): SearchIndex => {
  const index = new SearchIndex()
  mails.forEach((parts, place) => {
    index.add(mailOf(place + 1, parts))
  })
  return index
}

/** The numbers of the mails that are found, best first. */
const found = (index: SearchIndex, text: string): readonly number[] =>
  index
    .search({ query: parseQuery(text), admits: () => true, offset: 0, limit: 100 })
    .mails.map((mail) => Number(mail.split(':')[1]))

describe('words', () => {
  test('are compared without case, accents and punctuation', () => {
    expect(wordsOf("Zoë's E-Mail, №5!")).toEqual(['zoe', 's', 'e', 'mail', 'no5'])
    expect(wordsOf('plain ASCII text 42')).toEqual(['plain', 'ascii', 'text', '42'])
  })

  test('of scripts without spaces are single characters', () => {
    expect(wordsOf('会议 at 5')).toEqual(['会', '议', 'at', '5'])
  })

  test('are the same with what is not seen in them, and for who does not have their letters on the keyboard', () => {
    expect(wordsOf('Dampf\u00adschiff, zero\u200bwidth')).toEqual(['dampfschiff', 'zerowidth'])
    expect(wordsOf('GROẞE Straße Ærø Œuvre Đức Łódź ılık')).toEqual(wordsOf('grosse STRASSE aero oeuvre Duc Lodz ilik'))
  })

  test('are emoji, too, each of which is one', () => {
    expect(wordsOf('Ahoi🚢🎉 ❤️')).toEqual(['ahoi', '🚢', '🎉', '❤'])
    const ships = indexOf({ body: 'We sail. 🚢' }, { body: 'We stay.' }, { subject: '🎉', body: 'We sail.' })
    expect(found(ships, '🚢')).toEqual([1])
    expect(found(ships, 'sail 🎉')).toEqual([3])
  })

  test('that are too long are cut at a whole character', () => {
    expect(wordsOf('x'.repeat(50))).toEqual(['x'.repeat(40)])
    // Each of these letters is two units of a text.
    expect(wordsOf(`x${'\u{10428}'.repeat(30)}`)).toEqual([`x${'\u{10428}'.repeat(19)}`])
    expect(wordsOf('\u{10428}'.repeat(30))).toEqual(['\u{10428}'.repeat(20)])
  })
})

describe('a search', () => {
  const index = indexOf(
    { subject: 'Engine room', body: 'The pump of the engine room drips again.' },
    { subject: 'Lunch', body: 'Soup today; the engine is fine, and there is room for two.' },
    { from: 'Ben', to: ['Anna', 'Cleo'], cc: ['Dan'], subject: 'Weather', body: 'Storm from the north-west.' },
  )

  test('wants every word, in any field', () => {
    expect(found(index, 'engine')).toEqual([1, 2])
    expect(found(index, 'engine soup')).toEqual([2])
    expect(found(index, 'engine snow')).toEqual([])
  })

  test('takes words for beginnings and forgives typing errors', () => {
    expect(found(index, 'eng pu')).toEqual([1])
    expect(found(index, 'enigne')).toEqual([])
    expect(found(index, 'engyne')).toEqual([1, 2])
    expect(found(index, 'wether')).toEqual([3])
    expect(found(index, 'st')).toEqual([3])
  })

  test('finds a phrase only where its words follow each other', () => {
    expect(found(index, '"engine room"')).toEqual([1])
    expect(found(index, '"room engine"')).toEqual([])
    expect(found(index, '"the engine"')).toEqual([2, 1])
    expect(found(index, 'north-we')).toEqual([3])
    expect(found(index, '"room drips"')).toEqual([1])
    // The subject ends with what the body begins with: no phrase goes over that border.
    expect(found(indexOf({ subject: 'big storm', body: 'warning for tonight' }), '"storm warning"')).toEqual([])
  })

  test('narrows by people, subject and days', () => {
    expect(found(index, 'from:ben')).toEqual([3])
    expect(found(index, 'to:ben')).toEqual([2, 1])
    expect(found(index, 'to:cleo')).toEqual([3])
    expect(found(index, 'cc:dan')).toEqual([3])
    expect(found(index, 'subject:engine')).toEqual([1])
    const dated = indexOf({ sentAt: day('2026-01-30') }, { sentAt: day('2026-01-31') }, { sentAt: day('2026-02-01') })
    expect(found(dated, 'after:2026-01-31')).toEqual([3, 2])
    expect(found(dated, 'before:2026-01-31')).toEqual([1])
    expect(found(dated, 'after:2026-01 before:2026-02')).toEqual([2, 1])
  })

  test('puts the subject before the body, and of equals the newest first', () => {
    const ranked = indexOf(
      { subject: 'Boat', body: 'nothing' },
      { subject: 'Boat', body: 'nothing' },
      { body: 'a boat, among many other words that have nothing to do with it at all' },
    )
    expect(found(ranked, 'boat')).toEqual([2, 1, 3])
  })

  test('gives pages that hold every mail once', () => {
    const many = indexOf(...Array.from({ length: 500 }, (_, place) => ({ subject: `ship ${place % 7}`, sentAt: 5 })))
    const query = parseQuery('ship')
    const all = many.search({ query, admits: () => true, offset: 0, limit: 500 }).mails
    const pages = Array.from({ length: 10 }, (_, page) =>
      many.search({ query, admits: () => true, offset: page * 50, limit: 50 }),
    )
    expect(pages.flatMap(({ mails }) => mails)).toEqual(all)
    expect(new Set(all).size).toBe(500)
    expect(pages.every(({ total }) => total === 500)).toBe(true)
  })

  test('says what is wrong with an operator', () => {
    expect(() => parseQuery('before:yesterday')).toThrow('before:2026-01-31')
    expect(() => parseQuery('after:2026-02-30')).toThrow('after:2026-01-31')
    expect(() => parseQuery('is:blue')).toThrow('is:unread')
    expect(() => parseQuery('in:nowhere')).toThrow('in:inbox')
    expect(() => parseQuery('x'.repeat(1_001))).toThrow('1000 characters')
    expect(parseQuery('http://example.org "').clauses).toEqual([
      { kind: 'openPhrase', words: ['http', 'example', 'org'], fields: 31 },
    ])
  })
})

describe('an index', () => {
  test('does not find what was removed, and empties a segment of which much is gone', () => {
    const index = new SearchIndex()
    for (let number = 1; number <= segmentMails + 1; number += 1) index.add(mailOf(number, { body: `word ${number}` }))
    for (let number = 1; number < segmentMails / 4; number += 1) {
      expect(index.emptyIfWorn(index.remove(updateId(origin, number)) ?? -1)).toEqual([])
    }
    expect(found(index, `"word 7"`)).toEqual([])
    const left = index.emptyIfWorn(index.remove(updateId(origin, segmentMails / 4)) ?? -1)
    expect(left.length).toBe((segmentMails * 3) / 4)
    expect(index.size).toBe(1)
    for (const mail of left) index.add(mailOf(Number(mail.split(':')[1]), { body: `word ${mail.split(':')[1]}` }))
    expect(found(index, `"word ${segmentMails}"`)).toEqual([segmentMails])
  })

  test('is the same after its segments have been written and read, and grows on', () => {
    const index = new SearchIndex()
    for (let number = 1; number <= segmentMails + 500; number += 1) {
      index.add(mailOf(number, { subject: `Größe ${number % 13}`, body: `pump ${number} `.repeat(1 + (number % 20)) }))
    }
    const again = new SearchIndex()
    index.segments.forEach((segment, number) => {
      const firstWord = index.firstWordOf(number)
      const words = index.vocabulary.between(firstWord, index.firstWordOf(number + 1))
      const decoded = decodeSegment(encodeSegment({ build: new Uint8Array(8), number, firstWord, words, segment }))
      if (!decoded.ok) throw new Error(decoded.failure.message)
      expect(decoded.value.firstWord).toBe(again.vocabulary.size)
      again.restore(decoded.value.segment, decoded.value.words)
    })
    for (const text of ['groesse', 'größe 7', 'pump 12', '"pump 2400 pump"', 'from:anna']) {
      expect(found(again, text)).toEqual(found(index, text))
    }
    index.add(mailOf(9_000, { body: 'a late pump' }))
    again.add(mailOf(9_000, { body: 'a late pump' }))
    expect(found(again, 'late')).toEqual([9_000])
    expect(found(again, 'pump')).toEqual(found(index, 'pump'))
  })

  test('is not read from bytes that are none', () => {
    const segment = Segment.empty()
    const bytes = encodeSegment({ build: new Uint8Array(8), number: 0, firstWord: 0, words: [], segment })
    expect(decodeSegment(bytes).ok).toBe(true)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeSegment(bytes.subarray(0, length)).ok).toBe(false)
    }
  })
})
