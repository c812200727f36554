import { type Segment, segmentMails } from './segment.ts'

/** Words that follow each other. Each may be one of several in the index; only the last one of an open phrase is. */
export interface Phrase {
  /** Per word the numbers of the words that it may be. */
  readonly meant: readonly (readonly number[])[]
  /** The order in which they are looked for: the first must be a single word, and rather a rare one. */
  readonly order: readonly number[]
  /** `fieldBits` of which one must hold each word. */
  readonly fields: number
}

/**
 * Finds the mails that have a phrase, a segment at a time. It works in arrays that it keeps, because a phrase of common words
 * begins in nearly every mail: lists for each mail would be most of the time.
 */
export class PhraseFinder {
  /** Where in a mail the phrase would begin as far as its words were found: the places of one mail after those of another. */
  #starts = new Int32Array(segmentMails)
  /** Whether the word that is looked for now fits to the start of the same number. */
  #fits = new Uint8Array(segmentMails)
  #used = 0
  readonly #first = new Uint32Array(segmentMails)
  readonly #counts = new Uint32Array(segmentMails)
  #places = new Int32Array(segmentMails)

  /** Calls `found` with the places in the segment of mails that have the phrase, and how often, among those that `isWanted`. */
  find(
    segment: Segment,
    { meant, order, fields }: Phrase,
    isWanted: (mail: number) => boolean,
    found: (mail: number, count: number) => void,
  ): void {
    const [rarest, ...others] = order
    const [word] = rarest === undefined ? [] : (meant[rarest] ?? [])
    if (rarest === undefined || word === undefined) return
    this.#begin(segment, { word, index: rarest, fields }, isWanted)
    for (const index of others) {
      this.#fits.fill(0, 0, this.#used)
      for (const other of meant[index] ?? []) this.#fit(segment, { word: other, index, fields })
      this.#keepFitting()
    }
    this.#counts.forEach((count, mail) => {
      if (count > 0) found(mail, count)
    })
  }

  #begin(segment: Segment, { word, index, fields }: Sought, isWanted: (mail: number) => boolean): void {
    this.#counts.fill(0)
    this.#used = 0
    segment.visit(word, (mail, has, count, at) => {
      if ((has & fields) === 0 || !isWanted(mail)) return
      this.#reserve(this.#used + count)
      segment.readPlaces(word, at, count, this.#starts, this.#used)
      for (let start = this.#used; start < this.#used + count; start += 1)
        this.#starts[start] = (this.#starts[start] ?? 0) - index
      this.#first[mail] = this.#used
      this.#counts[mail] = count
      this.#used += count
    })
  }

  /** Both lists ascend, so that one look at each is enough. */
  #fit(segment: Segment, { word, index, fields }: Sought): void {
    segment.visit(word, (mail, has, count, at) => {
      const known = this.#counts[mail] ?? 0
      if (known === 0 || (has & fields) === 0) return
      if (this.#places.length < count) this.#places = new Int32Array(2 * count)
      segment.readPlaces(word, at, count, this.#places, 0)
      let start = this.#first[mail] ?? 0
      const end = start + known
      for (let place = 0; place < count; place += 1) {
        const wanted = (this.#places[place] ?? 0) - index
        while (start < end && (this.#starts[start] ?? 0) < wanted) start += 1
        if (start === end) return
        if (this.#starts[start] === wanted) this.#fits[start] = 1
      }
    })
  }

  #keepFitting(): void {
    for (let mail = 0; mail < segmentMails; mail += 1) {
      const known = this.#counts[mail] ?? 0
      if (known === 0) continue
      const first = this.#first[mail] ?? 0
      let kept = 0
      for (let start = first; start < first + known; start += 1) {
        if (this.#fits[start] !== 1) continue
        this.#starts[first + kept] = this.#starts[start] ?? 0
        kept += 1
      }
      this.#counts[mail] = kept
    }
  }

  #reserve(size: number): void {
    if (this.#starts.length >= size) return
    const longer = new Int32Array(2 * size)
    longer.set(this.#starts)
    this.#starts = longer
    this.#fits = new Uint8Array(2 * size)
  }
}

interface Sought {
  readonly word: number
  /** Its place in the phrase. */
  readonly index: number
  readonly fields: number
}
