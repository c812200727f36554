import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MailboxIndex } from '../../replica/core/state/mailbox-index.ts'
import { NewestFirst } from '../../replica/core/state/mail-order.ts'
import type { MailEntry, MailPlace } from '../../replica/core/state/mail-entry.ts'
import { accountId, anyTag, originId } from '../../replica/core/model/ids.ts'

describe('the order of a folder', () => {
  test('is that of clocks, and where they are the same that of the table, however the keys come and however many are taken at once', () => {
    const clocks = fc.array(fc.nat(20), { maxLength: 200 })
    fc.assert(
      fc.property(clocks, fc.integer({ min: 1, max: 50 }), (clockOf, atOnce) => {
        const clockAt = (key: number): number => clockOf[key] ?? 0
        // The table has its own mind about mails of one clock.
        const compare = (left: number, right: number): number => clockAt(left) - clockAt(right) || right - left
        const keys = clockOf.map((_, key) => key)
        const newest = new NewestFirst(
          { clockAt, compare },
          { keys: Float64Array.from(keys), clocks: Float64Array.from(clockOf) },
        )
        const taken: number[] = []
        while (newest.left > 0) {
          const before = newest.left
          const some = newest.take(atOnce)
          expect(newest.left).toBe(before - some.length)
          taken.unshift(...some)
        }
        expect(taken).toEqual(keys.toSorted(compare))
      }),
    )
  })

  test('costs nothing for mails that nobody looks at, and next to no comparisons where each origin has its mails in order', () => {
    const origins = 5
    const mails = 1_000
    const clocks = Array.from(
      { length: origins * mails },
      (_, key) => (key % mails) * origins + Math.floor(key / mails),
    )
    let compared = 0
    const compare = (left: number, right: number): number => {
      compared += 1
      return left - right
    }
    let lookedAt = 0
    const clockAt = (key: number): number => {
      lookedAt += 1
      return clocks[key] ?? 0
    }
    const newest = new NewestFirst(
      { clockAt, compare },
      { keys: Float64Array.from(clocks.keys()), clocks: Float64Array.from(clocks) },
    )
    const ascending = clocks.toSorted((left, right) => left - right)
    expect(newest.take(50).map((key) => clocks[key])).toEqual(ascending.slice(-50))
    expect(lookedAt).toBe(50 + origins)
    expect(newest.take(Infinity).map((key) => clocks[key])).toEqual(ascending.slice(0, -50))
    expect(compared).toBe(0)
  })
})

describe('a folder of which only the newest mails have been looked at', () => {
  const origin = originId('1.aaaaaaaa')
  const from = accountId('ada')
  const clockOf = (key: number): number => (key % 3) * 1_000_000 + key
  const placeOf = (key: number): MailPlace => ({ origin, sequence: key, clock: clockOf(key) })
  const entryAt = (key: number): MailEntry => ({ ...placeOf(key), tag: anyTag, from, to: [], marks: [0] })
  const compare = (left: number, right: number): number => clockOf(left) - clockOf(right)
  const compareWith = (key: number, { clock }: MailPlace): number => clockOf(key) - clock
  const source = { entryAt, clockAt: clockOf, compare, compareWith }
  const mails = 6_000

  test('shows after any changes what one shows that was put in order as a whole', () => {
    const change = fc.record({
      kind: fc.constantFrom('add', 'remove', 'page', 'pageAt'),
      key: fc.nat(mails * 2),
      limit: fc.integer({ min: 1, max: 2_000 }),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
        const present = new Set(Array.from({ length: mails }, (_, index) => index * 2))
        const keys = Float64Array.from(present)
        const index = new MailboxIndex(source, keys.length, () => ({ keys, clocks: keys.map(clockOf) }))
        const newestFirst = (): readonly number[] => [...present].sort((left, right) => compare(right, left))
        for (const { kind, key, limit } of changes) {
          if (kind === 'add' && !present.has(key)) index.add(key)
          if (kind === 'add') present.add(key)
          if (kind === 'remove') index.remove(key)
          if (kind === 'remove') present.delete(key)
          const shown =
            kind === 'page' ? index.page(limit, placeOf(key)) : index.pageAt(limit, kind === 'pageAt' ? key : 0)
          const older = newestFirst().filter((other) => kind !== 'page' || compare(other, key) < 0)
          const offset = kind === 'pageAt' ? key : 0
          expect(shown.map(({ sequence }) => sequence)).toEqual(older.slice(offset, offset + limit))
          expect(index.size).toBe(present.size)
        }
      }),
      { numRuns: 60 },
    )
  })
})
