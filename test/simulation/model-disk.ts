import type { Hash, OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { SnapshotFile } from '../../replica/host/ports.ts'
import type { Random } from './random.ts'
import { SimLog } from './sim-log.ts'
import { Violation } from './violation.ts'

/** One writing call of the storage port. */
export type DiskWrite =
  | { readonly kind: 'append'; readonly batches: readonly Batch[] }
  | { readonly kind: 'store'; readonly origin: OriginId; readonly updates: readonly Update[] }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotFile }
  | { readonly kind: 'continueAfter'; readonly origin: OriginId; readonly sequence: Sequence }

/** What a start finds. */
interface Found {
  readonly snapshot: SnapshotFile | null
  readonly suffix: readonly Batch[]
  readonly highest: VersionVector
}

/** What the next append must follow on; the hash is not known after a state transfer. */
interface End {
  readonly sequence: Sequence
  readonly hash: Hash | null
}

const keptSnapshots = 2
const longestWriteMs = 1_500

/** How long one write takes. */
export const writeMs = (random: Random): number =>
  random.chance(0.01) ? random.next() * longestWriteMs : random.next() * 8

/**
 * A replica's disk with the two moments that matter told apart: a write is begun, and later it is durable. What is under
 * way when the machine crashes survives in part: any number of whole records of each origin's log.
 */
export class ModelDisk {
  readonly #logs = new Map<OriginId, SimLog>()
  readonly #ends = new Map<OriginId, End>()
  #snapshots: SnapshotFile[] = []
  readonly #underWay = new Set<DiskWrite>()
  readonly #onDamage: (origin: OriginId, sequence: Sequence) => void
  #durable = new Map<OriginId, Sequence>()

  constructor(onDamage: (origin: OriginId, sequence: Sequence) => void) {
    this.#onDamage = onDamage
  }

  /** A copy of what is durable. */
  copy(onDamage: (origin: OriginId, sequence: Sequence) => void): ModelDisk {
    const copy = new ModelDisk(onDamage)
    for (const [origin, log] of this.#logs) copy.#logs.set(origin, log.copy())
    for (const [origin, end] of this.#ends) copy.#ends.set(origin, end)
    copy.#snapshots = [...this.#snapshots]
    copy.#durable = new Map(this.#durable)
    return copy
  }

  /** Every update that is held whole. */
  updates(): readonly Update[] {
    return [...this.#logs.values()].flatMap((log) => log.updates())
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
    const torn = this.#underWay.size
    for (const write of this.#underWay) {
      if (write.kind === 'append') this.#tear(write.batches, random)
      else if (write.kind === 'store')
        this.#apply({ ...write, updates: write.updates.slice(0, random.int(0, write.updates.length)) })
      else if (random.chance(0.5)) this.#apply(write)
    }
    this.#underWay.clear()
    const { snapshot, suffix } = this.recover()
    this.#durable = new Map(snapshot?.vector)
    for (const { origin, last } of suffix) this.#durable.set(origin, last)
    return torn
  }

  recover(): Found {
    const snapshot = this.#snapshots.at(-1) ?? null
    const suffix: Batch[] = []
    const highest = new Map<OriginId, Sequence>()
    for (const origin of new Set([...this.#logs.keys(), ...(snapshot?.vector.keys() ?? [])])) {
      const start = snapshot?.vector.get(origin) ?? 0
      suffix.push(...this.#log(origin).run(start, Infinity).batches)
      // The crash came between an installed state's snapshot and the logs that go on after it.
      if (this.#endOf(origin).sequence < start) this.#ends.set(origin, { sequence: start, hash: null })
      highest.set(origin, Math.max(this.#endOf(origin).sequence, this.#log(origin).last))
    }
    return { snapshot, suffix, highest }
  }

  readBatches(origin: OriginId, after: Sequence, maxBytes: number): readonly Batch[] {
    const { batches, damage } = this.#log(origin).run(after, maxBytes)
    for (let sequence = damage?.first ?? 1; sequence <= (damage?.last ?? 0); sequence += 1)
      this.#onDamage(origin, sequence)
    return batches
  }

  /** Null when it is not held whole. */
  readUpdate(origin: OriginId, sequence: Sequence): Update | null {
    const found = this.#log(origin).read(sequence)
    if (found !== 'damaged') return found
    this.#onDamage(origin, sequence)
    return null
  }

  /** Whether the update could be read, without looking. */
  holds(origin: OriginId, sequence: Sequence): boolean {
    const found = this.#log(origin).read(sequence)
    return found !== null && found !== 'damaged'
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

  /** Returns how many bytes were freed. */
  compact(floor: VersionVector, isLive: (origin: OriginId, sequence: Sequence) => boolean): number {
    let freed = 0
    for (const [origin, log] of this.#logs) {
      const before = log.bytes
      log.compact(floor.get(origin) ?? 0, (sequence) => isLive(origin, sequence))
      freed += before - log.bytes
    }
    return freed
  }

  /** The record that holds the update rots: it is told from whole ones by its checksum when it is read. */
  rot(origin: OriginId, sequence: Sequence): void {
    this.#log(origin).damage(sequence)
  }

  #apply(write: DiskWrite): void {
    switch (write.kind) {
      case 'append':
        for (const batch of write.batches) this.#append(batch)
        break
      case 'store':
        for (const update of write.updates) this.#log(write.origin).store(update)
        break
      case 'snapshot':
        this.#snapshots = [...this.#snapshots, write.snapshot].slice(-keptSnapshots)
        for (const [origin, sequence] of write.snapshot.vector)
          if (sequence > (this.#durable.get(origin) ?? 0)) this.#durable.set(origin, sequence)
        break
      case 'continueAfter':
        this.#log(write.origin).cutAfter(write.sequence)
        this.#ends.set(write.origin, { sequence: write.sequence, hash: null })
    }
  }

  #append(batch: Batch): void {
    const { origin, first, last, previousHash, lastHash } = batch
    const end = this.#endOf(origin)
    if (first !== end.sequence + 1)
      throw new Violation('order', `append of ${origin}:${first} to a log that ends with ${end.sequence}`)
    if (end.hash !== null && previousHash !== end.hash)
      throw new Violation('order', `${origin}:${first} does not follow the chain`)
    this.#log(origin).append(batch)
    this.#ends.set(origin, { sequence: last, hash: lastHash })
    this.#durable.set(origin, last)
  }

  /** Logs are files of their own: of each some records survive. */
  #tear(batches: readonly Batch[], random: Random): void {
    for (const run of Map.groupBy(batches, (batch) => batch.origin).values())
      for (const batch of run.slice(0, random.int(0, run.length))) this.#append(batch)
  }

  #endOf(origin: OriginId): End {
    return this.#ends.get(origin) ?? { sequence: 0, hash: null }
  }

  #log(origin: OriginId): SimLog {
    let log = this.#logs.get(origin)
    if (log === undefined) {
      log = new SimLog()
      this.#logs.set(origin, log)
    }
    return log
  }
}
