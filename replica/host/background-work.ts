import type { CoreEvent, Effects } from '../core/effects.ts'
import { type ErrorCode, QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { Update } from '../core/model/updates.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { decodeInTurns, snapshotChunks, snapshotChunksInTurns } from './image-turns.ts'
import { KeptMarks, type LogPart } from './kept-marks.ts'
import { notStored } from './not-stored.ts'
import { isKnownType } from '../wire/update-codec.ts'
import type { Wire } from '../wire/wire.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'

interface Loop {
  /** Looks at the core when everything that it shows is durable. */
  readonly read: <Value>(query: (core: ReplicaCore) => Value) => Promise<Value>
  readonly enqueue: (event: CoreEvent) => void
  readonly failed: (error: unknown) => Promise<void>
}

interface WorkOptions {
  readonly storage: Storage
  readonly logger: LoggerPort
  readonly wire: Wire
  readonly clock: ClockPort
}

const readAtOnce = 200
const lookedAtOnce = 2_000
const retryMs = 30_000
/** No room for it, or a state that could not be read again: a replica goes on without a new snapshot. */
const withoutSnapshot: ReadonlySet<ErrorCode> = new Set(['DISK_FULL', 'INTERNAL'])

/** What a step wants done that may take long: snapshots, compaction, searching. One at a time, beside the event loop. */
export class BackgroundWork {
  readonly #storage: Storage
  readonly #logger: LoggerPort
  readonly #wire: Wire
  readonly #clock: ClockPort
  readonly #loop: Loop
  readonly #keptMarks = new KeptMarks()
  #last: Promise<void> = Promise.resolve()
  /** How many states have been joined. */
  #installs = 0

  constructor({ storage, logger, wire, clock }: WorkOptions, loop: Loop) {
    this.#wire = wire
    this.#clock = clock
    this.#storage = storage
    this.#logger = logger
    this.#loop = loop
  }

  start({ decodeImage: toDecode, findMissing, install, snapshot, compact }: Effects): void {
    if (toDecode !== null) this.#add(() => this.#decode(toDecode))
    if (findMissing !== null) this.#addReading(() => this.#findMissing(findMissing))
    if (install !== null) this.understand()
    if (snapshot !== null) this.#add(() => this.#writeSnapshot())
    if (compact !== null) this.#add(() => this.#compact(compact))
  }

  /** Reads again what an earlier version of this program, here or at the other end of a state transfer, did not understand. */
  understand(): void {
    this.#addReading(() => this.#understand())
  }

  /** To be called before the snapshot of a joined state is written. */
  installing(): void {
    this.#installs += 1
  }

  /** Fulfilled when nothing is under way. */
  finished(): Promise<void> {
    return this.#last
  }

  #add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch((error: unknown) => this.#loop.failed(error))
  }

  /** What only reads is done again another time, and no reason to stop where the disk fails to read. */
  #addReading(work: () => Promise<void>): void {
    this.#add(async () => {
      try {
        await work()
      } catch (error) {
        if (!(error instanceof QuintetError) || error.code !== 'DISK_FAILED') throw error
        this.#logger.error('the log could not be read', { ...error.failure })
      }
    })
  }

  async #decode({ peer, chunks }: NonNullable<Effects['decodeImage']>): Promise<void> {
    const image = await decodeInTurns(this.#wire.decodeReceivedImageInParts(chunks))
    if (!image.ok) this.#logger.warn('a state transfer was not valid', { ...image.failure, peer })
    this.#loop.enqueue({ kind: 'imageDecoded', peer, image: image.ok ? image.value : null })
  }

  async #findMissing(question: NonNullable<Effects['findMissing']>): Promise<void> {
    this.#loop.enqueue({ kind: 'mailsMissing', ...(await notStored(this.#storage, question)) })
  }

  async #understand(): Promise<void> {
    const wanted = await this.#loop.read((core) => core.state.later.records().filter(({ type }) => isKnownType(type)))
    // What refers to another update has a later clock than that.
    wanted.sort((left, right) => left.clock - right.clock)
    for (let start = 0; start < wanted.length; start += readAtOnce) {
      const updates: Update[] = []
      for (const { origin, sequence } of wanted.slice(start, start + readAtOnce))
        updates.push(...(await this.#storage.readUpdates(origin, [sequence])))
      this.#loop.enqueue({ kind: 'understood', updates })
    }
  }

  async #writeSnapshot(): Promise<void> {
    const { image, installs } = await this.#loop.read((core) => ({
      image: core.state.image(),
      installs: this.#installs,
    }))
    try {
      const snapshot = { vector: image.vector, chunks: await snapshotChunksInTurns(image) }
      // It would be the newest, and the log does not have what was joined meanwhile.
      if (installs !== this.#installs) {
        await this.#writeSnapshot()
        return
      }
      await this.#storage.writeSnapshot(snapshot)
      const chars = snapshot.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      this.#loop.enqueue({ kind: 'snapshotWritten', vector: snapshot.vector, chars })
    } catch (error) {
      if (!(error instanceof QuintetError) || !withoutSnapshot.has(error.code)) throw error
      this.#logger.error('a snapshot could not be written; the log has everything', { ...error.failure })
      this.#clock.after(retryMs, () => {
        this.#loop.enqueue({ kind: 'compacted' })
      })
    }
  }

  /** What is live is copied first, so that only durable deletions count. */
  async #compact(floor: VersionVector): Promise<void> {
    const { live, unseen } = await this.#loop.read(({ state }) => ({
      live: state.live.kept(),
      unseen: this.#keptMarks.unseen(state, floor),
    }))
    if (!(await this.#lookAt(unseen))) {
      this.#clock.after(retryMs, () => this.#loop.enqueue({ kind: 'compacted' }))
      return
    }
    const isKept = (origin: OriginId, sequence: Sequence): boolean =>
      isAmong(live.get(origin), sequence) || this.#keptMarks.has(origin, sequence)
    const outcome = await this.#storage.compact(floor, isKept)
    this.#logger.debug('compacted', { ...outcome })
    this.#loop.enqueue({ kind: 'compacted' })
  }

  /** Tells whether all of it could be looked at: what a disk does not read now may hold what is to be kept. */
  async #lookAt(parts: readonly LogPart[]): Promise<boolean> {
    try {
      for (const { origin, sequences } of parts)
        for (let start = 0; start < sequences.length; start += lookedAtOnce) {
          const some = sequences.slice(start, start + lookedAtOnce)
          this.#keptMarks.looked({ origin, sequences: some }, await this.#storage.readUpdates(origin, some))
        }
      return true
    } catch (error) {
      if (!(error instanceof QuintetError) || error.code !== 'DISK_FAILED') throw error
      this.#logger.error('the log could not be read, so nothing of it is discarded', { ...error.failure })
      return false
    }
  }
}

/** For a quick next start; without it the log has everything. */
export const writeLastSnapshot = async (
  { storage, logger }: Pick<WorkOptions, 'storage' | 'logger'>,
  core: ReplicaCore,
): Promise<void> => {
  try {
    const image = core.state.image()
    await storage.writeSnapshot({ vector: image.vector, chunks: snapshotChunks(image) })
  } catch (error) {
    logger.error('the last snapshot could not be written; the log has everything', { error: String(error) })
  }
}

/** Binary search. */
const isAmong = (sequences: Float64Array | undefined, sequence: Sequence): boolean => {
  if (sequences === undefined) return false
  let low = 0
  let high = sequences.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sequences[middle] ?? Infinity) < sequence) low = middle + 1
    else high = middle
  }
  return sequences[low] === sequence
}
