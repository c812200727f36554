import { QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { LoggerPort } from '../host/ports.ts'
import type { StoredDocument } from './nedb-documents.ts'
import { batchDocument, mailDocument, textOf } from './nedb-documents.ts'
import type { FileSystem } from './nedb-files.ts'
import type { StorageWire } from './nedb-log-reader.ts'
import { OriginLog } from './nedb-origin-log.ts'
import type { Segment, SegmentChange, SegmentContext } from './nedb-segment.ts'

export interface WriterContext extends SegmentContext {
  readonly files: FileSystem
  readonly wire: StorageWire
  readonly logger: LoggerPort
  /** Where the origins' logs are. */
  readonly directory: string
}

/** A change in the making, and what its segment then holds. */
interface Planned extends SegmentChange {
  updates: number
  bytes: number
  last: Sequence
  /** Whether the segment may hold more than is known now, so that none is begun within it. */
  readonly isPartial: boolean
}

type Plan = Map<Segment, Planned>

/** Writes to the origins' logs: each call wholly and durably, or not at all. */
export class LogWriter {
  readonly #context: WriterContext
  readonly #logs: Map<OriginId, OriginLog>
  /** Segments that are open for writing, that used longest ago first. */
  readonly #open = new Set<Segment>()

  constructor(context: WriterContext, logs: Map<OriginId, OriginLog>) {
    this.#context = context
    this.#logs = logs
  }

  async append(batches: readonly Batch[]): Promise<void> {
    await this.#write(async (plan) => {
      for (const batch of batches) {
        const log = await this.#logOf(batch.origin)
        const document = batchDocument(batch)
        put(await place(plan, log, batch.first, batch.last), document)
        await planReplaced(plan, log, batch)
      }
    })
  }

  async store(origin: OriginId, updates: readonly Update[]): Promise<void> {
    const bySequence = new Map(updates.map((update) => [update.sequence, update]))
    await this.#write(async (plan) => {
      const log = await this.#logOf(origin)
      for (const update of bySequence.values()) {
        put(await place(plan, log, update.sequence, update.sequence), mailDocument(update))
      }
    })
  }

  /** Drops what `origin`'s log has after `sequence`; of a batch that goes beyond it, what is before stays. */
  async cutAfter(origin: OriginId, sequence: Sequence): Promise<void> {
    const log = this.#logs.get(origin)
    if (log === undefined) return
    const within = log.at(sequence)
    const isUnreadBeyond = within?.keepsUnread === true && (log.endOf(within) ?? Infinity) > sequence
    for (const segment of log.segments.filter(({ first }) => first > sequence)) await this.deleteSegment(log, segment)
    for (const segment of log.reaching(sequence)) {
      const isBeyond = (await segment.index()).last > sequence || (isUnreadBeyond && segment === within)
      if (isBeyond) await this.#cutSegment(segment, sequence)
    }
  }

  async deleteSegment(log: OriginLog, segment: Segment): Promise<void> {
    this.#open.delete(segment)
    await segment.delete()
    log.remove(segment)
  }

  async rewriteSegment(segment: Segment, documents: readonly StoredDocument[]): Promise<void> {
    this.#open.delete(segment)
    await segment.rewrite(documents)
  }

  /** Ends all writing: nothing stays open. */
  async close(): Promise<void> {
    const open = [...this.#open]
    this.#open.clear()
    await settle(open.map((segment) => segment.seal()))
  }

  async #cutSegment(segment: Segment, sequence: Sequence): Promise<void> {
    const view = await segment.view()
    if (view.isUnread) throw new QuintetError('DISK_FAILED', `${segment.path} cannot be read, and so not be cut.`)
    const kept: StoredDocument[] = []
    for (const entry of view.index.entries) {
      if (entry.first > sequence) continue
      if (entry.last <= sequence) kept.push(...(await view.documents([entry])).filter((document) => document !== null))
      else {
        const alone = range(entry.first, sequence).filter((at) => !view.index.has('mail', at))
        kept.push(...(await view.updates(new Map([[entry, alone]]))).map(mailDocument))
      }
    }
    await this.rewriteSegment(segment, kept)
    // What it had beyond the cut is another log's by now, and what others hold of the rest has been fetched.
    await segment.dropUnread()
  }

  async #write(fill: (plan: Plan) => Promise<void>): Promise<void> {
    const plan: Plan = new Map()
    try {
      await fill(plan)
    } catch (error) {
      for (const segment of plan.keys()) this.#forgetIfEmpty(segment)
      throw error
    }
    try {
      await settle([...byOrigin(plan).values()].map(carryOut))
    } catch (error) {
      await this.#undo(plan)
      throw error
    }
    // A later write of several segments may fail before it comes to one of these, and is undone in all.
    for (const segment of plan.keys()) segment.keep()
    await this.#retire([...plan.keys()])
  }

  async #undo(plan: Plan): Promise<void> {
    for (const segment of plan.keys()) {
      this.#open.delete(segment)
      await segment.undo().catch((error: unknown) => {
        this.#context.logger.error('a failed write could not be undone', { path: segment.path, error: String(error) })
      })
      this.#forgetIfEmpty(segment)
    }
  }

  #forgetIfEmpty(segment: Segment): void {
    if (segment.bytes === 0 && !segment.keepsUnread) this.#logs.get(segment.origin)?.remove(segment)
  }

  /** Closes what is not likely to be written to next. */
  async #retire(written: readonly Segment[]): Promise<void> {
    // Of each log one is open: where these were, as is usual, there is no other to close.
    const isAsBefore = written.every((segment) => this.#open.has(segment))
    for (const segment of written) {
      this.#open.delete(segment)
      this.#open.add(segment)
    }
    if (isAsBefore) return
    const latest = new Map(written.map((segment) => [segment.origin, segment]))
    const retired = [...this.#open].filter((segment, index) => {
      const newer = latest.get(segment.origin)
      return (newer !== undefined && newer !== segment) || index < this.#open.size - limits.openSegments
    })
    for (const segment of retired) this.#open.delete(segment)
    await settle(retired.map((segment) => segment.seal()))
  }

  async #logOf(origin: OriginId): Promise<OriginLog> {
    const known = this.#logs.get(origin)
    if (known !== undefined) return known
    const { files, directory } = this.#context
    const path = `${directory}/${origin}`
    await files.makeDirectory(path)
    await files.syncDirectory(directory)
    const log = new OriginLog(this.#context, origin, path)
    this.#logs.set(origin, log)
    return log
  }
}

/** The segment's change that takes a document of these sequences; a full one does not take what follows on its last. */
async function place(plan: Plan, log: OriginLog, first: Sequence, last: Sequence): Promise<Planned> {
  const segment = log.at(first) ?? log.add(first, 0)
  const planned = await plannedOf(plan, segment)
  const isBeyond =
    !planned.isPartial && first > Math.max(planned.last, segment.first) && isFull(planned.updates, planned.bytes)
  const chosen = isBeyond ? await plannedOf(plan, log.add(first, 0)) : planned
  chosen.updates += last - first + 1
  chosen.last = Math.max(chosen.last, last)
  return chosen
}

function put(planned: Planned, document: StoredDocument): void {
  planned.documents.push(document)
  planned.bytes += textOf(document).length
}

async function plannedOf(plan: Plan, segment: Segment): Promise<Planned> {
  const planned = plan.get(segment)
  if (planned !== undefined) return planned
  const { updates, last } = await segment.index()
  // Of what could not be read no index is kept.
  const isPartial = segment.keepsUnread || segment.knownIndex === null
  const change: Planned = { documents: [], obsolete: [], updates, bytes: segment.bytes, last, isPartial }
  plan.set(segment, change)
  return change
}

/** Of each origin's log ascending. */
function byOrigin(plan: Plan): Map<OriginId, [Segment, SegmentChange][]> {
  const changes = new Map<OriginId, [Segment, SegmentChange][]>()
  for (const change of [...plan].sort(([left], [right]) => left.first - right.first)) {
    const { origin } = change[0]
    changes.set(origin, [...(changes.get(origin) ?? []), change])
  }
  return changes
}

/**
 * One segment after the other: a crash leaves no file that is empty before one that is not, and what a batch takes the place of
 * goes only when the batch is durable.
 */
async function carryOut(changes: readonly (readonly [Segment, SegmentChange])[]): Promise<void> {
  for (const [segment, change] of changes) {
    await segment.put(change)
    await segment.sync()
  }
}

/** A batch takes the place of everything that stands under its sequences. */
async function planReplaced(plan: Plan, log: OriginLog, { first, last }: Batch): Promise<void> {
  for (const segment of log.between(first, last)) {
    if (segment.bytes === 0) continue
    const overlapping = (await segment.index()).overlapping(first, last)
    if (overlapping.length > 0) (await plannedOf(plan, segment)).obsolete.push(...overlapping)
  }
}

/** Ascending, both ends included. */
const range = (first: Sequence, last: Sequence): readonly Sequence[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** Waits until all have ended, then throws what the first that failed threw. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason
}

/** Whether a segment takes no more updates of those that follow on its last. */
const isFull = (updates: number, bytes: number): boolean =>
  updates >= limits.segmentUpdates || bytes >= limits.segmentBytes
