import { encode } from 'cborg'
import type { ErrorCode, Result } from '../core/model/errors.ts'
import { QuintetError, succeed } from '../core/model/errors.ts'
import { isServerId } from '../core/model/ids.ts'
import type { ServerId } from '../core/model/ids.ts'
import { plain } from './bytes.ts'

/** What the formats are made of: unsigned integers, bytes, text, arrays and null. */
export type CborValue = number | string | Uint8Array | null | readonly CborValue[]

/** Deterministic CBOR (RFC 8949, section 4.2.1): one value has one encoding. */
export const encodeCbor = (value: CborValue): Uint8Array => plain(encode(value))

/** Runs `read` over all of `bytes`: what it refuses, and anything left over at the end, becomes a failure. */
export function readWhole<Value>(bytes: Uint8Array, read: (reader: CborReader) => Value): Result<Value> {
  return attempt(() => {
    const reader = new CborReader(bytes)
    const value = read(reader)
    reader.end()
    return value
  })
}

/** Turns what `work` refuses into a failure. Anything else that it throws is a bug and goes on up. */
export function attempt<Value>(work: () => Value): Result<Value> {
  try {
    return succeed(work())
  } catch (error) {
    if (error instanceof QuintetError) return { ok: false, failure: error.failure }
    throw error
  }
}

/** Ends the decoding that is under way; `readWhole` and `attempt` turn it into a failure. */
export function refuse(code: ErrorCode, message: string): never {
  throw new QuintetError(code, message)
}

export const malformed = (message: string): never => refuse('BAD_REQUEST', message)

const major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const
const nullByte = 0xf6
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the deterministic CBOR that `encodeCbor` writes, driven by the shape that the caller expects: nothing is
 * allocated, and no depth is reached, on the sender's word alone. Lengths that are longer than they need to be,
 * indefinite ones, floats, tags and broken UTF-8 are refused. Byte strings are views into the input.
 */
export class CborReader {
  #position = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = plain(bytes)
  }

  get position(): number {
    return this.#position
  }

  /** The start of an array of exactly `count` items. */
  tuple(count: number): void {
    const found = this.#head(major.array)
    if (found !== count) malformed(`an array has ${found} items instead of ${count}`)
  }

  /** The start of an array: how many items follow, between `least` and `most`. */
  list(least: number, most: number, what: string): number {
    const count = this.#head(major.array)
    if (count > most) refuse('TOO_MANY', `${count} ${what}; the limit is ${most}`)
    if (count < least) malformed(`${count} ${what}; ${least} at least`)
    if (count > this.#bytes.length - this.#position) malformed('an array is longer than its message')
    return count
  }

  uint(most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#head(major.uint)
    if (value > most) malformed(`a number is ${value}; the limit is ${most}`)
    return value
  }

  bytes(length: number): Uint8Array {
    return this.#take(this.#length(length))
  }

  bytesUpTo(most: number, what: string): Uint8Array {
    return this.#take(this.#lengthUpTo(most, what))
  }

  /** As `bytes`, where nobody needs them. */
  passBytes(length: number): void {
    this.#pass(this.#length(length))
  }

  /** As `bytesUpTo`, where nobody needs them. */
  passBytesUpTo(most: number, what: string): void {
    this.#pass(this.#lengthUpTo(most, what))
  }

  /** Text of at most `most` characters (code points). */
  text(most: number, what: string): string {
    const length = this.#head(major.text)
    if (length > most * 4) refuse('TOO_LARGE', `${what}: ${length} bytes; the limit is ${most} characters`)
    const text = decodeText(this.#take(length))
    if (text.length > most && Array.from(text).length > most) {
      refuse('TOO_LARGE', `${what}: the limit is ${most} characters`)
    }
    return text
  }

  server(): ServerId {
    const server = this.uint()
    return isServerId(server) ? server : malformed(`there is no server ${server}`)
  }

  /** Null, or what `read` reads. */
  orNull<Value>(read: () => Value): Value | null {
    if (this.#bytes[this.#position] !== nullByte) return read()
    this.#position += 1
    return null
  }

  /** Passes over one well-formed item of any kind, at most `depth` levels deep. */
  skip(depth: number): void {
    const first = this.#bytes[this.#position]
    if (first === undefined) return malformed('a message ends too early')
    switch (first >> 5) {
      case major.bytes:
      case major.text:
        this.#pass(this.#head(first >> 5))
        return
      case major.array:
        return this.#skipItems(this.#head(major.array), depth)
      case major.map:
        return this.#skipItems(this.#head(major.map) * 2, depth)
      case major.simple:
        if (first < 0xf4 || first > nullByte) malformed('a kind of value that is not used here')
        this.#position += 1
        return
      case major.uint:
      case major.negative:
        this.#head(first >> 5)
        return
      default:
        malformed('a kind of value that is not used here')
    }
  }

  end(): void {
    if (this.#position !== this.#bytes.length) malformed('bytes are left over at the end')
  }

  #skipItems(count: number, depth: number): void {
    if (depth === 0) malformed('nested too deeply')
    for (let index = 0; index < count; index++) this.skip(depth - 1)
  }

  /** Of a byte string, which must be this one. */
  #length(length: number): number {
    const found = this.#head(major.bytes)
    return found === length ? found : malformed(`a byte string has ${found} bytes instead of ${length}`)
  }

  #lengthUpTo(most: number, what: string): number {
    const length = this.#head(major.bytes)
    return length <= most ? length : refuse('TOO_LARGE', `${what}: ${length} bytes; the limit is ${most}`)
  }

  #take(length: number): Uint8Array {
    const start = this.#position
    this.#pass(length)
    return this.#bytes.subarray(start, this.#position)
  }

  #pass(length: number): void {
    this.#position += length
    if (this.#position > this.#bytes.length) malformed('a message ends too early')
  }

  #head(expected: number): number {
    const first = this.#bytes[this.#position]
    if (first === undefined) return malformed('a message ends too early')
    if (first >> 5 !== expected) return malformed('a value is of the wrong kind')
    this.#position += 1
    const minor = first & 31
    if (minor < 24) return minor
    if (minor > 27) return malformed('a length without end')
    return this.#argument(1 << (minor - 24))
  }

  #argument(width: number): number {
    let value = 0
    const end = this.#position + width
    if (end > this.#bytes.length) return malformed('a message ends too early')
    for (; this.#position < end; this.#position++) value = value * 256 + (this.#bytes[this.#position] ?? 0)
    if (value > Number.MAX_SAFE_INTEGER) return malformed('a number is too large')
    const shortest = width === 1 ? 24 : 2 ** (width * 4)
    return value < shortest ? malformed('a number takes more bytes than it needs') : value
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return textDecoder.decode(bytes)
  } catch {
    return malformed('a text is not UTF-8')
  }
}
