import type { MailEntry, MailPlace } from './mail-entry.ts'

/** Ascending by clock; origin and sequence settle what the clock leaves open, the same way everywhere. */
export const compareMails = (left: MailPlace, right: MailPlace): number => {
  if (left.clock !== right.clock) return left.clock - right.clock
  if (left.origin !== right.origin) return left.origin < right.origin ? -1 : 1
  return left.sequence - right.sequence
}

/** One folder's mails in the order shown. New mails mostly come at the end, which costs nothing. */
export class MailboxIndex {
  readonly #mails: MailEntry[] = []

  get size(): number {
    return this.#mails.length
  }

  add(mail: MailEntry): void {
    const last = this.#mails.at(-1)
    if (last === undefined || compareMails(last, mail) < 0) this.#mails.push(mail)
    else this.#mails.splice(this.#position(mail), 0, mail)
  }

  remove(mail: MailEntry): void {
    const position = this.#position(mail)
    if (this.#mails[position] === mail) this.#mails.splice(position, 1)
  }

  /** Up to `limit` mails, newest first, that come before `before` in clock order (from the newest when null). */
  page(limit: number, before: MailPlace | null): readonly MailEntry[] {
    const end = before === null ? this.#mails.length : this.#position(before)
    return this.#mails.slice(Math.max(0, end - limit), end).reverse()
  }

  /** Up to `limit` mails, newest first, from the one at `offset` (0 is the newest). */
  pageAt(limit: number, offset: number): readonly MailEntry[] {
    const end = Math.max(0, this.#mails.length - offset)
    return this.#mails.slice(Math.max(0, end - limit), end).reverse()
  }

  /** Index of the first mail that is not below `mail`. */
  #position(mail: MailPlace): number {
    let low = 0
    let high = this.#mails.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const candidate = this.#mails[middle]
      if (candidate !== undefined && compareMails(candidate, mail) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
