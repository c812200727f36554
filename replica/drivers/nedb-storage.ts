import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { CompactionOutcome, Damage, LoggerPort, Recovered, SnapshotFile, Storage } from '../host/ports.ts'
import type { IsLive } from './nedb-compaction.ts'
import { compactSegment } from './nedb-compaction.ts'
import { DamageBook } from './nedb-damage-book.ts'
import { systemCode } from './file-names.ts'
import type { FileSystem } from './nedb-files.ts'
import { diskError, diskFiles } from './nedb-files.ts'
import type { StorageWire } from './nedb-log-reader.ts'
import { findMissing, readBatches, readUpdates } from './nedb-log-reader.ts'
import type { WriterContext } from './nedb-log-writer.ts'
import { LogWriter } from './nedb-log-writer.ts'
import type { OriginLog } from './nedb-origin-log.ts'
import { recoverLogs } from './nedb-recovery.ts'
import type { SegmentContext } from './nedb-segment.ts'
import type { FileView, SegmentView } from './nedb-segment-view.ts'
import type { Settings } from './nedb-settings.ts'
import { formatNamedIn, isWhole, openSettings, writeJson } from './nedb-settings.ts'
import { Snapshots } from './nedb-snapshots.ts'
import { notUsable } from './not-usable.ts'

export interface NedbStorageOptions {
  /** Made when it is not there. The caller holds its lock. */
  readonly directory: string
  readonly wire: StorageWire
  readonly logger: LoggerPort
  /** The machine's own file system unless a test passes in another. */
  readonly files?: FileSystem
  /** What a segment of the log is that the disk fails to read: damage, unless whoever reads it would then give it up. */
  readonly readErrors?: SegmentContext['readErrors']
}

const formatFile = 'format.json'
/** Raised when a file's form changes; what was written with an older number is migrated at the opening. */
const format = 1

/**
 * A replica's storage in a directory: `log/<origin>/<first sequence>.db`, `snapshot/<generation>/*.db`,
 * `settings/<name>.json`, `format.json`. DIRECTORY_NOT_USABLE, NEWER_FORMAT, DAMAGED, DISK_FULL, DISK_FAILED.
 */
export async function openNedbStorage(options: NedbStorageOptions): Promise<Storage> {
  const { files = diskFiles, readErrors = 'damage' } = options
  await prepareDirectory(files, options.directory, options.logger)
  return new NedbStorage({ ...options, files, readErrors })
}

class NedbStorage implements Storage {
  readonly #context: WriterContext
  readonly #book = new DamageBook()
  readonly #logs = new Map<OriginId, OriginLog>()
  readonly #writer: LogWriter
  readonly #snapshots: Snapshots
  readonly #settings: Settings
  /** The write to the log that is under way: compaction writes beside the host's other calls, one segment at a time. */
  #writing: Promise<unknown> = Promise.resolve()
  /** What is done to the snapshots, one after the other, but beside what is written to the log: it may take long. */
  #withSnapshots: Promise<unknown> = Promise.resolve()

  constructor({ directory, wire, logger, files, readErrors }: Required<NedbStorageOptions>) {
    const opened = new LRUCache<symbol, FileView>({
      max: limits.openSegments,
      maxSize: limits.openSegmentBytes,
      sizeCalculation: ({ bytes }) => bytes,
    })
    const report = (damage: Damage): void => this.#book.report(damage)
    const partly = new Map<symbol, SegmentView>()
    this.#context = { files, readErrors, wire, logger, opened, partly, report, directory: `${directory}/log` }
    this.#writer = new LogWriter(this.#context, this.#logs)
    this.#snapshots = new Snapshots(files, `${directory}/snapshot`, logger)
    this.#settings = openSettings(files, directory)
  }

  async recover(): Promise<Recovered> {
    return this.#write('recovering', async () => {
      await this.#writer.close()
      this.#context.opened.clear()
      this.#book.collect()
      try {
        // What is half written would be taken for what a crash has left.
        const recovered = this.#inTurn(() => this.#snapshots.recover())
        const vector = async (): Promise<VersionVector> => (await recovered).snapshot?.vector ?? new Map()
        // Also when the logs fail: nothing goes on behind a failure.
        const [ofSnapshots, ofLogs] = await Promise.allSettled([
          recovered,
          recoverLogs(this.#context, this.#book, vector),
        ])
        if (ofSnapshots.status === 'rejected') throw ofSnapshots.reason
        if (ofLogs.status === 'rejected') throw ofLogs.reason
        const { snapshot, repairs } = ofSnapshots.value
        const found = ofLogs.value
        this.#logs.clear()
        for (const [origin, log] of found.logs) this.#logs.set(origin, log)
        const { suffix, highest } = found
        return { snapshot, suffix, highest, damage: this.#book.found, repairs: [...repairs, ...found.repairs] }
      } finally {
        this.#book.tell()
      }
    })
  }

  async append(batches: readonly Batch[]): Promise<void> {
    await this.#write('appending to the log', () => this.#writer.append(batches))
    for (const { origin, first, last } of batches) this.#book.forget(origin, first, last)
  }

  async readBatches(origin: OriginId, after: Sequence, maxBytes: number): Promise<readonly Batch[]> {
    const log = this.#logs.get(origin)
    return log === undefined ? [] : this.#read(() => readBatches(this.#context, log, after, maxBytes))
  }

  async readUpdates(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Update[]> {
    const log = this.#logs.get(origin)
    return log === undefined ? [] : this.#read(() => readUpdates(this.#context, log, sequences))
  }

  async storeUpdates(origin: OriginId, updates: readonly Update[]): Promise<void> {
    if (updates.length === 0) return
    await this.#write('storing mails', () => this.#writer.store(origin, updates))
    for (const { sequence } of updates) this.#book.forget(origin, sequence, sequence)
  }

  async missing(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Sequence[]> {
    const log = this.#logs.get(origin)
    return log === undefined ? sequences : this.#read(() => findMissing(log, sequences))
  }

  writeSnapshot(snapshot: SnapshotFile): Promise<void> {
    return this.#inTurn(() => guarded('writing a snapshot', () => this.#snapshots.write(snapshot)))
  }

  async compact(floor: VersionVector, isLive: IsLive): Promise<CompactionOutcome> {
    let segmentsRewritten = 0
    let segmentsDeleted = 0
    let bytesFreed = 0
    for (const [origin, log] of [...this.#logs]) {
      const upTo = floor.get(origin) ?? 0
      for (const segment of log.segments) {
        const outcome = await this.#compactOne(async () =>
          // Recovered meanwhile, as after a full disk, the log has other segments, and may have grown.
          this.#logs.get(origin) === log ? compactSegment(this.#writer, log, segment, upTo, isLive) : 'outdated',
        )
        if (outcome === 'full' || outcome === 'outdated') return { segmentsRewritten, segmentsDeleted, bytesFreed }
        if (outcome.kind === 'rewritten') segmentsRewritten += 1
        if (outcome.kind === 'deleted') segmentsDeleted += 1
        bytesFreed += outcome.bytesFreed
        await setImmediate()
      }
    }
    return { segmentsRewritten, segmentsDeleted, bytesFreed }
  }

  async continueAfter(origin: OriginId, sequence: Sequence): Promise<void> {
    await this.#write('going on after a state transfer', () => this.#writer.cutAfter(origin, sequence))
  }

  readSetting(name: string): Promise<unknown> {
    return this.#settings.read(name)
  }

  writeSetting(name: string, value: unknown): Promise<void> {
    return this.#settings.write(name, value)
  }

  onDamage(listener: (damage: Damage) => void): void {
    this.#book.listen(listener)
  }

  async diskBytes(): Promise<number> {
    let bytes = this.#snapshots.bytes + (await this.#settings.bytes())
    for (const log of this.#logs.values()) for (const segment of log.segments) bytes += segment.diskBytes
    return bytes
  }

  async close(): Promise<void> {
    await this.#write('closing', () => this.#writer.close())
    // Whoever opens the directory next would write beside it into the same file.
    await this.#settings.settled()
    this.#context.opened.clear()
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const result = this.#withSnapshots.then(work)
    this.#withSnapshots = result.catch(() => undefined)
    return result
  }

  #read<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#context.partly.clear()
    return guarded('reading the log', work)
  }

  #write<Value>(doing: string, work: () => Promise<Value>): Promise<Value> {
    const result = this.#writing.then(() => {
      this.#context.partly.clear()
      return guarded(doing, work)
    })
    this.#writing = result.catch(() => undefined)
    return result
  }

  /** A disk without room for a rewrite is no reason to stop: there is more to free when old segments are wholly dead. */
  async #compactOne<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | 'full'> {
    try {
      return await this.#write('compacting the log', work)
    } catch (error) {
      if (!(error instanceof QuintetError) || error.code !== 'DISK_FULL') throw error
      this.#context.logger.warn('the disk is too full to compact the log', { reason: error.message })
      return 'full'
    }
  }
}

async function guarded<Value>(doing: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    throw diskError(error, doing)
  }
}

async function prepareDirectory(files: FileSystem, directory: string, logger: LoggerPort): Promise<void> {
  const path = `${directory}/${formatFile}`
  try {
    await files.makeDirectory(directory)
    if ((await files.bytes(path)) === null) await writeJson(files, directory, formatFile, { format })
    if (isFormatKnown(await files.read(path))) return
    // All else in the directory has its own checksums: a broken note is no reason to refuse it.
    logger.warn('the note of the format is damaged, and is written anew', { path, format })
    await writeJson(files, directory, formatFile, { format })
  } catch (error) {
    const code = systemCode(error)
    const isUnusable = code !== null && unusableCodes.has(code)
    if (!isUnusable) throw diskError(error, `opening ${directory}`)
    throw notUsable(`${directory} cannot be used as a data directory`, error)
  }
}

const unusableCodes = new Set(['EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'EROFS', 'EISDIR'])

/** Whether the note names this version's format; false when it is damaged. NEWER_FORMAT. */
function isFormatKnown(content: Buffer): boolean {
  const named = formatNamedIn(content)
  if (named !== null && named > format) {
    throw new QuintetError(
      'NEWER_FORMAT',
      `The data was written by a newer version of Quintet (format ${named}; this version knows ${format}): update Quintet.`,
    )
  }
  return named === format && isWhole(content)
}
