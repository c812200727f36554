import { limits } from '../core/model/limits.ts'
import { refuse } from './cbor.ts'
import { chunkChars, partedFormat } from './image-format.ts'
import { damaged, parseChunk } from './image-items.ts'

// Nearly every chunk is some 64 KB. The first grows with the seats, invites and names that a state has, and a row with the names of one
// command: nothing in a state bounds either, and both have to be sent in frames that are bounded.

/** A longer chunk is cut. Each of its characters takes three bytes at most, and a frame holds them. */
const wholeChars = 1_048_576
/** No text is longer, where this program runs. */
const mostChars = 0x1fff_ffe8

const partMark = 'part'
const lastMark = 'last'

/**
 * The chunks of an image so that each fits into a frame. Those of one in which all do are left as they are, so that former versions can read them;
 * any other begins with `partedFormat`, and of what is too long it has `["part", text]`, as often as it takes, and `["last", text]`.
 */
export const inParts = (chunks: readonly string[]): string[] =>
  chunks.every(isWhole) ? [...chunks] : [JSON.stringify({ format: partedFormat }), ...chunks.flatMap(partsOf)]

const isWhole = ({ length }: string): boolean => length <= wholeChars

function partsOf(chunk: string): readonly string[] {
  if (isWhole(chunk)) return [chunk]
  const parts: string[] = []
  for (let from = 0; from < chunk.length; from += chunkChars) {
    const to = from + chunkChars
    parts.push(JSON.stringify([to < chunk.length ? partMark : lastMark, chunk.slice(from, to)]))
  }
  return parts
}

/** The JSON of an image's chunks, those that were cut put together again. TOO_MANY, DAMAGED. */
export function* wholeChunks(texts: Iterable<string>): Generator {
  let count = 0
  let isParted = false
  let parts: string[] = []
  let chars = 0
  for (const text of texts) {
    count += 1
    if (count > limits.imageChunks) refuse('TOO_MANY', `an image of more than ${limits.imageChunks} chunks`)
    const value = parseChunk(text)
    if (count === 1 && isBeginning(value)) {
      isParted = true
      continue
    }
    const part = isParted ? partIn(value) : null
    if (part === null) {
      if (parts.length > 0) damaged('a chunk that was cut has no end')
      yield value
      continue
    }
    chars += part.text.length
    if (chars > mostChars) damaged('a chunk is longer than any text')
    parts.push(part.text)
    if (part.mark === partMark) continue
    yield parseChunk(parts.join(''))
    parts = []
    chars = 0
  }
  if (parts.length > 0) damaged('a chunk that was cut has no end')
}

const isBeginning = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'format' in value && value.format === partedFormat

function partIn(value: unknown): { readonly mark: string; readonly text: string } | null {
  const fields: readonly unknown[] = Array.isArray(value) ? value : []
  const [mark, text] = fields
  if (mark !== partMark && mark !== lastMark) return null
  return typeof text === 'string' && fields.length === 2 ? { mark, text } : damaged('a part has the wrong form')
}
