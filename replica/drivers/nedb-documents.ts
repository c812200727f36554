import { crc32 } from 'node:zlib'
import type { Sequence } from '../core/model/ids.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import { fromBase64, toBase64 } from '../wire/bytes.ts'

/**
 * A whole signed batch, as it came. `_id`: its first sequence; `n`: how many updates; `f`: those of them whose person's
 * signature did not hold when the batch was verified; `c`: checksum; `b`: the batch's bytes in base64.
 */
export interface BatchDocument {
  readonly _id: string
  readonly n: number
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

/** What a line says of its document; the text's place is within the line. */
export interface ReadLine {
  readonly kind: 'batch' | 'mail'
  readonly first: Sequence
  readonly count: number
  readonly forged: readonly Sequence[]
  readonly checksum: number
  readonly textStart: number
  readonly textEnd: number
  /** Whether the checksum holds. If not, none of the above need be true. */
  readonly isWhole: boolean
}

const idDigits = 16
const letters = { batch: 'b', mail: 'u' } as const
const headChars = 160
const longHeadChars = 8_192
const quote = 0x22
const closingBrace = 0x7d
const headPattern =
  /^\{"_id":"(\d{16})([bu])",(?:"n":([1-9]\d{0,2}),)?(?:"f":\[(\d{1,16}(?:,\d{1,16})*)\],)?"c":(\d{1,10}),"([bu])":"/
const removalPattern = /^\{"\$\$deleted":true,"_id":"(\d{16}[bu])"\}$/

/**
 * Ids sort as their sequences do, because NeDB writes a file in the order of ids. A batch and a mail of one sequence have
 * different ids, so that both can stand in one segment; the mail, being the newer, is then the one that counts.
 */
export const documentId = (kind: ReadLine['kind'], first: Sequence): string =>
  `${String(first).padStart(idDigits, '0')}${letters[kind]}`

export function batchDocument({ first, updates, bytes }: Batch): BatchDocument {
  const forged = updates.filter(({ change }) => change.kind === 'forged').map(({ sequence }) => sequence)
  const b = toBase64(bytes)
  const c = crc32(b, headChecksumOf('batch', first, updates.length, forged))
  const head = { _id: documentId('batch', first), n: updates.length }
  return forged.length === 0 ? { ...head, c, b } : { ...head, f: forged, c, b }
}

export function mailDocument({ sequence, bytes }: Pick<Update, 'sequence' | 'bytes'>): MailDocument {
  const u = toBase64(bytes)
  return { _id: documentId('mail', sequence), c: crc32(u, headChecksumOf('mail', sequence, 1, [])), u }
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
  const [start, digits, letter, count, forgedList, checksum, field] = head
  if (digits === undefined || letter !== field || (count === undefined) !== (letter === letters.mail)) return null
  const kind = letter === letters.mail ? 'mail' : 'batch'
  const read = {
    kind,
    first: Number(digits),
    count: Number(count ?? 1),
    forged: forgedList === undefined ? [] : forgedList.split(',').map(Number),
    checksum: Number(checksum),
    textStart: start.length,
    textEnd: line.length - 2,
  } as const
  const headChecksum = headChecksumOf(kind, read.first, read.count, read.forged)
  return { ...read, isWhole: crc32(line.subarray(read.textStart, read.textEnd), headChecksum) === read.checksum }
}

/** The document in a line that is whole. */
export function lineDocument(line: Buffer, read: ReadLine): StoredDocument {
  const text = line.toString('latin1', read.textStart, read.textEnd)
  const _id = documentId(read.kind, read.first)
  if (read.kind === 'mail') return { _id, c: read.checksum, u: text }
  const head = { _id, n: read.count }
  return read.forged.length === 0
    ? { ...head, c: read.checksum, b: text }
    : { ...head, f: read.forged, c: read.checksum, b: text }
}

/** The id that a line takes back, when it is one that NeDB wrote on a removal. */
export const readRemoval = (line: Buffer): string | null =>
  removalPattern.exec(line.toString('latin1', 0, headChars))?.[1] ?? null

const headChecksumOf = (kind: ReadLine['kind'], first: Sequence, count: number, forged: readonly Sequence[]): number =>
  crc32(`${letters[kind]} ${first} ${count} ${forged.join()}`)
