import type { Header } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'

/** Rows that are kept besides those on the screen. */
const keptRows = 6_000
/** More arrivals at once are not sorted in one by one. */
const sortedArrivals = 200

/** The part of a folder that is known here: headers by their place in it, newest first, with gaps. */
export class MailRows {
  readonly #rows = new Map<number, Header>()
  #total: number | null = null
  /** Mails that an answer has counted before they were told of. */
  #early = 0

  /** How many mails the folder has. */
  get total(): number {
    return this.#total ?? 0
  }

  /** Undefined where nothing is known yet. */
  at(index: number): Header | undefined {
    return this.#rows.get(index)
  }

  /** -1 when it is not among the known. */
  indexOf(mail: UpdateId): number {
    for (const [index, header] of this.#rows) if (header.mail === mail) return index
    return -1
  }

  headersOf(mails: ReadonlySet<UpdateId>): readonly Header[] {
    return [...this.#rows.values()].filter(({ mail }) => mails.has(mail))
  }

  /** All that are known, in the folder's order. */
  known(): readonly Header[] {
    return this.#entries().map(([, header]) => header)
  }

  /** What the client answered for `offset`. */
  put(offset: number, headers: readonly Header[], total: number): void {
    const came = Math.max(total - (this.#total ?? total), 0)
    this.#total = total
    this.#early += came
    const known = this.#makePlace(new Map(headers.map(({ mail }, index) => [mail, offset + index])), came)
    headers.forEach((header, index) => this.#rows.set(offset + index, unchanged(known.get(header.mail), header)))
    for (const index of this.#rows.keys()) if (index >= total) this.#rows.delete(index)
  }

  /** Mails came in: those below make room. Where a new one is next to a gap, a gap is left for it. */
  arrive(arrivals: readonly Header[]): void {
    const known = new Set([...this.#rows.values()].map(({ mail }) => mail))
    const unknown = arrivals.filter(({ mail }) => !known.has(mail))
    const counted = Math.max(Math.min(this.#early - (arrivals.length - unknown.length), unknown.length), 0)
    this.#early = Math.max(this.#early - arrivals.length, 0)
    const fresh = unknown.slice(counted)
    if (fresh.length > sortedArrivals) {
      this.#makeRoom(fresh.map(({ sentAt }) => sentAt))
      return
    }
    for (const header of fresh.toSorted((one, other) => other.sentAt - one.sentAt)) {
      const place = this.#placeOf(header)
      this.#makeRoom([header.sentAt])
      if (place !== null) this.#rows.set(place, header)
    }
  }

  /** Takes mails out; those below move up. Gives those that were known. */
  remove(mails: ReadonlySet<UpdateId>): readonly Header[] {
    const entries = this.#entries()
    this.#rows.clear()
    const removed: Header[] = []
    for (const [index, header] of entries) {
      if (mails.has(header.mail)) removed.push(header)
      else this.#rows.set(index - removed.length, header)
    }
    this.#total = this.total - removed.length
    return removed
  }

  change(mails: ReadonlySet<UpdateId>, changed: Partial<Header>): void {
    for (const [index, header] of this.#rows)
      if (mails.has(header.mail)) this.#rows.set(index, { ...header, ...changed })
  }

  /** Forgets what is far from the rows on the screen. */
  forgetFarFrom(middle: number): void {
    if (this.#rows.size <= keptRows) return
    for (const index of this.#rows.keys()) if (Math.abs(index - middle) > keptRows / 2) this.#rows.delete(index)
  }

  /**
   * Takes those out that stand at `places` now, and gives them. They may have stood elsewhere, before others came in or went: what is known
   * above and below them has moved as they have, or a list that is not at its top would be somewhere else with every mail that comes. Where
   * none of them is known, the `came` new ones stand above all.
   */
  #makePlace(places: ReadonlyMap<UpdateId, number>, came: number): ReadonlyMap<UpdateId, Header> {
    const entries = this.#entries()
    const found = entries.filter(([, { mail }]) => places.has(mail))
    const movedBy = ([index, { mail }]: readonly [number, Header]): number => (places.get(mail) ?? index) - index
    const [first, last] = [found.at(0), found.at(-1)]
    const [above, below] = first === undefined || last === undefined ? [came, came] : [movedBy(first), movedBy(last)]
    const [top, bottom] = [first?.[0] ?? Infinity, last?.[0] ?? Infinity]
    this.#rows.clear()
    for (const [index, header] of entries) {
      const place = index < top ? index + above : index > bottom ? index + below : -1
      if (place >= 0) this.#rows.set(place, header)
    }
    return new Map(found.map(([, header]) => [header.mail, header]))
  }

  #entries(): readonly (readonly [number, Header])[] {
    return [...this.#rows].toSorted(([one], [other]) => one - other)
  }

  /** Where it belongs; null when a gap makes that uncertain. */
  #placeOf({ sentAt }: Header): number | null {
    let newer = -1
    let older = this.total
    for (const [index, header] of this.#rows) {
      if (header.sentAt > sentAt) newer = Math.max(newer, index)
      else older = Math.min(older, index)
    }
    return older === newer + 1 ? older : null
  }

  #makeRoom(sentAts: readonly number[]): void {
    const entries = this.#entries()
    this.#rows.clear()
    for (const [index, header] of entries) {
      const before = sentAts.reduce((count, sentAt) => count + (sentAt >= header.sentAt ? 1 : 0), 0)
      this.#rows.set(index + before, header)
    }
    this.#total = this.total + sentAts.length
  }
}

/** The header that is known when the other one says the same: its row is not drawn anew then. */
const unchanged = (known: Header | undefined, told: Header): Header =>
  known !== undefined && JSON.stringify(known) === JSON.stringify(told) ? known : told
