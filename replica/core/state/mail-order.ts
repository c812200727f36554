import type { Clock } from '../model/ids.ts'
import type { MailKey } from './mail-entry.ts'

interface Ordered {
  clockAt(key: MailKey): Clock
  /** In the order shown, which is that of the clocks where they differ. */
  compare(left: MailKey, right: MailKey): number
}

/**
 * `keys` in the order shown. An origin's mails mostly come in the order of their clocks, so that a folder's keys are a few runs that are in
 * order already: these are merged, two by two, with the clocks beside them (natural merge sort; Knuth, TAOCP 3, 5.2.4).
 */
export const inOrder = (source: Ordered, keys: readonly MailKey[]): Float64Array => {
  let from = { keys: Float64Array.from(keys), clocks: new Float64Array(keys.length) }
  for (let place = 0; place < keys.length; place += 1) from.clocks[place] = source.clockAt(from.keys[place] ?? 0)
  let to = { keys: new Float64Array(keys.length), clocks: new Float64Array(keys.length) }
  for (let ends = runEnds(source, from); ends.length > 1; ends = everySecond(ends)) {
    for (let run = 0; run < ends.length; run += 2)
      merge(source, from, to, [ends[run - 1] ?? 0, ends[run] ?? 0, ends[run + 1] ?? keys.length])
    ;[from, to] = [to, from]
  }
  return from.keys
}

interface Columns {
  readonly keys: Float64Array
  readonly clocks: Float64Array
}

/** Where the runs end that are in order, the last one included. */
const runEnds = (source: Ordered, { keys, clocks }: Columns): readonly number[] => {
  const ends: number[] = []
  for (let place = 1; place < keys.length; place += 1) {
    const difference = (clocks[place] ?? 0) - (clocks[place - 1] ?? 0)
    if (difference < 0 || (difference === 0 && source.compare(keys[place - 1] ?? 0, keys[place] ?? 0) > 0))
      ends.push(place)
  }
  return [...ends, keys.length]
}

/** Where the runs end when each is merged with the next. */
const everySecond = (ends: readonly number[]): readonly number[] =>
  ends.filter((_, run) => run % 2 === 1 || run === ends.length - 1)

const merge = (
  source: Ordered,
  from: Columns,
  to: Columns,
  [start, middle, end]: readonly [number, number, number],
): void => {
  let left = start
  let right = middle
  for (let place = start; place < end; place += 1) {
    const isLeft = left < middle && (right >= end || isFirst(source, from, left, right))
    const taken = isLeft ? left++ : right++
    to.keys[place] = from.keys[taken] ?? 0
    to.clocks[place] = from.clocks[taken] ?? 0
  }
}

const isFirst = (source: Ordered, { keys, clocks }: Columns, left: number, right: number): boolean => {
  const difference = (clocks[left] ?? 0) - (clocks[right] ?? 0)
  return difference === 0 ? source.compare(keys[left] ?? 0, keys[right] ?? 0) <= 0 : difference < 0
}
