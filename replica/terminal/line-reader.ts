import { isUtf8 } from 'node:buffer'

/** A line of input, without its end; or one of which nothing was kept: it was longer than allowed, or is no UTF-8. */
export type InputLine =
  { readonly kind: 'line'; readonly text: string; readonly bytes: number } | { readonly kind: 'tooLong' | 'notText' }

/** Some systems put this in front of what they pipe into a program, to say that it is UTF-8. */
const byteOrderMark = '\uFEFF'
const newline = 10
const carriageReturn = 13

/** Splits `input` into lines of at most `maxBytes`. What belongs to a longer line is passed over without being kept. */
export async function* readLines(input: AsyncIterable<unknown>, maxBytes: number): AsyncGenerator<InputLine> {
  let parts: Buffer[] = []
  let length = 0
  const finish = (): InputLine => {
    const line: InputLine = length > maxBytes ? { kind: 'tooLong' } : lineOf(Buffer.concat(parts))
    parts = []
    length = 0
    return line
  }
  for await (const piece of input) {
    const chunk = bufferOf(piece)
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      length += end - start
      if (length <= maxBytes) parts.push(chunk.subarray(start, end))
      yield finish()
      start = end + 1
    }
    length += chunk.length - start
    if (length > maxBytes) parts = []
    else if (start < chunk.length) parts.push(chunk.subarray(start))
  }
  if (length > 0) yield finish()
}

const lineOf = (bytes: Buffer): InputLine => {
  // What cannot be read would become the same sign everywhere, and passwords that differ in it the same.
  if (!isUtf8(bytes)) return { kind: 'notText' }
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  const text = bytes.toString('utf8', 0, end)
  return { kind: 'line', text: text.startsWith(byteOrderMark) ? text.slice(1) : text, bytes: bytes.length }
}

const bufferOf = (piece: unknown): Buffer => {
  if (Buffer.isBuffer(piece)) return piece
  return piece instanceof Uint8Array ? Buffer.from(piece) : Buffer.from(String(piece))
}
