import { crc32 } from 'node:zlib'
import type { Sequence } from '../core/model/ids.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import { fromBase64, toBase64 } from '../wire/bytes.ts'
import { updateSpans } from '../wire/kept-codec.ts'

/**
 * A whole signed batch, as it came. `_id`: its first sequence; `n`: how many updates; `o`: the place of each update in the
 * batch, start and length by turns, as text, which NeDB handles at once; `f`: those whose person's signature did not hold
 * when the batch was verified; `c`: checksum; `b`: the batch's bytes in base64.
 */
export interface BatchDocument {
  readonly _id: string
  readonly n: number
  readonly o: string
  readonly f?: readonly Sequence[]
  readonly c: number
  readonly b: string
}

/** A live mail that is kept alone: compaction left it over, or it came by state transfer or repair. `u`: the update's bytes. */
export interface MailDocument {
  readonly _id: string
  readonly c: number
  readonly u: string
}

export type StoredDocument = BatchDocument | MailDocument

/** What stands in a document besides its text. */
export interface DocumentHead {
  readonly kind: 'batch' | 'mail'
  readonly first: Sequence
  readonly count: number
  readonly spans: readonly number[]
  readonly forged: readonly Sequence[]
  readonly checksum: number
}

/** What a line says of its document, which need only be true when `isWholeLine`; the text's place is within the line. */
export interface ReadLine extends DocumentHead {
  readonly textStart: number
  readonly textEnd: number
}

/** An update as it stands in a document. */
export interface HeldUpdate {
  readonly sequence: Sequence
  readonly trust: 'genuine' | 'forged'
  readonly bytes: Uint8Array
}

const idDigits = 16
const letters = { batch: 'b', mail: 'u' } as const
const headChars = 256
const longHeadChars = 16_384
const quote = 0x22
const closingBrace = 0x7d
const headPattern =
  /^\{"_id":"(\d{16})([bu])",(?:"n":([1-9]\d{0,2}),"o":"(\d{1,7}(?:,\d{1,7})*)",)?(?:"f":\[(\d{1,16}(?:,\d{1,16})*)\],)?"c":(\d{1,10}),"([bu])":"/
/** By which a removal is told from documents, whose first name does not begin so. */
const removalMark = { at: 2, byte: 0x24 }
const removalPattern = /^\{"\$\$deleted":true,"_id":"(\d{16}[bu])"\}$/

/**
 * Ids sort as their sequences do, because NeDB writes a file in the order of ids. A batch and a mail of one sequence have
 * different ids, so that both can stand in one segment; the mail, being the newer, is then the one that counts.
 */
export const documentId = (kind: ReadLine['kind'], first: Sequence): string =>
  `${String(first).padStart(idDigits, '0')}${letters[kind]}`

export function batchDocument(batch: Batch): BatchDocument {
  const { first, updates, bytes } = batch
  const f = updates.filter(({ change }) => change.kind === 'forged').map(({ sequence }) => sequence)
  const spans = updateSpans(batch).flatMap(({ start, length }) => [start, length])
  const b = toBase64(bytes)
  const c = crc32(b, headChecksum({ kind: 'batch', first, count: updates.length, spans, forged: f }))
  const head = { _id: documentId('batch', first), n: updates.length, o: spans.join() }
  return f.length === 0 ? { ...head, c, b } : { ...head, f, c, b }
}

export function mailDocument({ sequence, bytes }: Pick<Update, 'sequence' | 'bytes'>): MailDocument {
  const u = toBase64(bytes)
  return { _id: documentId('mail', sequence), c: crc32(u, headChecksum(mailHead(sequence))), u }
}

export const kindOf = (document: StoredDocument): ReadLine['kind'] => ('b' in document ? 'batch' : 'mail')

/** What a document holds, in base64. */
export const textOf = (document: StoredDocument): string => ('b' in document ? document.b : document.u)

/** What a document holds. */
export const bytesOf = (document: StoredDocument): Uint8Array => fromBase64(textOf(document))

export const sequenceOf = (document: StoredDocument): Sequence => Number(document._id.slice(0, idDigits))

/** Reads a line (without its line end), which must have exactly the form in which NeDB writes our documents; null when not. */
export function readLine(line: Buffer): ReadLine | null {
  const head =
    headPattern.exec(line.toString('latin1', 0, headChars)) ??
    headPattern.exec(line.toString('latin1', 0, longHeadChars))
  if (head === null || line.at(-2) !== quote || line.at(-1) !== closingBrace) return null
  const [start, digits, letter, count, spans, forged, checksum, field] = head
  if (digits === undefined || letter !== field || (count === undefined) !== (letter === letters.mail)) return null
  const kind = letter === letters.mail ? 'mail' : 'batch'
  const common = {
    first: Number(digits),
    checksum: Number(checksum),
    textStart: start.length,
    textEnd: line.length - 2,
  }
  return { ...common, kind, count: Number(count ?? 1), spans: numbersOf(spans), forged: numbersOf(forged) }
}

/** Whether the checksum of a line holds. */
export const isWholeLine = (line: Buffer, read: ReadLine): boolean =>
  crc32(line.subarray(read.textStart, read.textEnd), headChecksum(read)) === read.checksum

/** The document in a line that is whole. */
export function lineDocument(line: Buffer, read: ReadLine): StoredDocument {
  const text = line.toString('latin1', read.textStart, read.textEnd)
  const _id = documentId(read.kind, read.first)
  if (read.kind === 'mail') return { _id, c: read.checksum, u: text }
  const head = { _id, n: read.count, o: read.spans.join() }
  return read.forged.length === 0
    ? { ...head, c: read.checksum, b: text }
    : { ...head, f: read.forged, c: read.checksum, b: text }
}

/** The id that a line takes back, when it is one that NeDB wrote on a removal. */
export const readRemoval = (line: Buffer): string | null =>
  line[removalMark.at] === removalMark.byte
    ? (removalPattern.exec(line.toString('latin1', 0, headChars))?.[1] ?? null)
    : null

/** What stands in a document besides its text, but for the checksum. */
export const headOf = (document: StoredDocument): Omit<DocumentHead, 'checksum'> =>
  'b' in document
    ? {
        kind: 'batch',
        first: sequenceOf(document),
        count: document.n,
        spans: numbersOf(document.o),
        forged: document.f ?? [],
      }
    : mailHead(sequenceOf(document))

/**
 * One update out of a document: only its part of the text, which `slice` gives, is decoded. `chars`: the text's length.
 */
export function heldUpdate(
  { kind, first, spans, forged }: Omit<DocumentHead, 'checksum'>,
  sequence: Sequence,
  slice: (from: number, to: number) => string,
  chars: number,
): HeldUpdate {
  if (kind === 'mail') return { sequence, trust: 'genuine', bytes: fromBase64(slice(0, chars)) }
  const start = spans[(sequence - first) * 2] ?? 0
  const end = start + (spans[(sequence - first) * 2 + 1] ?? 0)
  // Four characters of base64 are three bytes.
  const from = Math.floor(start / 3)
  const part = fromBase64(slice(from * 4, Math.ceil(end / 3) * 4))
  const bytes = part.subarray(start - from * 3, end - from * 3)
  return { sequence, trust: forged.includes(sequence) ? 'forged' : 'genuine', bytes }
}

const mailHead = (first: Sequence) => ({ kind: 'mail', first, count: 1, spans: [], forged: [] }) as const

const numbersOf = (list: string | undefined): readonly number[] =>
  list === undefined ? [] : list.split(',').map(Number)

const headChecksum = ({ kind, first, count, spans, forged }: Omit<DocumentHead, 'checksum'>): number =>
  crc32(`${letters[kind]} ${first} ${count} ${spans.join()} ${forged.join()}`)
