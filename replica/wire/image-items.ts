import { anyTag, highestTag, tag, type Tag } from '../core/model/ids.ts'
import { refuse } from './cbor.ts'
import { untaggedFormat } from './image-format.ts'

export const damaged = (message: string): never => refuse('DAMAGED', `state image: ${message}`)

/** A chunk's JSON. */
export function parseChunk(chunk: string): unknown {
  try {
    const value: unknown = JSON.parse(chunk)
    return value
  } catch {
    return damaged('a chunk is not JSON')
  }
}

/** Reads a JSON array item by item; whatever is not of the expected kind, or missing, is damage. */
export class ItemReader {
  readonly #items: readonly unknown[]
  #position = 0

  constructor(items: unknown) {
    this.#items = Array.isArray(items) ? items : damaged('a list is missing')
  }

  more(): boolean {
    return this.#position < this.#items.length
  }

  next(): unknown {
    return this.#items[this.#position++]
  }

  /** A whole number from 0 to `most`. */
  number(most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.next()
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most
      ? value
      : damaged('a number is wrong')
  }

  /** A whole number from 1. */
  positive(): number {
    const value = this.number()
    return value > 0 ? value : damaged('a number is zero')
  }

  /** `anyTag` in an image of a format that has none. */
  tag(format: number): Tag {
    return format === untaggedFormat ? anyTag : tag(this.number(highestTag))
  }

  /** A whole number of either sign. */
  difference(): number {
    const value = this.next()
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : damaged('a number is wrong')
  }

  /** The value of `table` at the place that the next item gives. */
  pick<Value>(table: readonly Value[]): Value {
    return table[this.number()] ?? damaged('a place is not in its table')
  }

  text(): string {
    const value = this.next()
    return typeof value === 'string' ? value : damaged('a text is missing')
  }

  match(pattern: RegExp): string {
    const value = this.text()
    return pattern.test(value) ? value : damaged('a text has the wrong form')
  }

  /** A nested list. */
  list(): ItemReader {
    return new ItemReader(this.next())
  }

  /** Null, or what `read` reads. */
  orNull<Value>(read: () => Value): Value | null {
    if (this.#items[this.#position] !== null) return read()
    this.#position += 1
    return null
  }

  end(): void {
    if (this.more()) damaged('a list is too long')
  }
}
