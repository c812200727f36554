import { isUtf8 } from 'node:buffer'

/** A line of input, without its end; or one that was longer than allowed, of which the beginning is kept, or is no UTF-8. */
export type InputLine =
  | { readonly kind: 'line'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'tooLong'; readonly beginning: string }
  | { readonly kind: 'notText' }

/** Some systems put this in front of what they pipe into a program, to say that it is UTF-8. */
const byteOrderMark = '\uFEFF'
const newline = 10
const carriageReturn = 13
const beginningBytes = 4_096

/** Splits `input` into lines of at most `maxBytes`. Of a longer line no more than the first 4,096 bytes are kept. */
export async function* readLines(input: AsyncIterable<unknown>, maxBytes: number): AsyncGenerator<InputLine> {
  let parts: Buffer[] = []
  let length = 0
  const take = (piece: Buffer): void => {
    const isCut = length > maxBytes
    length += piece.length
    if (isCut) return
    parts.push(piece)
    if (length > maxBytes) parts = [Buffer.concat(parts, Math.min(length, beginningBytes))]
  }
  const finish = (): InputLine => {
    const kept = Buffer.concat(parts)
    const line: InputLine = length > maxBytes ? { kind: 'tooLong', beginning: textOf(kept) } : lineOf(kept)
    parts = []
    length = 0
    return line
  }
  for await (const piece of input) {
    const chunk = bufferOf(piece)
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end))
      yield finish()
      start = end + 1
    }
    if (start < chunk.length) take(chunk.subarray(start))
  }
  if (length > 0) yield finish()
}

const lineOf = (bytes: Buffer): InputLine => {
  // What cannot be read would become the same sign everywhere, and passwords that differ in it the same.
  if (!isUtf8(bytes)) return { kind: 'notText' }
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  return { kind: 'line', text: textOf(bytes.subarray(0, end)), bytes: bytes.length }
}

const textOf = (bytes: Buffer): string => {
  const text = bytes.toString('utf8')
  return text.startsWith(byteOrderMark) ? text.slice(1) : text
}

const bufferOf = (piece: unknown): Buffer => {
  if (Buffer.isBuffer(piece)) return piece
  return piece instanceof Uint8Array ? Buffer.from(piece) : Buffer.from(String(piece))
}
