import type { Clock } from '../model/ids.ts'
import type { MailEntry, MailKey, MailPlace } from './mail-entry.ts'
import { type ClockedKeys, NewestFirst } from './mail-order.ts'

/** What a folder's index needs of the table that its mails are in. */
export interface MailSource {
  entryAt(key: MailKey): MailEntry
  clockAt(key: MailKey): Clock
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

/** Keys in one piece of an index, at most and when it is made. */
const pieceAtMost = 1_024
const pieceAtFirst = 512

/**
 * One folder's mails in the order shown, in pieces, so that to put a mail in or to take one out moves few others. New mails mostly come
 * at the end, which costs nothing. Older ones are put in order when somebody goes back so far.
 */
export class MailboxIndex {
  readonly #source: MailSource
  /** Ascending, none of them empty: the newest, as far as anybody has looked. */
  readonly #pieces: MailKey[][] = []
  /** What is older than all of the pieces. */
  #older: () => NewestFirst
  #size: number

  /**
   * `unordered` gives the mails that are in it from the beginning. It is called when somebody looks, and gives then what it would have given
   * now: of a person's folders most are not looked at for long, and of a large one only the newest.
   */
  constructor(source: MailSource, size: number, unordered: () => ClockedKeys) {
    this.#source = source
    this.#size = size
    this.#older = () => {
      const older = new NewestFirst(source, unordered())
      this.#older = () => older
      return older
    }
  }

  get size(): number {
    return this.#size
  }

  add(key: MailKey): void {
    if (this.#pieces.length === 0) this.#goBack(1)
    const last = this.#pieces.at(-1)?.at(-1)
    const isLast = last === undefined || this.#source.compare(last, key) < 0
    const [place, position] = isLast ? [this.#pieces.length - 1, Infinity] : this.#firstFrom(this.#source.entryAt(key))
    const piece = this.#pieces[place]
    if (piece === undefined || (isLast && piece.length >= pieceAtMost)) this.#pieces.push([key])
    else piece.splice(position, 0, key)
    this.#size += 1
    if (piece !== undefined && piece.length > pieceAtMost) this.#pieces.splice(place + 1, 0, piece.splice(pieceAtFirst))
  }

  remove(key: MailKey): void {
    const [place, position] = this.#firstFrom(this.#source.entryAt(key))
    const piece = this.#pieces[place]
    if (piece?.[position] !== key) return
    piece.splice(position, 1)
    this.#size -= 1
    if (piece.length === 0) this.#pieces.splice(place, 1)
  }

  /** Up to `limit` mails, newest first, that come before `before` in clock order (from the newest when null). */
  page(limit: number, before: MailPlace | null): readonly MailEntry[] {
    if (before === null) return this.pageAt(limit, 0)
    const [place, position] = this.#firstFrom(before)
    const below = this.#pieces.slice(0, place).reduce((sum, { length }) => sum + length, position)
    if (below >= limit || this.#older().left === 0) return this.#pageBefore(limit, place, position)
    this.#goBack(limit - below)
    return this.#pageBefore(limit, ...this.#firstFrom(before))
  }

  /** Up to `limit` mails, newest first, from the one at `offset` (0 is the newest). */
  pageAt(limit: number, offset: number): readonly MailEntry[] {
    const missing = offset + limit - (this.#size - this.#older().left)
    if (missing > 0) this.#goBack(missing)
    let left = offset
    for (let place = this.#pieces.length - 1; place >= 0; place -= 1) {
      const length = this.#pieces[place]?.length ?? 0
      if (left < length) return this.#pageBefore(limit, place, length - left)
      left -= length
    }
    return []
  }

  /** Puts at least `least` older mails in order, if there are so many; so many at once that to go all the way back takes few steps. */
  #goBack(least: number): void {
    const older = this.#older()
    const keys = older.take(Math.max(least, pieceAtFirst, this.#size - older.left))
    const pieces: MailKey[][] = []
    for (let start = 0; start < keys.length; start += pieceAtFirst) pieces.push(keys.slice(start, start + pieceAtFirst))
    this.#pieces.unshift(...pieces)
  }

  /** Up to `limit` mails, newest first, below a position in a piece. */
  #pageBefore(limit: number, place: number, position: number): readonly MailEntry[] {
    const page: MailEntry[] = []
    let end = position
    for (let at = place; at >= 0 && page.length < limit; at -= 1) {
      const piece = this.#pieces[at] ?? []
      const keys = piece.slice(Math.max(0, Math.min(end, piece.length) - (limit - page.length)), end).reverse()
      for (const key of keys) page.push(this.#source.entryAt(key))
      end = Infinity
    }
    return page
  }

  /**
   * The piece and the position in it of the first mail that is not below `mail`: that after the last one when there is none. Goes back
   * until one is below.
   */
  #firstFrom(mail: MailPlace): readonly [place: number, position: number] {
    const isBelow = (key: MailKey | undefined): boolean => key !== undefined && this.#source.compareWith(key, mail) < 0
    while (this.#older().left > 0 && !isBelow(this.#pieces[0]?.[0])) this.#goBack(1)
    const last = Math.max(0, this.#pieces.length - 1)
    const place = Math.min(
      last,
      countWhile(this.#pieces, (piece) => isBelow(piece.at(-1))),
    )
    return [place, countWhile(this.#pieces[place] ?? [], isBelow)]
  }
}

/** How many of `items`, of which the first ones are `below`, are. */
function countWhile<Item>(items: readonly Item[], below: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && below(item)) low = middle + 1
    else high = middle
  }
  return low
}
