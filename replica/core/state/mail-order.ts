import type { Clock } from '../model/ids.ts'
import type { MailKey } from './mail-entry.ts'

interface Ordered {
  clockAt(key: MailKey): Clock
  /** In the order shown, which is that of the clocks where they differ. */
  compare(left: MailKey, right: MailKey): number
}

/** Mails with the clocks that they have: where a person may wait for a million, the table is not asked for each. */
export interface ClockedKeys {
  readonly keys: Float64Array
  readonly clocks: Float64Array
}

/** Keys that are in order already, as places in a column. The end moves down when keys are taken. */
interface Run {
  readonly start: number
  end: number
  /** Of the newest key. */
  clock: Clock
}

/** Of so few runs the newest key is found by looking at each; more are merged with each other before. */
const runsAtMost = 16

/**
 * Gives keys in the order shown, the newest first, and does the work for those alone that are taken: of a large folder people look at the
 * newest. An origin's mails mostly come in the order of their clocks, so that a folder's keys are a few runs that are in order already
 * (natural merge sort; Knuth, TAOCP 3, 5.2.4).
 */
export class NewestFirst {
  readonly #source: Ordered
  readonly #keys: Float64Array
  readonly #runs: Run[]
  #left: number

  /** Takes the keys over. */
  constructor(source: Ordered, { keys, clocks }: ClockedKeys) {
    this.#source = source
    this.#left = keys.length
    let ends = runEnds(source, keys, clocks)
    let from = keys
    for (; ends.length > runsAtMost; ends = everySecond(ends)) {
      const to = new Float64Array(keys.length)
      for (let run = 0; run < ends.length; run += 2)
        merge(source, from, to, [ends[run - 1] ?? 0, ends[run] ?? 0, ends[run + 1] ?? keys.length])
      from = to
    }
    this.#keys = from
    this.#runs = keys.length === 0 ? [] : ends.map((end, run) => this.#runTo(ends[run - 1] ?? 0, end))
  }

  /** How many have not been taken. */
  get left(): number {
    return this.#left
  }

  /** The newest `count` of those that are left, or all of them; ascending. */
  take(count: number): readonly MailKey[] {
    const taken = new Array<MailKey>(Math.min(count, this.#left))
    for (let place = taken.length - 1; place >= 0; place -= 1) taken[place] = this.#takeNewest()
    return taken
  }

  #takeNewest(): MailKey {
    const newest = this.#runs.reduce((one, other) => (this.#isNewer(other, one) ? other : one))
    const key = this.#newestOf(newest)
    newest.end -= 1
    this.#left -= 1
    if (newest.end > newest.start) newest.clock = this.#source.clockAt(this.#newestOf(newest))
    else this.#runs.splice(this.#runs.indexOf(newest), 1)
    return key
  }

  #isNewer(one: Run, other: Run): boolean {
    const difference = one.clock - other.clock
    return difference === 0 ? this.#source.compare(this.#newestOf(one), this.#newestOf(other)) > 0 : difference > 0
  }

  #newestOf({ end }: Run): MailKey {
    return this.#keys[end - 1] ?? 0
  }

  #runTo(start: number, end: number): Run {
    return { start, end, clock: this.#source.clockAt(this.#keys[end - 1] ?? 0) }
  }
}

/** Where the runs end that are in order, the last one included. */
const runEnds = (source: Ordered, keys: Float64Array, clocks: Float64Array): readonly number[] => {
  const ends: number[] = []
  let before = -1
  for (let place = 0; place < keys.length; place += 1) {
    const clock = clocks[place] ?? 0
    if (clock < before || (clock === before && source.compare(keys[place - 1] ?? 0, keys[place] ?? 0) > 0))
      ends.push(place)
    before = clock
  }
  return [...ends, keys.length]
}

/** Where the runs end when each is merged with the next. */
const everySecond = (ends: readonly number[]): readonly number[] =>
  ends.filter((_, run) => run % 2 === 1 || run === ends.length - 1)

const merge = (
  source: Ordered,
  from: Float64Array,
  to: Float64Array,
  [start, middle, end]: readonly [number, number, number],
): void => {
  let left = start
  let right = middle
  for (let place = start; place < end; place += 1) {
    const isLeft = left < middle && (right >= end || source.compare(from[left] ?? 0, from[right] ?? 0) <= 0)
    to[place] = from[isLeft ? left++ : right++] ?? 0
  }
}
