import { QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { isOriginId } from '../core/model/ids.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { Batch } from '../core/model/updates.ts'
import type { Damage } from '../host/ports.ts'
import type { DamageBook } from './nedb-damage-book.ts'
import { syncFile } from './nedb-files.ts'
import type { WriterContext } from './nedb-log-writer.ts'
import { decodeBatchDocument, readBatches } from './nedb-log-reader.ts'
import { OriginLog } from './nedb-origin-log.ts'
import type { Segment } from './nedb-segment.ts'
import { unreadFirst } from './nedb-unread-file.ts'

/** What the log's directories hold at a start. */
export interface RecoveredLogs {
  readonly logs: Map<OriginId, OriginLog>
  readonly suffix: readonly Batch[]
  readonly highest: VersionVector
  readonly repairs: readonly string[]
}

/**
 * Opens the log of each origin: cuts torn ends off, and reads what is after the snapshot's vector. Only the last segment, and those
 * that hold something after the vector, are looked into. Damage goes to `book`.
 */
export async function recoverLogs(
  context: WriterContext,
  book: DamageBook,
  vectorOf: () => Promise<VersionVector>,
): Promise<RecoveredLogs> {
  const { files, directory } = context
  await files.makeDirectory(directory)
  const origins = (await files.list(directory)).filter(isOriginId)
  // Beside each other and beside the snapshot: a start waits for the disk and for other threads.
  const opened = await Promise.all(origins.map((origin) => openLog(context, origin)))
  const vector = await vectorOf()
  const found = await Promise.all(opened.map((log) => recoverLog(context, book, log, vector.get(log.log.origin) ?? 0)))
  return {
    logs: new Map(found.map(({ log }) => [log.origin, log])),
    suffix: found.flatMap(({ suffix }) => suffix),
    highest: new Map(found.flatMap(({ log, highest }) => (highest === null ? [] : [[log.origin, highest]]))),
    repairs: found.flatMap(({ repairs }) => repairs),
  }
}

interface RecoveredLog {
  readonly log: OriginLog
  readonly suffix: readonly Batch[]
  /** Null when the log is empty. */
  readonly highest: Sequence | null
  readonly repairs: readonly string[]
}

async function recoverLog(
  context: WriterContext,
  book: DamageBook,
  opened: OpenedLog,
  held: Sequence,
): Promise<RecoveredLog> {
  const { log, repairs } = opened
  const { origin } = log
  const last = await provenTail(context, opened, held)
  const damageOf = (): readonly Damage[] => book.found.filter((damage) => damage.origin === origin)
  if (damageOf().length > 0) await reportLostEnd(context, log, last, damageOf(), held)
  else if (repairs.length > 0 && opened.reached < held) await reportLostEnd(context, log, last, [], held)
  if (last === null) return { log, suffix: [], highest: null, repairs }
  const suffix = await readSuffix(context, log, held, last)
  await opened.durable
  // A batch of an earlier segment may end after everything in the last one: what is read, or a snapshot has, tells.
  const read = suffix.at(-1)?.last ?? held
  const traces = damageOf().map((damage) => damage.last)
  return { log, suffix, highest: Math.max(last.first - 1, (await last.index()).last, read, ...traces), repairs }
}

/** What else stands there is somebody's: a copy that was put beside, what a file system or a program for backups keeps. */
const halfWritten = /^[1-9]\d{0,15}\.(?:db~|rewrite~?)$/

/** Finds the files, and removes what interrupted writes have left beside them; tells how far the log went before a last one that is empty. */
async function addSegments(context: WriterContext, log: OriginLog, repairs: string[]): Promise<Sequence> {
  const { files } = context
  const names = await files.list(log.directory)
  const sizes = await Promise.all(names.map((name) => files.bytes(`${log.directory}/${name}`)))
  const unread: Sequence[] = []
  for (const [index, name] of names.entries()) {
    const [first, firstOfUnread] = [segmentFirst(name), unreadFirst(name)]
    if (first !== null) log.add(first, sizes[index] ?? 0)
    else if (firstOfUnread !== null) unread.push(firstOfUnread)
    else if (halfWritten.test(name)) await files.remove(`${log.directory}/${name}`)
  }
  await takeUnread(log, unread)
  let reached = 0
  for (const segment of log.segments.filter(({ bytes }) => bytes === 0)) {
    const end = log.endOf(segment)
    if (end === null) {
      repairs.push(`${segment.path} was empty and has been removed: a write to it had not been finished.`)
      reached = segment.first - 1
    } else context.report({ origin: log.origin, first: segment.first, last: end, reason: `${segment.path} is empty` })
    await segment.delete()
  }
  for (const segment of log.segments.filter(({ bytes }) => bytes === 0)) log.remove(segment)
  return reached
}

/** The first sequence that a file's name tells; null when it is not the name of a segment. */
function segmentFirst(name: string): Sequence | null {
  const [, digits] = /^([1-9]\d{0,15})\.db$/.exec(name) ?? []
  return digits === undefined ? null : Number(digits)
}

/** `firsts`: of the segments of which a file is kept that could not be read. */
async function takeUnread(log: OriginLog, firsts: readonly Sequence[]): Promise<void> {
  const present = new Map(log.segments.map((segment) => [segment.first, segment]))
  const segments = firsts.map((first) => present.get(first) ?? log.add(first, 0))
  // Only now does each know where it ends: before the one after it.
  for (const segment of segments) await segment.takeUnread()
}

/** What a log's directory holds, before it is known what of it a snapshot covers. */
interface OpenedLog {
  readonly log: OriginLog
  readonly repairs: string[]
  /** The last segment; null when the log is empty. */
  readonly last: Segment | null
  /**
   * So far the log went before a write that was not finished, as the name of its file tells; 0 when it is not known. What of it is not there
   * was compacted.
   */
  readonly reached: Sequence
  /** Fulfilled when everything in it is durable; reading goes on meanwhile. */
  readonly durable: Promise<void>
}

async function openLog(context: WriterContext, origin: OriginId): Promise<OpenedLog> {
  const repairs: string[] = []
  const log = new OriginLog(context, origin, `${context.directory}/${origin}`)
  const { last, reached } = await recoverTail(log, repairs, await addSegments(context, log, repairs))
  const durable = last === null ? Promise.resolve() : makeDurable(context, log, last)
  // Whoever waits for it hears of a failure; until then it is nobody's.
  durable.catch(() => undefined)
  return { log, repairs, last, reached, durable }
}

async function makeDurable({ files }: WriterContext, { directory }: OriginLog, { path }: Segment): Promise<void> {
  await syncFile(files, path)
  await files.syncDirectory(directory)
}

/** Cuts the torn end off the last segment, and removes it when nothing in it counts. */
async function recoverTail(
  log: OriginLog,
  repairs: string[],
  reachedBefore: Sequence,
): Promise<Pick<OpenedLog, 'last' | 'reached'>> {
  let reached = reachedBefore
  for (let last = log.segments.at(-1); last !== undefined; last = log.segments.at(-1)) {
    const torn = await last.cutTornEnd()
    if (torn > 0) {
      repairs.push(`${last.path} ended with ${torn} bytes of an unfinished write; they have been cut off.`)
      reached = 0
    }
    if (last.bytes > 0) {
      const { index, isClean } = await last.view()
      if (!isClean || index.entries.length > 0 || last.keepsUnread) return { last, reached }
      // A batch of the segment before it took the place of all.
      await last.delete()
    }
    reached = Math.max(reached, last.first - 1)
    log.remove(last)
  }
  return { last: null, reached }
}

/**
 * Takes batches off the end that nobody else would take: their own signature does not hold, and the later ones that proved them came
 * along with them and were not written any more. Whatever a snapshot covers was written whole.
 */
async function provenTail(
  context: WriterContext,
  { log, repairs, last: tail, durable }: OpenedLog,
  held: Sequence,
): Promise<Segment | null> {
  let last = tail
  while (last !== null && !(await endsProven(context, log.origin, last, held))) {
    await durable
    const view = await last.view()
    if (view.isUnread) throw new QuintetError('DISK_FAILED', `${last.path} cannot be read, and so not be cut.`)
    const entries = view.index.entries.slice(0, -1)
    repairs.push(`${last.path} ended with a batch whose proof was not written; it has been taken off.`)
    if (entries.length > 0) {
      await last.rewrite((await view.documents(entries)).filter((document) => document !== null))
      continue
    }
    await last.delete()
    log.remove(last)
    last = log.segments.at(-1) ?? null
  }
  return last
}

async function endsProven(context: WriterContext, origin: OriginId, last: Segment, held: Sequence): Promise<boolean> {
  const view = await last.view()
  const entry = view.index.entries.at(-1)
  if (entry?.kind !== 'batch' || entry.last <= held || entry.last < view.index.last) return true
  const [document] = await view.documents([entry])
  if (document === undefined || document === null || !('b' in document)) return true
  const batch = decodeBatchDocument(context, origin, document)
  return !batch.ok || context.wire.isProven(batch.value)
}

/**
 * What was cut off was no unfinished write, and a broken line at the end held more than it seems to, when a snapshot covers
 * more than what is left and told.
 */
async function reportLostEnd(
  context: WriterContext,
  { origin }: OriginLog,
  last: Segment | null,
  found: readonly Damage[],
  held: Sequence,
): Promise<void> {
  const end = Math.max(last === null ? 0 : (await last.index()).last, ...found.map((damage) => damage.last))
  if (end >= held) return
  const reason = 'the end of the log is gone, though a snapshot covers more of it'
  context.report({ origin, first: end + 1, last: held, reason })
}

async function readSuffix(
  context: WriterContext,
  log: OriginLog,
  held: Sequence,
  tail: Segment,
): Promise<readonly Batch[]> {
  const batches = await readBatches(context, log, held, Infinity)
  const end = batches.at(-1)?.last ?? held
  const { last } = await tail.index()
  if (last > end) await reportGap(context, log, end)
  return batches
}

/** What stands after `end` cannot be reached from there. */
async function reportGap(context: WriterContext, log: OriginLog, end: Sequence): Promise<void> {
  for (const segment of log.segments) {
    const segmentEnd = log.endOf(segment)
    if (segmentEnd !== null && segmentEnd <= end) continue
    const index = await segment.index()
    if (index.batchAt(end + 1) !== null) return
    const next = index.batchAfter(end + 1)
    if (next === null) continue
    const reason = 'the log does not go on here, but further on'
    context.report({ origin: log.origin, first: end + 1, last: next.first - 1, reason })
    return
  }
}
