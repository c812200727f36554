import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inOrder } from '../../replica/core/state/mail-order.ts'

describe('the order of a folder', () => {
  test('is that of clocks, and where they are the same that of the table, however the keys come', () => {
    const clocks = fc.array(fc.nat(20), { maxLength: 200 })
    fc.assert(
      fc.property(clocks, (clockOf) => {
        const clockAt = (key: number): number => clockOf[key] ?? 0
        // The table has its own mind about mails of one clock.
        const compare = (left: number, right: number): number => clockAt(left) - clockAt(right) || right - left
        const keys = clockOf.map((_, key) => key)
        expect([...inOrder({ clockAt, compare }, keys)]).toEqual(keys.toSorted(compare))
      }),
    )
  })

  test('costs next to no comparisons where each origin has its mails in order', () => {
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
    const ordered = inOrder({ clockAt: (key) => clocks[key] ?? 0, compare }, [...clocks.keys()])
    expect([...ordered].map((key) => clocks[key])).toEqual(clocks.toSorted((left, right) => left - right))
    expect(compared).toBe(0)
  })
})
