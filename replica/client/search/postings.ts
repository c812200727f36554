/** Where in a mail a word stands, as bits. */
export const fieldBits = { from: 1, to: 2, cc: 4, subject: 8, body: 16 } as const
const fieldMask = 31
const countShift = 5
/** Counts from here on are written behind the head. */
const longCount = 7

/** What a segment knows of one word in one mail. `at` is where the places of the word in the mail are written. */
export type VisitPosting = (mail: number, fields: number, count: number, at: number) => void

/** The places of words in up to some hundred mails, closed: no more mails come in. Mails are numbered from 0. */
export interface Postings {
  /** Ascending numbers of the words that occur. */
  readonly words: Uint32Array
  /** In how many mails each of them occurs. */
  readonly mails: Uint32Array
  /** Where in `bytes` the entries of each word begin. */
  readonly starts: Uint32Array
  /**
   * Per word and mail: the mail's distance from the one before, a head (five bits for the fields, three for how often, with 7
   * the count follows), and each place's distance from the one before. All but the head as LEB128 numbers.
   */
  readonly bytes: Uint8Array
}

interface Entries {
  last: number
  mails: number
  readonly bytes: number[]
}

/** Postings that still grow. */
export class GrowingPostings {
  readonly #entries = new Map<number, Entries>()

  /** Adds a mail's word; mails come ascending, and a mail's places too. */
  add(word: number, mail: number, fields: number, places: readonly number[]): void {
    let entries = this.#entries.get(word)
    if (entries === undefined) {
      entries = { last: 0, mails: 0, bytes: [] }
      this.#entries.set(word, entries)
    }
    const { bytes } = entries
    put(bytes, mail - entries.last)
    bytes.push(fields | (Math.min(places.length, longCount) << countShift))
    if (places.length >= longCount) put(bytes, places.length)
    let before = 0
    for (const place of places) {
      put(bytes, place - before)
      before = place
    }
    entries.last = mail
    entries.mails += 1
  }

  visit(word: number, visit: VisitPosting): void {
    const entries = this.#entries.get(word)
    if (entries !== undefined) walk(entries.bytes, 0, entries.mails, visit)
  }

  readPlaces(word: number, at: number, count: number, into: Int32Array, from: number): void {
    readPlaces(this.#entries.get(word)?.bytes ?? [], at, count, into, from)
  }

  closed(): Postings {
    const words = Uint32Array.from(this.#entries.keys()).sort()
    const mails = new Uint32Array(words.length)
    const starts = new Uint32Array(words.length)
    let length = 0
    for (const { bytes } of this.#entries.values()) length += bytes.length
    const bytes = new Uint8Array(length)
    let start = 0
    words.forEach((word, index) => {
      const entries = this.#entries.get(word)
      if (entries === undefined) return
      mails[index] = entries.mails
      starts[index] = start
      bytes.set(entries.bytes, start)
      start += entries.bytes.length
    })
    return { words, mails, starts, bytes }
  }

  /** Postings that were closed, to grow on. */
  static reopened(postings: Postings): GrowingPostings {
    const growing = new GrowingPostings()
    postings.words.forEach((word, index) => {
      const mails = postings.mails[index] ?? 0
      const end = postings.starts[index + 1] ?? postings.bytes.length
      let last = 0
      walk(postings.bytes, postings.starts[index] ?? 0, mails, (mail) => (last = mail))
      growing.#entries.set(word, { last, mails, bytes: [...postings.bytes.subarray(postings.starts[index], end)] })
    })
    return growing
  }
}

export const visitPostings = (postings: Postings, word: number, visit: VisitPosting): void => {
  const index = placeOf(postings.words, word)
  if (index >= 0) walk(postings.bytes, postings.starts[index] ?? 0, postings.mails[index] ?? 0, visit)
}

type Bytes = Uint8Array | readonly number[]

/** Written out by hand, without a function for the numbers: a search of a common word comes by here a million times. */
const walk = (bytes: Bytes, start: number, mails: number, visit: VisitPosting): void => {
  let at = start
  let mail = 0
  for (let left = mails; left > 0; left -= 1) {
    let byte = bytes[at++] ?? 0
    mail += byte & 127
    for (let shift = 7; byte >= 128; shift += 7) {
      byte = bytes[at++] ?? 0
      mail += (byte & 127) << shift
    }
    const head = bytes[at++] ?? 0
    let count = head >> countShift
    if (count === longCount) {
      byte = bytes[at++] ?? 0
      count = byte & 127
      for (let shift = 7; byte >= 128; shift += 7) {
        byte = bytes[at++] ?? 0
        count += (byte & 127) << shift
      }
    }
    visit(mail, head & fieldMask, count, at)
    for (let place = count; place > 0; place -= 1) while ((bytes[at++] ?? 0) >= 128);
  }
}

/** Writes the `count` places of a word in a mail, ascending, to `into` from `from` on; `start` is what `VisitPosting` told as `at`. */
export const readPlaces = (bytes: Bytes, start: number, count: number, into: Int32Array, from: number): void => {
  let at = start
  let place = 0
  for (let index = 0; index < count; index += 1) {
    let byte = bytes[at++] ?? 0
    place += byte & 127
    for (let shift = 7; byte >= 128; shift += 7) {
      byte = bytes[at++] ?? 0
      place += (byte & 127) << shift
    }
    into[from + index] = place
  }
}

const put = (bytes: number[], value: number): void => {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  bytes.push(rest)
}

/** Index of `word` in the ascending `words`; -1 when it is not there. */
const placeOf = (words: Uint32Array, word: number): number => {
  let low = 0
  let high = words.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = words[middle] ?? 0
    if (found === word) return middle
    if (found < word) low = middle + 1
    else high = middle - 1
  }
  return -1
}
