import type { AccountId, OriginId, Sequence } from '../core/model/ids.ts'
import { markBits } from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import type { MailColumns, OriginMails } from '../core/model/mail-columns.ts'
import { imageFormat, untaggedFormat } from './image-format.ts'
import type { ImageHead } from './image-head.ts'
import { damaged, type ItemReader } from './image-items.ts'

// A chunk of mails is `[origin's place, first sequence, how many mails, how many copies, base64]`, of one origin. The base64 has
// the columns one after the other, little-endian: each mail's clock (float64), the difference of its sequence from the one
// before (uint32), its tag (uint32; not in `untaggedFormat`), each copy's owner (uint32, a place in `people`), how many copies each mail has, and each copy's marks (bytes).
const bytesAMail = 17
const bytesAnUntaggedMail = 13
const bytesACopy = 5
/** About 64 KB of base64. */
const chunkBytes = 49_152
const mostDifference = 0xffff_ffff
const allBits = markBits.read | markBits.deleted

export type MailItems = readonly [number, number, number, number, string]

/** `placeOf` gives an owner's place in the image's table of people. */
export function* writeMails(
  { people, origins }: MailColumns,
  originPlace: (origin: OriginId) => number,
  placeOf: (account: AccountId) => number,
): Generator<MailItems> {
  const places = new Map<number, number>()
  const ownerPlace = (owner: number): number => {
    const known = places.get(owner)
    if (known !== undefined) return known
    const account = people[owner]
    if (account === undefined) throw new RangeError('a copy of a mail has no owner')
    const place = placeOf(account)
    places.set(owner, place)
    return place
  }
  for (const mails of origins) {
    for (let from = 0; from < mails.sequences.length;) {
      const to = chunkEnd(mails, from)
      const copies = startOf(mails, to) - startOf(mails, from)
      const text = packed(mails, from, to, ownerPlace).toString('base64')
      yield [originPlace(mails.origin), mails.sequences[from] ?? 0, to - from, copies, text]
      from = to
    }
  }
}

const startOf = ({ copyStarts }: OriginMails, row: number): number => copyStarts[row] ?? 0

const chunkEnd = (mails: OriginMails, from: number): number => {
  let row = from + 1
  for (; row < mails.sequences.length; row += 1) {
    const bytes = (row + 1 - from) * bytesAMail + (startOf(mails, row + 1) - startOf(mails, from)) * bytesACopy
    const difference = (mails.sequences[row] ?? 0) - (mails.sequences[row - 1] ?? 0)
    if (bytes > chunkBytes || difference > mostDifference) break
  }
  return row
}

const packed = (mails: OriginMails, from: number, to: number, ownerPlace: (owner: number) => number): Buffer => {
  const [start, end] = [startOf(mails, from), startOf(mails, to)]
  const bytes = Buffer.allocUnsafeSlow((to - from) * bytesAMail + (end - start) * bytesACopy)
  const columns = columnsIn(bytes, to - from, end - start, imageFormat)
  columns.clocks.set(mails.clocks.subarray(from, to))
  columns.tags.set(mails.tags.subarray(from, to))
  for (let row = from; row < to; row += 1) {
    const before = row === from ? row : row - 1
    columns.differences[row - from] = (mails.sequences[row] ?? 0) - (mails.sequences[before] ?? 0)
    columns.counts[row - from] = startOf(mails, row + 1) - startOf(mails, row)
  }
  for (let copy = start; copy < end; copy += 1) columns.owners[copy - start] = ownerPlace(mails.owners[copy] ?? -1)
  columns.marks.set(mails.marks.subarray(start, end))
  return bytes
}

interface PackedColumns {
  readonly clocks: Float64Array
  readonly differences: Uint32Array
  readonly tags: Uint32Array
  readonly owners: Uint32Array
  readonly counts: Uint8Array
  readonly marks: Uint8Array
}

/** `bytes` begins at the beginning of its memory: wide numbers must lie at multiples of their width. */
const columnsIn = ({ buffer }: Buffer, mails: number, copies: number, format: number): PackedColumns => {
  const isTagged = format !== untaggedFormat
  const owners = mails * (isTagged ? 16 : 12)
  const counts = owners + copies * 4
  return {
    clocks: new Float64Array(buffer, 0, mails),
    differences: new Uint32Array(buffer, mails * 8, mails),
    tags: isTagged ? new Uint32Array(buffer, mails * 12, mails) : new Uint32Array(mails),
    owners: new Uint32Array(buffer, owners, copies),
    counts: new Uint8Array(buffer, counts, mails),
    marks: new Uint8Array(buffer, counts + mails, copies),
  }
}

/** A chunk of an origin's mails. */
interface Part extends PackedColumns {
  readonly first: Sequence
}

/** Puts the chunks of mails together again; whatever does not fit is damage. */
export class MailsReader {
  readonly #head: Pick<ImageHead, 'format' | 'origins' | 'vector'>
  readonly #people: readonly AccountId[]
  readonly #origins: OriginMails[] = []
  #origin: OriginId | null = null
  /** Those of `#origin`. */
  #parts: Part[] = []

  /** `people` is whole when the first mails are read. */
  constructor(head: Pick<ImageHead, 'format' | 'origins' | 'vector'>, people: readonly AccountId[]) {
    this.#head = head
    this.#people = people
  }

  /** How many mails have been read. */
  count = 0

  read(items: ItemReader): void {
    const origin = items.pick(this.#head.origins)
    if (origin !== this.#origin) {
      this.#close()
      if (this.#origin !== null && origin <= this.#origin) damaged('mails do not ascend')
      this.#origin = origin
    }
    const part = readPart(items, this.#head.format)
    this.#parts.push(part)
    this.count += part.clocks.length
  }

  columns(): MailColumns {
    this.#close()
    return { people: this.#people, origins: this.#origins }
  }

  #close(): void {
    if (this.#origin === null) return
    const mails = unpacked(this.#origin, this.#parts, this.#people.length)
    const isHeld = (mails.sequences.at(-1) ?? 0) <= (this.#head.vector.get(this.#origin) ?? 0)
    this.#origins.push(isHeld ? mails : damaged('a mail is beyond the version vector'))
    this.#parts = []
  }
}

function readPart(items: ItemReader, format: number): Part {
  const first: Sequence = items.positive()
  const mails = items.number(chunkBytes)
  const copies = items.number(chunkBytes)
  if (mails === 0) damaged('there are no mails in a chunk of mails')
  const bytesOfMails = mails * (format === untaggedFormat ? bytesAnUntaggedMail : bytesAMail)
  const columns = columnsIn(readPacked(items, bytesOfMails + copies * bytesACopy), mails, copies, format)
  items.end()
  return { first, ...columns }
}

function readPacked(items: ItemReader, length: number): Buffer {
  const text = items.text()
  if (text.length !== Math.ceil(length / 3) * 4) damaged('mails have the wrong length')
  const bytes = Buffer.allocUnsafeSlow(length)
  return bytes.write(text, 'base64') === length ? bytes : damaged('mails are not base64')
}

function unpacked(origin: OriginId, parts: readonly Part[], people: number): OriginMails {
  const mails = parts.reduce((sum, { clocks }) => sum + clocks.length, 0)
  const copies = parts.reduce((sum, { owners }) => sum + owners.length, 0)
  const whole = {
    origin,
    sequences: new Float64Array(mails),
    clocks: new Float64Array(mails),
    tags: new Uint32Array(mails),
    copyStarts: new Uint32Array(mails + 1),
    owners: new Uint32Array(copies),
    marks: new Uint8Array(copies),
  }
  let row = 0
  for (const part of parts) {
    checkCopies(part, people)
    whole.clocks.set(part.clocks, row)
    whole.tags.set(part.tags, row)
    const start = whole.copyStarts[row] ?? 0
    whole.owners.set(part.owners, start)
    whole.marks.set(part.marks, start)
    unpackRows(whole, part, row)
    row += part.clocks.length
  }
  return whole
}

/** Gives the rows from `from` on, which are those of `part`, their sequences and where their copies end. */
function unpackRows({ sequences, copyStarts }: OriginMails, part: Part, from: number): void {
  const { first, clocks, differences, owners, counts } = part
  if (from > 0 && first <= (sequences[from - 1] ?? 0)) damaged('mails do not ascend')
  const startOfAll = copyStarts[from] ?? 0
  let sequence = first
  let start = 0
  for (let row = 0; row < clocks.length; row += 1) {
    const difference = differences[row] ?? 0
    if ((difference === 0) !== (row === 0)) damaged('mails do not ascend')
    const clock = clocks[row] ?? -1
    if (!Number.isSafeInteger(clock) || clock < 0) damaged('a clock is out of range')
    const count = counts[row] ?? 0
    const end = start + count
    if (count < 2 || count > limits.recipients + 1 || end > owners.length) damaged('the copies of a mail are wrong')
    if (count > 2 && new Set(owners.subarray(start + 1, end)).size !== count - 1)
      damaged('the recipients of a mail are wrong')
    sequence += difference
    start = end
    sequences[from + row] = sequence
    copyStarts[from + row + 1] = startOfAll + start
  }
  if (start !== owners.length) damaged('the copies of the mails are wrong')
}

function checkCopies({ owners, marks }: Part, people: number): void {
  for (let copy = 0; copy < owners.length; copy += 1) {
    if ((owners[copy] ?? people) >= people) damaged('a place is not in its table')
    if (((marks[copy] ?? 0) & ~allBits) !== 0) damaged('a mark is not known')
  }
}
