import type { MailEntry, MailPlace } from './mail-entry.ts'

/** Where a table keeps a mail: a number that stays the same as long as the index that holds it. */
export type MailKey = number

/** What a folder's index needs of the table that its mails are in. */
export interface MailSource {
  entryAt(key: MailKey): MailEntry
  /** In the order shown. */
  compare(left: MailKey, right: MailKey): number
  compareWith(key: MailKey, place: MailPlace): number
}

/** Ascending by clock; origin and sequence settle what the clock leaves open, the same way everywhere. */
export const compareMails = (left: MailPlace, right: MailPlace): number => {
  if (left.clock !== right.clock) return left.clock - right.clock
  if (left.origin !== right.origin) return left.origin < right.origin ? -1 : 1
  return left.sequence - right.sequence
}

/** One folder's mails in the order shown. New mails mostly come at the end, which costs nothing. */
export class MailboxIndex {
  readonly #source: MailSource
  readonly #keys: MailKey[]

  /** Takes over `keys`, which it puts in order: runs that are in order already cost next to nothing. */
  constructor(source: MailSource, keys: MailKey[]) {
    this.#source = source
    this.#keys = keys.sort((left, right) => source.compare(left, right))
  }

  get size(): number {
    return this.#keys.length
  }

  add(key: MailKey): void {
    const last = this.#keys.at(-1)
    if (last === undefined || this.#source.compare(last, key) < 0) this.#keys.push(key)
    else this.#keys.splice(this.#firstFrom(this.#source.entryAt(key)), 0, key)
  }

  remove(key: MailKey): void {
    const position = this.#firstFrom(this.#source.entryAt(key))
    if (this.#keys[position] === key) this.#keys.splice(position, 1)
  }

  /** Up to `limit` mails, newest first, that come before `before` in clock order (from the newest when null). */
  page(limit: number, before: MailPlace | null): readonly MailEntry[] {
    const end = before === null ? this.#keys.length : this.#firstFrom(before)
    const keys = this.#keys.slice(Math.max(0, end - limit), end).reverse()
    return keys.map((key) => this.#source.entryAt(key))
  }

  /** Up to `limit` mails, newest first, from the one at `offset` (0 is the newest). */
  pageAt(limit: number, offset: number): readonly MailEntry[] {
    const end = Math.max(0, this.#keys.length - offset)
    const keys = this.#keys.slice(Math.max(0, end - limit), end).reverse()
    return keys.map((key) => this.#source.entryAt(key))
  }

  /** Index of the first mail that is not below `place`. */
  #firstFrom(place: MailPlace): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const candidate = this.#keys[middle]
      if (candidate !== undefined && this.#source.compareWith(candidate, place) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
