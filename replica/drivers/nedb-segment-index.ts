import type { Sequence } from '../core/model/ids.ts'
import type { ReadLine, StoredDocument } from './nedb-documents.ts'
import { documentId, isWholeLine, kindOf, readLine, readRemoval, sequenceOf, textOf } from './nedb-documents.ts'

/** One document of a segment, found whole. */
export interface Entry {
  readonly kind: ReadLine['kind']
  readonly first: Sequence
  readonly last: Sequence
  /** Where its line stands in the file that was scanned, and how long it is. */
  readonly position: number
  readonly bytes: number
}

/** Sequences of which a segment has only traces that cannot be read. */
export interface Stretch {
  readonly first: Sequence
  readonly last: Sequence
}

/** What a segment holds, by sequence. */
export class SegmentIndex {
  #batches: Entry[]
  #mails: Entry[]
  #updates = 0

  constructor(entries: Iterable<Entry>) {
    const sorted = [...entries].sort(bySequence)
    this.#batches = sorted.filter(({ kind }) => kind === 'batch')
    this.#mails = sorted.filter(({ kind }) => kind === 'mail')
    this.#count()
  }

  /** Ascending; batches before mails. */
  get entries(): readonly Entry[] {
    return [...this.#batches, ...this.#mails]
  }

  /** The highest sequence; 0 when there is none. */
  get last(): Sequence {
    return Math.max(this.#batches.at(-1)?.last ?? 0, this.#mails.at(-1)?.last ?? 0)
  }

  get updates(): number {
    return this.#updates
  }

  /** The document that holds `sequence`; a mail that stands alone counts before a batch. */
  holder(sequence: Sequence): Entry | null {
    return entryAt(this.#mails, sequence) ?? this.batchAt(sequence)
  }

  batchAt(sequence: Sequence): Entry | null {
    return entryAt(this.#batches, sequence)
  }

  /** The first batch that begins after `sequence`. */
  batchAfter(sequence: Sequence): Entry | null {
    return this.#batches[countUpTo(this.#batches, sequence)] ?? null
  }

  has(kind: Entry['kind'], first: Sequence): boolean {
    return entryAt(kind === 'batch' ? this.#batches : this.#mails, first)?.first === first
  }

  overlapping(first: Sequence, last: Sequence): readonly Entry[] {
    const overlaps = (entry: Entry): boolean => entry.first <= last && entry.last >= first
    return first > this.last ? [] : this.entries.filter(overlaps)
  }

  /** Whether nothing takes the place of this document of another file. */
  lacks({ kind, first, last }: Entry): boolean {
    if (kind === 'mail') return this.holder(first) === null
    return this.overlapping(first, last).every((present) => present.kind === 'mail')
  }

  lacksSome({ first, last }: Stretch): boolean {
    for (let sequence = first; sequence <= last; sequence++) if (this.holder(sequence) === null) return true
    return false
  }

  /** Adds, or puts into the place of the one that stands there. */
  put(entry: Entry): void {
    const entries = entry.kind === 'batch' ? this.#batches : this.#mails
    const place = countUpTo(entries, entry.first)
    const present = entries[place - 1]?.first === entry.first ? entries[place - 1] : undefined
    entries.splice(present === undefined ? place : place - 1, present === undefined ? 0 : 1, entry)
    this.#updates += updatesIn(entry) - (present === undefined ? 0 : updatesIn(present))
  }

  remove(entries: readonly Entry[]): void {
    const removed = new Set(entries.map(idOf))
    this.#batches = this.#batches.filter((entry) => !removed.has(idOf(entry)))
    this.#mails = this.#mails.filter((entry) => !removed.has(idOf(entry)))
    this.#count()
  }

  #count(): void {
    this.#updates = this.#batches.reduce((sum, entry) => sum + updatesIn(entry), this.#mails.length)
  }
}

const updatesIn = ({ first, last }: Entry): number => last - first + 1

/** What a line has besides its text, about. */
const headBytes = 64

/** The entry of a document that has just been written. */
export function entryOf(document: StoredDocument): Entry {
  const first = sequenceOf(document)
  const last = 'n' in document ? first + document.n - 1 : first
  const bytes = textOf(document).length + headBytes
  return { kind: kindOf(document), first, last, position: 0, bytes }
}

export const idOf = ({ kind, first }: Entry): string => documentId(kind, first)

export interface Scan {
  readonly index: SegmentIndex
  /** What lines that are damaged, or not there any more, must have held. */
  readonly broken: readonly Stretch[]
  /** Where a write was torn off, at the end; null when none was. */
  readonly tornAt: number | null
  /** Whether NeDB would read the file as we do, and could append to it. */
  readonly isClean: boolean
}

/** A line that cannot be read, with what stands before and after it in the file. */
interface BrokenLine {
  readonly line: Buffer
  readonly before: Sequence
  after: Sequence | null
}

const newline = 0x0a
const tracePattern = /"n":(\d{1,3}),"o":"([\d,]*)/
/** Text is in base64, so this stands nowhere else. */
const documentStart = /(?=\{"_id":")/

/**
 * Finds the documents of a segment's file and checks their checksums. `first`: where the segment begins; `end`: the last
 * sequence that belongs to it, null for a log's last segment.
 */
export function scanSegment(content: Buffer, first: Sequence, end: Sequence | null): Scan {
  const found = new Map<string, Entry>()
  const brokenLines: BrokenLine[] = []
  let before = first - 1
  const take = (line: Buffer, position: number): void => {
    const read = readLine(line)
    if (read === null || !isWholeLine(line, read)) {
      brokenLines.push({ line, before, after: null })
      return
    }
    const entry = lineEntry(read, position, line.length)
    for (const broken of brokenLines) broken.after ??= entry.first
    before = entry.last
    found.delete(idOf(entry))
    found.set(idOf(entry), entry)
  }

  const torn = tornEnd(content)
  for (let position = 0; position < torn;) {
    const next = content.indexOf(newline, position)
    const line = content.subarray(position, next)
    const removed = readRemoval(line)
    if (removed === null) take(line, position)
    else found.delete(removed)
    position = next + 1
  }
  const rest = wholeRest(content.subarray(torn))
  if (rest !== null) take(rest, torn)

  const index = new SegmentIndex(found.values())
  const isTorn = rest === null && torn < content.length
  const broken = brokenLines.map((line) => stretchOf(index, line, end)).filter((stretch) => stretch !== null)
  // What was written last may have been a repair of something further up.
  const reached = Math.max(first - 1, index.last)
  if (end !== null && (isTorn || content.length === 0) && reached < end) broken.push({ first: reached + 1, last: end })
  const isClean = brokenLines.length === 0 && torn === content.length
  return { index, broken, tornAt: isTorn ? torn : null, isClean }
}

/** What a broken line must have held: what is between its neighbours, or else what it says itself, if nothing else has that. */
function stretchOf(index: SegmentIndex, { line, before, after }: BrokenLine, end: Sequence | null): Stretch | null {
  const last = after === null ? (end ?? before + countTrace(line)) : after - 1
  const between = { first: before + 1, last }
  return [between, claimOf(line)].find((stretch) => stretch !== null && isHole(index, stretch)) ?? null
}

function claimOf(line: Buffer): Stretch | null {
  const read = readLine(line)
  return read === null ? null : { first: read.first, last: read.first + read.count - 1 }
}

/**
 * How many updates a line that may be broken anywhere seems to have held: by its count, or by its list of places. A line
 * whose end is broken has swallowed the next one.
 */
function countTrace(line: Buffer): number {
  const documents = line.toString('latin1').split(documentStart)
  return documents.reduce((sum, document) => {
    const [, count, places] = tracePattern.exec(document) ?? []
    return sum + Math.max(1, Number(count ?? 1), Math.ceil((places?.split(',').length ?? 0) / 2))
  }, 0)
}

const isHole = (index: SegmentIndex, { first, last }: Stretch): boolean =>
  first >= 1 && first <= last && index.overlapping(first, last).length === 0

/** Where what was written whole ends: at a line's end, before blocks that the file system promised but never wrote. */
function tornEnd(content: Buffer): number {
  let end = content.lastIndexOf(newline) + 1
  while (end > 0) {
    const start = content.subarray(0, end - 1).lastIndexOf(newline) + 1
    if (!content.subarray(start, end - 1).includes(0)) return end
    end = start
  }
  return end
}

/** A last line of which only the line end is missing or wrong. */
const wholeRest = (rest: Buffer): Buffer | null =>
  [rest, rest.subarray(0, -1)].find((line) => {
    const read = readLine(line)
    return read !== null && isWholeLine(line, read)
  }) ?? null

/**
 * Whether it is known where a log's last segment ends of which something before `unreadEnd` could not be read: batches are
 * appended in order, so none that was lost goes further than one that stands behind it.
 */
export function isEndKnown({ index, tornAt }: Scan, unreadEnd: number): boolean {
  const last = index.entries.reduce<Entry | null>(
    (far, entry) => (entry.position > (far?.position ?? -1) ? entry : far),
    null,
  )
  if (last === null || last.position < unreadEnd) return false
  return last.kind === 'batch' && last.last === index.last && (tornAt ?? Infinity) > last.position
}

const lineEntry = ({ kind, first, count }: ReadLine, position: number, bytes: number): Entry => ({
  kind,
  first,
  last: first + count - 1,
  position,
  bytes,
})

const bySequence = (left: Entry, right: Entry): number => left.first - right.first

function entryAt(entries: readonly Entry[], sequence: Sequence): Entry | null {
  const entry = entries[countUpTo(entries, sequence) - 1]
  return entry !== undefined && entry.last >= sequence ? entry : null
}

/** How many entries begin at or before `sequence`. */
function countUpTo(entries: readonly Entry[], sequence: Sequence): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.first ?? Infinity) <= sequence) low = middle + 1
    else high = middle
  }
  return low
}
