import type { UpdateId } from '../../core/model/ids.ts'
import { limits } from '../../core/model/limits.ts'
import { PhraseFinder } from './phrase-finder.ts'
import { fieldBits } from './postings.ts'
import type { Clause, Query } from './query.ts'
import { bestOf, type Ranked } from './ranking.ts'
import type { IndexedMail, WordPlaces } from './segment.ts'
import { Segment, segmentMails } from './segment.ts'
import { Vocabulary } from './vocabulary.ts'
import { wordsOf } from './words.ts'

/** An opened mail, as the index takes it. */
export interface SearchableMail {
  readonly mail: UpdateId
  readonly sentAt: number
  readonly roles: number
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly body: string
}

export interface FoundMails {
  /** The best, then the newest, from the asked place on. */
  readonly mails: readonly UpdateId[]
  readonly total: number
}

export interface Wish {
  readonly query: Query
  /** What else a mail must be, which the index does not know. */
  readonly admits: (mail: IndexedMail) => boolean
  readonly offset: number
  readonly limit: number
}

/** A closed segment of which so many mails are gone is emptied, and what is left of it indexed anew. */
const wornMails = segmentMails / 4
/** Between fields and names, so that no phrase goes over their ends. */
const fieldGap = 8

/** BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) with its usual constants. */
const saturation = 1.2
const lengthNorm = 0.5
const subjectBoost = 2
const senderBoost = 1.5

/** Scores while a query is carried out, by the number of the mail. */
interface Tally {
  /** How many of the clauses, from the first on, it fulfils. */
  readonly fulfilled: Uint8Array
  /** Sum over the clauses before the last one that it fulfils. */
  readonly before: Float32Array
  /** What the last one that it fulfils gives. */
  readonly last: Float32Array
}

/**
 * The words of one person's mails, in memory: MiniSearch's tree for the words, and for where they stand bytes in segments,
 * which take a tenth of the memory and of the time that MiniSearch's own maps of mails take (docs/performance.md).
 */
export class SearchIndex {
  readonly vocabulary = new Vocabulary()
  readonly #segments: Segment[] = []
  /** The first word that came with each segment. */
  readonly #firstWords: number[] = []
  readonly #places = new Map<UpdateId, number>()
  /** How many words each mail has, by its number. */
  #lengths = new Uint32Array(segmentMails)
  #words = 0
  readonly #phrases = new PhraseFinder()

  get size(): number {
    return this.#places.size
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Number of the first word that came with this segment. */
  firstWordOf(segment: number): number {
    return this.#firstWords[segment] ?? this.vocabulary.size
  }

  has(mail: UpdateId): boolean {
    return this.#places.has(mail)
  }

  mails(): IterableIterator<UpdateId> {
    return this.#places.keys()
  }

  add(mail: SearchableMail): void {
    if (this.has(mail.mail)) return
    const found = new Map<number, WordPlaces>()
    let place = 0
    const put = (text: string, field: number): void => {
      for (const word of wordsOf(text)) {
        const number = this.vocabulary.intern(word)
        const known = found.get(number)
        if (known === undefined) found.set(number, { fields: field, places: [place] })
        else {
          known.fields |= field
          known.places.push(place)
        }
        place += 1
      }
      place += fieldGap
    }
    const segment = this.#openSegment()
    put(mail.from, fieldBits.from)
    for (const name of mail.to) put(name, fieldBits.to)
    for (const name of mail.cc) put(name, fieldBits.cc)
    put(mail.subject, fieldBits.subject)
    put(mail.body.slice(0, limits.searchedBodyChars), fieldBits.body)
    for (const word of found.keys()) this.vocabulary.count(word, 1)
    const { mail: id, sentAt, roles } = mail
    this.#place(id, this.#segments.length - 1, segment.add({ mail: id, sentAt, roles, words: place }, found), place)
  }

  /** Takes in a segment that was saved, after those before it. `words` are those that came with it. */
  restore(segment: Segment, words: readonly string[]): void {
    this.#firstWords.push(this.vocabulary.size)
    for (const word of words) this.vocabulary.intern(word)
    const postings = segment.postings()
    postings.words.forEach((word, index) => {
      this.vocabulary.count(word, postings.mails[index] ?? 0)
    })
    this.#segments.push(segment)
    segment.mails.forEach((mail, place) => {
      // A mail of an emptied segment may have been indexed anew before that was saved.
      if (this.has(mail.mail)) segment.remove(place)
      else this.#place(mail.mail, this.#segments.length - 1, place, mail.words)
    })
  }

  /** The number of the segment that had it; null when none had. */
  remove(mail: UpdateId): number | null {
    const number = this.#places.get(mail)
    if (number === undefined) return null
    this.#places.delete(mail)
    const index = Math.floor(number / segmentMails)
    const segment = this.#segments[index]
    this.#words -= segment?.mails[number % segmentMails]?.words ?? 0
    segment?.remove(number % segmentMails)
    return index
  }

  /** Empties the segment if too much of it is gone, and gives the mails that are to be indexed anew. */
  emptyIfWorn(index: number): readonly UpdateId[] {
    const segment = this.#segments[index]
    const isOpen = index === this.#segments.length - 1
    if (segment === undefined || isOpen || segment.removed < wornMails) return []
    const left = segment.mails.filter((_, place) => segment.isLive(place)).map(({ mail }) => mail)
    for (const mail of left) this.remove(mail)
    segment.clear()
    return left
  }

  search({ query, admits, offset, limit }: Wish): FoundMails {
    const room = this.#segments.length * segmentMails
    const tally: Tally = {
      fulfilled: new Uint8Array(room),
      before: new Float32Array(room),
      last: new Float32Array(room),
    }
    query.clauses.forEach((clause, index) => {
      if (clause.kind === 'word') this.#tallyWord(clause, index, tally)
      else this.#tallyPhrase(clause, index, tally)
    })
    const found: Ranked[] = []
    this.#segments.forEach((segment, index) => {
      segment.mails.forEach((mail, place) => {
        const number = index * segmentMails + place
        if (tally.fulfilled[number] !== query.clauses.length || !segment.isLive(place)) return
        if (mail.sentAt < query.fromMs || mail.sentAt >= query.toMs || !admits(mail)) return
        found.push({ mail, score: (tally.before[number] ?? 0) + (tally.last[number] ?? 0) })
      })
    })
    return { mails: bestOf(found, offset, limit).map(({ mail }) => mail.mail), total: found.length }
  }

  #tallyWord({ words: [text = ''], fields: asked }: Clause, clause: number, tally: Tally): void {
    const matches = this.vocabulary.matches(text)
    const rarity = this.#rarity(matches.reduce((sum, { word }) => sum + this.vocabulary.mailsWith(word), 0))
    const lengths = this.#lengths
    const average = this.#averageLength
    const { fulfilled } = tally
    for (const { word, weight } of matches) {
      const worth = weight * rarity
      this.#segments.forEach((segment, index) => {
        const base = index * segmentMails
        segment.visit(word, (place, fields, count) => {
          const number = base + place
          if ((fields & asked) === 0 || (fulfilled[number] ?? 0) < clause) return
          note(tally, number, clause, worth * boost(fields & asked) * frequency(count, lengths[number] ?? 0, average))
        })
      })
    }
  }

  #tallyPhrase({ words, fields, kind }: Clause, clause: number, tally: Tally): void {
    const openIndex = kind === 'openPhrase' ? words.length - 1 : -1
    const meant = words.map((text, index) => {
      const exact = this.vocabulary.find(text)
      if (index === openIndex) return this.vocabulary.beginningWith(text)
      return exact === undefined ? [] : [exact]
    })
    const mailsWith = (index: number): number =>
      (meant[index] ?? []).reduce((sum, word) => sum + this.vocabulary.mailsWith(word), 0)
    // The rarest first: the others are then looked at only in the mails that have it. What is open may be many words, so it is the last.
    const rank = (index: number): number => (index === openIndex ? Infinity : mailsWith(index))
    const order = [...words.keys()].sort((left, right) => rank(left) - rank(right))
    const rarity = this.#rarity(Math.min(...words.map((_, index) => mailsWith(index))))
    const lengths = this.#lengths
    const average = this.#averageLength
    this.#segments.forEach((segment, segmentIndex) => {
      const base = segmentIndex * segmentMails
      const isWanted = (place: number): boolean => (tally.fulfilled[base + place] ?? 0) >= clause
      this.#phrases.find(segment, { meant, order, fields }, isWanted, (place, count) => {
        const number = base + place
        note(tally, number, clause, rarity * frequency(count, lengths[number] ?? 0, average))
      })
    })
  }

  #rarity(mails: number): number {
    return Math.log(1 + (this.size + 1) / (mails + 1))
  }

  get #averageLength(): number {
    return Math.max(1, this.#words / Math.max(1, this.size))
  }

  #openSegment(): Segment {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.mails.length < segmentMails) return last
    last?.close()
    const segment = Segment.empty()
    this.#firstWords.push(this.vocabulary.size)
    this.#segments.push(segment)
    return segment
  }

  #place(mail: UpdateId, segment: number, place: number, words: number): void {
    const number = segment * segmentMails + place
    this.#places.set(mail, number)
    this.#words += words
    if (number >= this.#lengths.length) {
      const longer = new Uint32Array((segment + 1) * 2 * segmentMails)
      longer.set(this.#lengths)
      this.#lengths = longer
    }
    this.#lengths[number] = words
  }
}

const frequency = (count: number, length: number, average: number): number =>
  (count * (saturation + 1)) / (count + saturation * (1 - lengthNorm + (lengthNorm * length) / average))

const boost = (fields: number): number => {
  if ((fields & fieldBits.subject) !== 0) return subjectBoost
  return (fields & fieldBits.from) === 0 ? 1 : senderBoost
}

/** Of several words that one clause may mean the best counts. */
const note = ({ fulfilled, before, last }: Tally, number: number, clause: number, score: number): void => {
  if (fulfilled[number] === clause) {
    before[number] = (before[number] ?? 0) + (last[number] ?? 0)
    last[number] = score
    fulfilled[number] = clause + 1
  } else if (score > (last[number] ?? 0)) last[number] = score
}
