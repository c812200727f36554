import type { Result } from '../../core/model/errors.ts'
import { isUpdateId } from '../../core/model/ids.ts'
import type { UpdateId } from '../../core/model/ids.ts'
import { limits } from '../../core/model/limits.ts'
import { utf8 } from '../../wire/bytes.ts'
import { encodeCbor, malformed, readWhole, refuse, type CborReader } from '../../wire/cbor.ts'
import type { IndexedMail } from './segment.ts'
import { Segment, segmentMails } from './segment.ts'

/** 2: emoji are words, and some letters are taken for those that are written in their place. */
const formatVersion = 2
export const buildBytes = 8

/** A segment as a file holds it. All files of an index have the same `build`; a file follows on the words of those before it. */
export interface SavedSegment {
  /** Random bytes that name this building of the index. */
  readonly build: Uint8Array
  readonly number: number
  /** Number of the first word that came with this segment, and these words. */
  readonly firstWord: number
  readonly words: readonly string[]
  readonly segment: Segment
}

/**
 * `[version, build, number, first word, words, mails, times, roles, lengths, word numbers, mails a word, starts, entries]`: texts are
 * joined by line feeds, numbers are in the byte order of the machine, which never leaves it.
 */
export const encodeSegment = ({ build, number, firstWord, words, segment }: SavedSegment): Uint8Array => {
  const { mails } = segment
  const postings = segment.postings()
  return encodeCbor([
    formatVersion,
    build,
    number,
    firstWord,
    utf8(words.join('\n')),
    utf8(mails.map(({ mail }) => mail).join('\n')),
    bytesOf(Float64Array.from(mails, ({ sentAt }) => sentAt)),
    Uint8Array.from(mails, ({ roles }) => roles),
    bytesOf(Uint32Array.from(mails, (mail) => mail.words)),
    bytesOf(postings.words),
    bytesOf(postings.mails),
    bytesOf(postings.starts),
    postings.bytes,
  ])
}

/** BAD_REQUEST for what is no segment, NEWER_FORMAT. */
export const decodeSegment = (bytes: Uint8Array): Result<SavedSegment> => readWhole(bytes, readSegment)

const readSegment = (reader: CborReader): SavedSegment => {
  const fields = reader.list(1, 64, 'fields')
  const version = reader.uint()
  if (version !== formatVersion || fields !== 13) refuse('NEWER_FORMAT', `a search index of format ${version}`)
  const build = reader.bytes(buildBytes).slice()
  const number = reader.uint(limits.searchFiles)
  const firstWord = reader.uint()
  const words = linesOf(take(reader))
  const ids = linesOf(take(reader))
  const times = new Float64Array(take(reader).slice().buffer)
  const roles = take(reader)
  const lengths = wholeNumbers(reader)
  const mails = ids.map((id, place): IndexedMail => ({
    mail: nameOf(id),
    sentAt: times[place] ?? malformed('a mail has no time'),
    roles: roles[place] ?? malformed('a mail has no roles'),
    words: lengths[place] ?? malformed('a mail has no length'),
  }))
  if (mails.length > segmentMails) malformed(`${mails.length} mails in a segment`)
  const postings = { words: wholeNumbers(reader), mails: wholeNumbers(reader), starts: wholeNumbers(reader) }
  const { length } = postings.words
  if (postings.mails.length !== length || postings.starts.length !== length) malformed('tables of different lengths')
  return { build, number, firstWord, words, segment: Segment.of(mails, { ...postings, bytes: take(reader).slice() }) }
}

const take = (reader: CborReader): Uint8Array => reader.bytesUpTo(limits.searchFileBytes, 'a table')

const wholeNumbers = (reader: CborReader): Uint32Array => {
  const bytes = take(reader)
  return bytes.length % 4 === 0 ? new Uint32Array(bytes.slice().buffer) : malformed('a table of broken numbers')
}

const linesOf = (bytes: Uint8Array): readonly string[] =>
  bytes.length === 0 ? [] : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).split('\n')

const nameOf = (id: string): UpdateId => (isUpdateId(id) ? id : malformed('the name of a mail has the wrong form'))

const bytesOf = (numbers: Float64Array | Uint32Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
