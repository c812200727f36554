import SearchableMap from 'minisearch/SearchableMap'

/** A word of the index that a word of a query stands for; `weight` is 1 for the word itself, and less for what is only like it. */
export interface WordMatch {
  readonly word: number
  readonly weight: number
}

/** Of very short prefixes only the words that most mails have. */
const mostExpansions = 64
const prefixFromChars = 2
const oneTypoFromChars = 4
const twoTyposFromChars = 8
const prefixWeight = 0.6
const typoWeight = 0.35
/** How fast a longer word loses against a shorter one with the same beginning. */
const lengthShare = 0.15

/**
 * All words of the index, numbered in the order of their coming, in MiniSearch's radix tree, which finds them by prefix and
 * by edit distance.
 */
export class Vocabulary {
  readonly #tree = new SearchableMap<number>()
  readonly #words: string[] = []
  readonly #mails: number[] = []

  get size(): number {
    return this.#words.length
  }

  /** The word's number; it gets one when it has none. */
  intern(word: string): number {
    const known = this.#tree.get(word)
    if (known !== undefined) return known
    const number = this.#words.length
    this.#tree.set(word, number)
    this.#words.push(word)
    this.#mails.push(0)
    return number
  }

  find(word: string): number | undefined {
    return this.#tree.get(word)
  }

  /** In how many mails the word has been found; mails that were removed since still count. */
  mailsWith(word: number): number {
    return this.#mails[word] ?? 0
  }

  count(word: number, mails: number): void {
    this.#mails[word] = this.mailsWith(word) + mails
  }

  /** The words from number `first` on, up to and without number `end`. */
  between(first: number, end: number): readonly string[] {
    return this.#words.slice(first, end)
  }

  /** The words that `text` may mean: itself, those that begin so, and those that it is a typing error of. */
  matches(text: string): readonly WordMatch[] {
    const found = new Map<number, number>()
    const add = (word: number, weight: number): void => {
      if ((found.get(word) ?? 0) < weight) found.set(word, weight)
    }
    const exact = this.find(text)
    if (exact !== undefined) add(exact, 1)
    if (text.length >= prefixFromChars) {
      for (const word of this.beginningWith(text)) {
        const extraChars = (this.#words[word] ?? '').length - text.length
        add(word, prefixWeight / (1 + (lengthShare * extraChars) / text.length))
      }
    }
    const typos = typosIn(text)
    if (typos > 0) {
      for (const [word, distance] of this.#tree.fuzzyGet(text, typos).values()) {
        if (distance > 0) add(word, typoWeight / distance)
      }
    }
    return Array.from(found, ([word, weight]) => ({ word, weight }))
  }

  /** The words that begin with `prefix`, itself included; of very many those that most mails have. */
  beginningWith(prefix: string): readonly number[] {
    const found = [...this.#tree.atPrefix(prefix).values()]
    if (found.length <= mostExpansions) return found
    return found.sort((left, right) => this.mailsWith(right) - this.mailsWith(left)).slice(0, mostExpansions)
  }
}

/** A number with another digit is another number, not a typing error. */
const typosIn = (text: string): number => {
  if (text.length < oneTypoFromChars || /\d/.test(text)) return 0
  return text.length < twoTyposFromChars ? 1 : 2
}
