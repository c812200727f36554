import { describe, expect, test } from 'vitest'
import { updateId } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import { ExecutionTable, type Wish } from '../../replica/core/state/execution-table.ts'
import { commandNamed, identity, person } from '../support/core-fixture.ts'

const kept = 10_000
const { origin } = identity(1, 'a')
const elsewhere = identity(2, 'b').origin

const wishOf = (index: number): Wish => ({
  account: person('ada'),
  command: commandNamed(`wish ${index}`),
  to: [person('bob')],
  conversation: null,
})

/** Commands whose clocks go up with their index, taken in in another order. */
const tableOf = (count: number): ExecutionTable => {
  const table = new ExecutionTable()
  const step = 7
  for (let start = 0; start < step; start += 1) {
    for (let index = start; index < count; index += step)
      table.add(wishOf(index), { origin, sequence: index + 1, clock: 1_000 + index })
  }
  return table
}

const known = (table: ExecutionTable, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => table.of(wishOf(index)) !== undefined)

const upTo = (sequence: number): VersionVector => new Map([[origin, sequence]])

describe('commands that were executed', () => {
  test('are forgotten from the oldest on, but for the newest ten thousand', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.forget(upTo(count))
    expect(known(table, count)).toEqual(Array.from({ length: kept }, (_, index) => index + 50))
  })

  test('are remembered as long as not all seats have them', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.forget(upTo(20))
    expect(known(table, count)).toHaveLength(kept + 30)
    expect(known(table, 25)).toEqual([20, 21, 22, 23, 24])
  })

  test('are remembered by all names while one of them is not everywhere', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.add(wishOf(3), { origin: elsewhere, sequence: 1, clock: 5_000_000 })
    table.forget(upTo(count))
    expect(known(table, 50)).toEqual([3])
    expect(table.isAlias(updateId(origin, 4))).toBe(true)
    table.forget(new Map([...upTo(count), [elsewhere, 1]]))
    expect(known(table, 50)).toEqual([])
    expect(table.isAlias(updateId(origin, 4))).toBe(false)
  })

  test('are all remembered when there are few', () => {
    const table = tableOf(100)
    table.forget(upTo(100))
    expect(known(table, 100)).toHaveLength(100)
  })
})
