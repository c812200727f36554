import type { Result } from '../core/model/errors.ts'
import { fail } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { Damage } from '../host/ports.ts'
import type { Wire } from '../wire/wire.ts'
import type { BatchDocument, StoredDocument } from './nedb-documents.ts'
import { bytesOf, sequenceOf } from './nedb-documents.ts'
import type { OriginLog } from './nedb-origin-log.ts'
import type { Segment } from './nedb-segment.ts'
import type { Entry, SegmentIndex } from './nedb-segment-index.ts'
import type { SegmentView } from './nedb-segment-view.ts'

/** What of the wire the storage needs. */
export type StorageWire = Pick<Wire, 'decodeKeptBatch' | 'decodeUpdate' | 'isProven'>

export interface ReaderContext {
  readonly wire: StorageWire
  report(damage: Damage): void
}

/** Segments that one call reads at a time, so that a call for many mails does not hold them all in memory. */
const segmentsAtATime = 4

/**
 * Batches of `log` from the one that holds `after + 1`, in order and each following the one before by its hash, until
 * `maxBytes` would be passed (one at least). Ends at what is compacted, damaged (reported) or not there.
 */
export async function readBatches(
  context: ReaderContext,
  log: OriginLog,
  after: Sequence,
  maxBytes: number,
): Promise<readonly Batch[]> {
  const batches: Batch[] = []
  let room = maxBytes
  for (let next = after + 1; ;) {
    const view = await (await segmentHolding(log, next, 'batch'))?.view()
    const entries = view === undefined ? [] : runOf(view.index, next, room, batches.length === 0 ? 1 : 0)
    if (view === undefined || entries.length === 0) return batches
    const documents = await view.documents(entries)
    for (const [index, document] of documents.entries()) {
      const entry = entries[index]
      if (document === null || entry === undefined) return batches
      const batch = followingBatch(context, log.origin, document, batches.at(-1))
      if (batch === null) return batches
      batches.push(batch)
      room -= sizeOf(entry)
      next = batch.last + 1
    }
  }
}

/** The updates of `log` that are held whole among `sequences`, in the order asked. */
export async function readUpdates(
  context: ReaderContext,
  log: OriginLog,
  sequences: readonly Sequence[],
): Promise<readonly Update[]> {
  const found = new Map<Sequence, Update>()
  const groups = [...(await bySegment(log, sequences))]
  for (let start = 0; start < groups.length; start += segmentsAtATime) {
    await Promise.all(
      groups.slice(start, start + segmentsAtATime).map(async ([segment, wanted]) => {
        for (const update of await readFrom(context, log.origin, await segment.view(), wanted)) {
          found.set(update.sequence, update)
        }
      }),
    )
  }
  return sequences.map((sequence) => found.get(sequence)).filter((update) => update !== undefined)
}

/** Which of `sequences` are not held whole. Files are read only where that is not known yet. */
export async function findMissing(log: OriginLog, sequences: readonly Sequence[]): Promise<readonly Sequence[]> {
  const held = new Set<Sequence>()
  for (const [segment, wanted] of await bySegment(log, sequences)) {
    const index = await segment.index()
    for (const sequence of wanted) if (index.holder(sequence) !== null) held.add(sequence)
  }
  return sequences.filter((sequence) => !held.has(sequence))
}

/** The batch in a document, if it is one of `origin` at its place. */
export function decodeBatchDocument(
  { wire }: Pick<ReaderContext, 'wire'>,
  origin: OriginId,
  document: BatchDocument,
): Result<Batch> {
  const decoded = wire.decodeKeptBatch(bytesOf(document), document.f ?? [])
  if (!decoded.ok) return decoded
  const { first, last } = decoded.value
  const isInPlace = decoded.value.origin === origin && first === sequenceOf(document) && last === lastOf(document)
  return isInPlace ? decoded : fail('DAMAGED', `a batch of ${decoded.value.origin} from ${first} is in the wrong place`)
}

/** The batch in a document, if it follows on `previous`; otherwise null, and the damage is reported. */
function followingBatch(
  context: ReaderContext,
  origin: OriginId,
  document: StoredDocument,
  previous: Batch | undefined,
): Batch | null {
  if (!('b' in document)) return null
  const batch = decodeBatchDocument(context, origin, document)
  const span = { origin, first: sequenceOf(document), last: lastOf(document) }
  if (!batch.ok) {
    context.report({ ...span, reason: batch.failure.message })
    return null
  }
  if (previous !== undefined && previous.lastHash !== batch.value.previousHash) {
    context.report({ ...span, reason: 'its hash does not follow on that of the batch before' })
    return null
  }
  return batch.value
}

/** Batches one after the other from `next`, as many as there is room for, `least` at least. */
function runOf(index: SegmentIndex, next: Sequence, room: number, least: number): readonly Entry[] {
  const entries: Entry[] = []
  let left = room
  for (let entry = index.batchAt(next); entry !== null; entry = index.batchAt(entry.last + 1)) {
    left -= sizeOf(entry)
    if (left < 0 && entries.length >= least) break
    entries.push(entry)
  }
  return entries
}

async function readFrom(
  context: ReaderContext,
  origin: OriginId,
  view: SegmentView,
  sequences: readonly Sequence[],
): Promise<readonly Update[]> {
  const wanted = new Map<Entry, Sequence[]>()
  for (const sequence of sequences) {
    const entry = view.index.holder(sequence)
    if (entry !== null) wanted.set(entry, [...(wanted.get(entry) ?? []), sequence])
  }
  const updates: Update[] = []
  for (const { sequence, bytes, trust } of await view.updates(wanted)) {
    const update = context.wire.decodeUpdate(origin, sequence, bytes, trust)
    if (update.ok) updates.push(update.value)
    else context.report({ origin, first: sequence, last: sequence, reason: update.failure.message })
  }
  return updates
}

/** The segment that has `sequence`, in a batch when it is to be read from there; when none has, the one where it would be. */
async function segmentHolding(log: OriginLog, sequence: Sequence, as: 'batch' | 'any'): Promise<Segment | null> {
  const segments = log.reaching(sequence)
  // The first is nearly always the only one: it need not be looked into here.
  for (const segment of segments.length > 1 ? segments : []) {
    const index = await segment.index()
    if ((as === 'batch' ? index.batchAt(sequence) : index.holder(sequence)) !== null) return segment
  }
  return segments[0] ?? null
}

async function bySegment(log: OriginLog, sequences: readonly Sequence[]): Promise<Map<Segment, Sequence[]>> {
  const groups = new Map<Segment, Sequence[]>()
  for (const sequence of sequences) {
    const segment = await segmentHolding(log, sequence, 'any')
    if (segment === null) continue
    const group = groups.get(segment)
    if (group === undefined) groups.set(segment, [sequence])
    else group.push(sequence)
  }
  return groups
}

const lastOf = (document: BatchDocument): Sequence => sequenceOf(document) + document.n - 1
/** Bytes of a batch, near enough: three for four of base64. */
const sizeOf = ({ bytes }: Entry): number => bytes * 0.75
