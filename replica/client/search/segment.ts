import type { UpdateId } from '../../core/model/ids.ts'
import type { Postings, VisitPosting } from './postings.ts'
import { GrowingPostings, readPlaces, visitPostings } from './postings.ts'

/** What a search tells mails apart by, besides their words. */
export const roleBits = { sender: 1, recipient: 2 } as const

/** A segment is full with so many mails: one is closed, saved and loaded at a time, and with 2,000 that held the event loop up for four times as long. */
export const segmentMails = 500

export interface IndexedMail {
  readonly mail: UpdateId
  /** Milliseconds since 1970. */
  readonly sentAt: number
  /** `roleBits` of the person whose index it is. */
  readonly roles: number
  /** How many words it has. */
  readonly words: number
}

/** Some hundred mails and the places of their words. Only the last segment of an index grows. */
export class Segment {
  readonly mails: IndexedMail[]
  readonly #live: boolean[]
  #removed = 0
  #growing: GrowingPostings | null
  #closed: Postings | null

  private constructor(mails: IndexedMail[], growing: GrowingPostings | null, closed: Postings | null) {
    this.mails = mails
    this.#live = mails.map(() => true)
    this.#growing = growing
    this.#closed = closed
  }

  static empty(): Segment {
    return new Segment([], new GrowingPostings(), null)
  }

  static of(mails: readonly IndexedMail[], postings: Postings): Segment {
    return new Segment([...mails], null, postings)
  }

  get removed(): number {
    return this.#removed
  }

  isLive(place: number): boolean {
    return this.#live[place] === true
  }

  add(mail: IndexedMail, words: ReadonlyMap<number, WordPlaces>): number {
    const place = this.mails.length
    const growing = this.#grow()
    for (const [word, { fields, places }] of words) growing.add(word, place, fields, places)
    this.mails.push(mail)
    this.#live.push(true)
    return place
  }

  remove(place: number): void {
    if (!this.isLive(place)) return
    this.#live[place] = false
    this.#removed += 1
  }

  /** Takes everything out, so that nothing of it is kept. */
  clear(): void {
    this.mails.length = 0
    this.#live.length = 0
    this.#removed = 0
    this.#growing = new GrowingPostings()
    this.#closed = null
    this.close()
  }

  /** In less memory from now on. */
  close(): Postings {
    const closed = this.#closed ?? this.#growing?.closed() ?? new GrowingPostings().closed()
    this.#closed = closed
    this.#growing = null
    return closed
  }

  /** As `close`, but it can go on growing. */
  postings(): Postings {
    return this.#closed ?? this.#growing?.closed() ?? new GrowingPostings().closed()
  }

  visit(word: number, visit: VisitPosting): void {
    if (this.#closed !== null) visitPostings(this.#closed, word, visit)
    else this.#growing?.visit(word, visit)
  }

  /** The places of a word in a mail that `visit` told of, ascending, into `into` from `from` on. */
  readPlaces(word: number, at: number, count: number, into: Int32Array, from: number): void {
    if (this.#closed !== null) readPlaces(this.#closed.bytes, at, count, into, from)
    else this.#growing?.readPlaces(word, at, count, into, from)
  }

  #grow(): GrowingPostings {
    if (this.#growing === null) {
      this.#growing = this.#closed === null ? new GrowingPostings() : GrowingPostings.reopened(this.#closed)
      this.#closed = null
    }
    return this.#growing
  }
}

/** Where one word stands in one mail. */
export interface WordPlaces {
  fields: number
  readonly places: number[]
}
