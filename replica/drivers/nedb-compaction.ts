import { setImmediate } from 'node:timers/promises'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { StoredDocument } from './nedb-documents.ts'
import { mailDocument } from './nedb-documents.ts'
import type { LogWriter } from './nedb-log-writer.ts'
import type { OriginLog } from './nedb-origin-log.ts'
import type { Segment } from './nedb-segment.ts'
import type { Entry, SegmentIndex } from './nedb-segment-index.ts'
import { isReadError } from './nedb-unread-file.ts'

/** What was done to one segment. */
export interface SegmentOutcome {
  readonly kind: 'unchanged' | 'rewritten' | 'deleted'
  readonly bytesFreed: number
}

export type IsLive = (origin: OriginId, sequence: Sequence) => boolean

/** A segment is written anew when this share of its updates or of its bytes is dead. */
const worthwhileShare = 0.25

const unchanged: SegmentOutcome = { kind: 'unchanged', bytesFreed: 0 }

/**
 * Frees what is dead in a segment that lies wholly at or below `floor`: deletes the file when nothing in it is live,
 * writes it anew, with mails alone instead of the batches that have dead ones, when that frees enough of it.
 */
export async function compactSegment(
  writer: LogWriter,
  log: OriginLog,
  segment: Segment,
  floor: Sequence,
  isLive: IsLive,
): Promise<SegmentOutcome> {
  const end = log.endOf(segment)
  if (segment.first > floor || (end !== null && end > floor)) return unchanged
  const bytesBefore = segment.bytes
  if (segment.knownIndex === null && end !== null && isAllLive(segment, end, isLive)) return unchanged
  const index = await unlessUnreadable(segment.index())
  if (index === null || index.last > floor) return unchanged
  // Of what could not be read no index is kept.
  const isPartial = segment.knownIndex === null || segment.keepsUnread
  if (isPartial && !(await isAllHeld(log, segment, end, isLive))) return unchanged
  const kept = keptOf(segment.origin, index, isLive)
  if (kept.every(({ live }) => live.length === 0)) {
    await writer.deleteSegment(log, segment)
    return { kind: 'deleted', bytesFreed: bytesBefore }
  }
  await segment.dropUnread()
  if (!isWorthwhile(kept, index.updates, bytesBefore)) return unchanged
  const documents = await unlessUnreadable(documentsOf(segment, index, isLive))
  if (documents === null) return unchanged
  await writer.rewriteSegment(segment, documents)
  return { kind: 'rewritten', bytesFreed: bytesBefore - segment.bytes }
}

/** Whether a segment need not even be looked into. */
function isAllLive({ origin, first }: Segment, end: Sequence, isLive: IsLive): boolean {
  for (let sequence = first; sequence <= end; sequence++) if (!isLive(origin, sequence)) return false
  return true
}

/** Whether all that is live of a segment's stretch stands in files that can be read; what could not be read holds nothing else that counts. */
async function isAllHeld(log: OriginLog, segment: Segment, end: Sequence | null, isLive: IsLive): Promise<boolean> {
  if (end === null) return false
  // Its last batch may reach into the next segment.
  for (let sequence = segment.first; sequence < end + limits.batchUpdates; sequence++) {
    if (!isLive(segment.origin, sequence)) continue
    const index = await unlessUnreadable((log.at(sequence) ?? segment).index())
    if ((index?.holder(sequence) ?? null) === null) return false
  }
  return true
}

/** Null when the disk fails to read it: compaction leaves that as it is. */
async function unlessUnreadable<Value>(reading: Promise<Value>): Promise<Value | null> {
  try {
    return await reading
  } catch (error) {
    if (isReadError(error)) return null
    throw error
  }
}

interface Kept {
  readonly entry: Entry
  readonly live: readonly Sequence[]
}

const keptOf = (origin: OriginId, index: SegmentIndex, isLive: IsLive): readonly Kept[] =>
  index.entries.map((entry) => ({ entry, live: liveOf(origin, index, entry, isLive) }))

function isWorthwhile(kept: readonly Kept[], updates: number, bytes: number): boolean {
  let liveUpdates = 0
  let liveBytes = 0
  for (const { entry, live } of kept) {
    liveUpdates += live.length
    liveBytes += (entry.bytes * live.length) / countOf(entry)
  }
  return updates - liveUpdates >= updates * worthwhileShare || bytes - liveBytes >= bytes * worthwhileShare
}

/** The live sequences of a document; those of a batch that are also held as mails alone are dead in the batch. */
function liveOf(origin: OriginId, index: SegmentIndex, entry: Entry, isLive: IsLive): readonly Sequence[] {
  const live: Sequence[] = []
  for (let sequence = entry.first; sequence <= entry.last; sequence++) {
    if (!isLive(origin, sequence)) continue
    if (entry.kind === 'mail' || !index.has('mail', sequence)) live.push(sequence)
  }
  return live
}

/** Of what stands in the file now, which is read again if it was read long ago; null when what was `known` cannot be read any more. */
async function documentsOf(
  segment: Segment,
  known: SegmentIndex,
  isLive: IsLive,
): Promise<readonly StoredDocument[] | null> {
  const view = await segment.view()
  if (view.isUnread && known.entries.some((entry) => view.index.lacks(entry))) return null
  const documents: StoredDocument[] = []
  for (const { entry, live } of keptOf(segment.origin, view.index, isLive)) {
    if (live.length === countOf(entry)) {
      const [document] = await view.documents([entry])
      if (document !== undefined && document !== null) documents.push(document)
    } else if (live.length > 0) {
      documents.push(...(await view.updates(new Map([[entry, live]]))).map(mailDocument))
      await setImmediate()
    }
  }
  return documents
}

const countOf = ({ first, last }: Entry): number => last - first + 1
