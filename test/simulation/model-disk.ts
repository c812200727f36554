import type { Hash, OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { SnapshotFile } from '../../replica/host/ports.ts'
import type { Random } from './random.ts'
import { Violation } from './violation.ts'

/** One writing call of the storage port. */
export type DiskWrite =
  | { readonly kind: 'append'; readonly batches: readonly Batch[] }
  | { readonly kind: 'store'; readonly origin: OriginId; readonly updates: readonly Update[] }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotFile }
  | { readonly kind: 'continueAfter'; readonly origin: OriginId; readonly sequence: Sequence }

interface Log {
  /** By first sequence, ascending. */
  batches: Batch[]
  /** Live mails that stand alone: kept by compaction, or come by transfer or repair. */
  readonly singles: Map<Sequence, Update>
  /** What the next append must follow on. */
  end: Sequence
  endHash: Hash | null
}

const keptSnapshots = 2

/**
 * A replica's disk with the two moments that matter told apart: a write is begun, and later it is durable. What is under
 * way when the machine crashes survives in part: any number of whole records of each origin's log.
 */
export class ModelDisk {
  readonly #logs = new Map<OriginId, Log>()
  #snapshots: SnapshotFile[] = []
  readonly #underWay = new Set<DiskWrite>()
  /** Single records that rotted. */
  readonly #rotten = new Set<string>()
  readonly #onDamage: (origin: OriginId, sequence: Sequence) => void
  #durable = new Map<OriginId, Sequence>()

  constructor(onDamage: (origin: OriginId, sequence: Sequence) => void) {
    this.#onDamage = onDamage
  }

  /** What this disk holds without a gap, now. */
  get durable(): VersionVector {
    return this.#durable
  }

  get isWriting(): boolean {
    return this.#underWay.size > 0
  }

  begin(write: DiskWrite): void {
    this.#underWay.add(write)
  }

  commit(write: DiskWrite): void {
    this.#underWay.delete(write)
    this.#apply(write)
  }

  /** Power is gone. Returns how many writes were torn. */
  crash(random: Random): number {
    let torn = 0
    for (const write of this.#underWay) {
      torn += 1
      if (write.kind === 'append') this.#tear(write.batches, random)
      else if (write.kind === 'store')
        this.#apply({ ...write, updates: write.updates.slice(0, random.int(0, write.updates.length)) })
      else if (random.chance(0.5)) this.#apply(write)
    }
    this.#underWay.clear()
    this.#recount()
    return torn
  }

  recover(): {
    readonly snapshot: SnapshotFile | null
    readonly suffix: readonly Batch[]
    readonly highest: VersionVector
  } {
    const snapshot = this.#snapshots.at(-1) ?? null
    const suffix: Batch[] = []
    const highest = new Map<OriginId, Sequence>()
    for (const origin of new Set([...this.#logs.keys(), ...(snapshot?.vector.keys() ?? [])])) {
      const log = this.#log(origin)
      const start = snapshot?.vector.get(origin) ?? 0
      suffix.push(...runFrom(log, start))
      // The crash came between an installed state's snapshot and the logs that go on after it.
      if (log.end < start) {
        log.end = start
        log.endHash = null
      }
      highest.set(origin, Math.max(log.end, ...log.singles.keys()))
    }
    return { snapshot, suffix, highest }
  }

  readBatches(origin: OriginId, after: Sequence, maxBytes: number): readonly Batch[] {
    const log = this.#logs.get(origin)
    if (log === undefined) return []
    const chosen: Batch[] = []
    let bytes = 0
    for (const batch of runFrom(log, after)) {
      if (chosen.length > 0 && bytes + batch.bytes.length > maxBytes) break
      const rotten = batch.updates.find((update) => this.#rotten.has(nameOf(origin, update.sequence)))
      if (rotten !== undefined) {
        this.#onDamage(origin, rotten.sequence)
        break
      }
      chosen.push(batch)
      bytes += batch.bytes.length
    }
    return chosen
  }

  /** Null when it is not held whole. */
  readUpdate(origin: OriginId, sequence: Sequence): Update | null {
    const update = this.#find(origin, sequence)
    if (update === null || !this.#rotten.has(nameOf(origin, sequence))) return update
    this.#onDamage(origin, sequence)
    return null
  }

  /** Whether the update could be read, without looking. */
  holds(origin: OriginId, sequence: Sequence): boolean {
    return this.#find(origin, sequence) !== null && !this.#rotten.has(nameOf(origin, sequence))
  }

  missing(origin: OriginId, sequences: readonly Sequence[]): readonly Sequence[] {
    return sequences.filter((sequence) => !this.holds(origin, sequence))
  }

  /** The vector that the older kept snapshot is at; null when there is no such snapshot. */
  get olderSnapshot(): VersionVector | null {
    return this.#snapshots.length < keptSnapshots ? null : (this.#snapshots[0]?.vector ?? null)
  }

  get newestSnapshot(): VersionVector | null {
    return this.#snapshots.at(-1)?.vector ?? null
  }

  /** Returns how many updates were discarded. */
  compact(floor: VersionVector, isLive: (origin: OriginId, sequence: Sequence) => boolean): number {
    let discarded = 0
    for (const [origin, log] of this.#logs) {
      const limit = floor.get(origin) ?? 0
      const kept: Batch[] = []
      for (const batch of log.batches) {
        const live =
          batch.last <= limit ? batch.updates.filter(({ sequence }) => isLive(origin, sequence)) : batch.updates
        if (live.length === batch.updates.length) kept.push(batch)
        else for (const update of live) log.singles.set(update.sequence, update)
        discarded += batch.updates.length - live.length
      }
      log.batches = kept
      for (const sequence of log.singles.keys()) {
        if (sequence > limit || isLive(origin, sequence)) continue
        log.singles.delete(sequence)
        discarded += 1
      }
    }
    return discarded
  }

  /** A record rots: it is told from whole ones by its checksum when it is read. */
  rot(origin: OriginId, sequence: Sequence): void {
    this.#rotten.add(nameOf(origin, sequence))
  }

  #find(origin: OriginId, sequence: Sequence): Update | null {
    const log = this.#logs.get(origin)
    if (log === undefined) return null
    const single = log.singles.get(sequence)
    if (single !== undefined) return single
    let low = 0
    let high = log.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((log.batches[middle]?.last ?? 0) < sequence) low = middle + 1
      else high = middle
    }
    const batch = log.batches[low]
    return batch?.updates[sequence - batch.first] ?? null
  }

  #apply(write: DiskWrite): void {
    switch (write.kind) {
      case 'append':
        for (const batch of write.batches) this.#append(batch)
        break
      case 'store':
        for (const update of write.updates) {
          this.#log(write.origin).singles.set(update.sequence, update)
          this.#rotten.delete(nameOf(write.origin, update.sequence))
        }
        break
      case 'snapshot':
        this.#snapshots = [...this.#snapshots, write.snapshot].slice(-keptSnapshots)
        for (const [origin, sequence] of write.snapshot.vector)
          if (sequence > (this.#durable.get(origin) ?? 0)) this.#durable.set(origin, sequence)
        break
      case 'continueAfter': {
        const log = this.#log(write.origin)
        log.end = write.sequence
        log.endHash = null
      }
    }
  }

  #append(batch: Batch): void {
    const log = this.#log(batch.origin)
    if (batch.first !== log.end + 1)
      throw new Violation('order', `append of ${batch.origin}:${batch.first} to a log that ends with ${log.end}`)
    if (log.endHash !== null && batch.previousHash !== log.endHash)
      throw new Violation('order', `${batch.origin}:${batch.first} does not follow the chain`)
    log.batches.push(batch)
    log.end = batch.last
    log.endHash = batch.lastHash
    this.#durable.set(batch.origin, batch.last)
  }

  #tear(batches: readonly Batch[], random: Random): void {
    const byOrigin = Map.groupBy(batches, (batch) => batch.origin)
    for (const run of byOrigin.values())
      for (const batch of run.slice(0, random.int(0, run.length))) this.#append(batch)
  }

  #log(origin: OriginId): Log {
    let log = this.#logs.get(origin)
    if (log === undefined) {
      log = { batches: [], singles: new Map(), end: 0, endHash: null }
      this.#logs.set(origin, log)
    }
    return log
  }

  #recount(): void {
    const { snapshot, suffix } = this.recover()
    this.#durable = new Map(snapshot?.vector)
    for (const { origin, last } of suffix) this.#durable.set(origin, last)
  }
}

/** Whole batches from the one that holds `after + 1`, without a gap. */
const runFrom = (log: Log, after: Sequence): readonly Batch[] => {
  const run: Batch[] = []
  let next = after + 1
  for (const batch of log.batches) {
    const follows = run.length === 0 ? batch.first <= next && next <= batch.last : batch.first === next
    if (follows) {
      run.push(batch)
      next = batch.last + 1
    } else if (run.length > 0 || batch.first > next) {
      break
    }
  }
  return run
}

const nameOf = (origin: OriginId, sequence: Sequence): string => `${origin}:${sequence}`
