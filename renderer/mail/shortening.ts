import { text } from '../locales/i18n.ts'
import { mailBytes, subjectChars } from './mail-limits.ts'

/** For what is written above a quotation, in bytes. */
const ownWordsBytes = 65_536
const quotedBytes = 65_536
const mostBytesOfUnit = 3
const ellipsis = '…'

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** A subject within its limit: the end of a longer one is left out, with a mark in its place. */
export const shortSubject = (subject: string): string => {
  const points = Array.from(subject)
  if (points.length <= subjectChars) return subject
  const fits = points.slice(0, subjectChars - ellipsis.length).join('')
  return wholeUpTo(subject, fits.length).trimEnd() + ellipsis
}

/**
 * A body that leaves room within its limit, also for `otherBytes` of files: the end of a longer one is left out, and a line after
 * `quoteMark` says so.
 */
export const shortBody = (body: string, quoteMark: string, otherBytes = 0): string => {
  const room = Math.max(mailBytes - otherBytes, 0)
  return cut(body, quoteMark, room - Math.min(ownWordsBytes, Math.floor(room / 2)))
}

/** What is quoted below an answer: its beginning, where it is so long that a field with all of it would take seconds for each key. */
export const shortQuotation = (quotation: string): string => cut(quotation, '> ', quotedBytes)

const cut = (body: string, quoteMark: string, bytes: number): string => {
  const fits = unitsWithin(body, bytes)
  return fits === body.length ? body : `${wholeUpTo(body, fits).trimEnd()}\n${quoteMark}${text('mail.shortened')}`
}

/** How much of the text, from its beginning, has that many bytes in UTF-8 at most. */
const unitsWithin = (long: string, bytes: number): number =>
  long.length * mostBytesOfUnit <= bytes ? long.length : new TextEncoder().encodeInto(long, new Uint8Array(bytes)).read

/** What comes before `end`, without the character that reaches beyond it. */
const wholeUpTo = (long: string, end: number): string =>
  long.slice(0, characters.segment(long).containing(end)?.index ?? end)
