import { QuintetError } from '../../replica/core/model/errors.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { CompactionOutcome, Damage, Recovered, SnapshotFile, Storage } from '../../replica/host/ports.ts'
import { SimLog } from './sim-log.ts'

/** What of the writes under way survives a crash: nothing, all of it, or as much of each as chance will have. */
export type Tear = 'nothing' | 'everything' | 'some'

interface Generation {
  readonly snapshot: SnapshotFile
  isWhole: boolean
}

interface Content {
  readonly logs: Map<OriginId, SimLog>
  generations: Generation[]
  readonly settings: Map<string, string>
}

/** A write that has begun. Its parts are records: whole or not at all. */
interface Write {
  readonly parts: readonly ((content: Content) => void)[]
}

/** A disk as it was at one time. */
export interface DiskCopy {
  readonly content: Content
}

const generationsKept = 2

/**
 * A disk in memory, for a simulated machine. What is on it survives `crash`; `open` is what a process that starts on the
 * machine has of it. Its promises wait for nothing but `hold`, and chance comes from `random` (from 0, below 1).
 */
export class SimDisk {
  readonly #random: () => number
  #content: Content = emptyContent()
  #process = 0
  #underWay: Write[] = []
  #held: Promise<void> | null = null
  #isFull = false

  constructor(random: () => number) {
    this.#random = random
  }

  get isWriting(): boolean {
    return this.#underWay.length > 0
  }

  /** The storage of a process that starts now; that of an earlier one fails from now on. */
  open(): Storage {
    this.#process += 1
    return new SimStorage(this, this.#process)
  }

  /** Writes that begin from now on become durable only after the returned function has been called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const held: Promise<void> = promise
    this.#held = held
    return () => {
      if (this.#held === held) this.#held = null
      resolve(undefined)
    }
  }

  /** The machine stops: promises of writes under way are never fulfilled. */
  crash(tear: Tear): void {
    this.#process += 1
    this.#held = null
    for (const { parts } of this.#underWay) {
      const survivors = { nothing: 0, everything: parts.length, some: Math.floor(this.#random() * (parts.length + 1)) }
      for (const part of parts.slice(0, survivors[tear])) part(this.#content)
    }
    this.#underWay = []
  }

  wipe(): void {
    this.#content = emptyContent()
  }

  copy(): DiskCopy {
    return { content: copyOf(this.#content) }
  }

  restore(copy: DiskCopy): void {
    this.#content = copyOf(copy.content)
  }

  /** From now on writes fail with DISK_FULL. */
  fill(): void {
    this.#isFull = true
  }

  makeRoom(): void {
    this.#isFull = false
  }

  /** Spoils the records that hold `sequence`. */
  damage(origin: OriginId, sequence: Sequence): void {
    this.#content.logs.get(origin)?.damage(sequence)
  }

  /** Loses the last record of a log, as a write that was torn off does. */
  tearLast(origin: OriginId): void {
    this.#content.logs.get(origin)?.tearLast()
  }

  spoilNewestSnapshot(): void {
    const newest = this.#content.generations.at(-1)
    if (newest !== undefined) newest.isWhole = false
  }

  /** For `SimStorage`: the content, if `process` is the one that runs. */
  contentFor(process: number): Content {
    if (process !== this.#process) throw new QuintetError('STOPPED', 'The machine has stopped.')
    return this.#content
  }

  /** For `SimStorage`. */
  async write(process: number, parts: Write['parts']): Promise<void> {
    this.contentFor(process)
    if (this.#isFull) throw new QuintetError('DISK_FULL', 'The disk is full.')
    const write = { parts }
    this.#underWay.push(write)
    await this.#held
    if (!this.#underWay.includes(write)) return new Promise(() => undefined)
    this.#underWay = this.#underWay.filter((other) => other !== write)
    for (const part of parts) part(this.#content)
  }
}

class SimStorage implements Storage {
  readonly #disk: SimDisk
  readonly #process: number
  readonly #listeners: ((damage: Damage) => void)[] = []

  constructor(disk: SimDisk, process: number) {
    this.#disk = disk
    this.#process = process
  }

  async recover(): Promise<Recovered> {
    const content = this.#content
    const repairs: string[] = []
    const newest = content.generations.findLast(({ isWhole }) => isWhole)
    const broken = content.generations.filter(({ isWhole }) => !isWhole)
    content.generations = content.generations.filter(({ isWhole }) => isWhole)
    for (const { snapshot } of broken) repairs.push(`a snapshot of ${snapshot.vector.size} origins was broken`)
    const suffix: Batch[] = []
    const damage: Damage[] = []
    const highest = new Map<OriginId, Sequence>()
    for (const [origin, log] of content.logs) {
      const torn = log.cutTorn()
      if (torn > 0) repairs.push(`${torn} torn records of ${origin} were cut off`)
      if (log.last === 0) continue
      const run = log.suffix(newest?.snapshot.vector.get(origin) ?? 0)
      suffix.push(...run.batches)
      if (run.damage !== null) damage.push({ origin, ...run.damage })
      highest.set(origin, log.last)
    }
    return { snapshot: newest?.snapshot ?? null, suffix, highest, damage, repairs }
  }

  append(batches: readonly Batch[]): Promise<void> {
    return this.#write(batches.map((batch) => (content) => logOf(content, batch.origin).append(batch)))
  }

  async readBatches(origin: OriginId, after: Sequence, maxBytes: number): Promise<readonly Batch[]> {
    const run = this.#content.logs.get(origin)?.run(after, maxBytes)
    if (run === undefined) return []
    if (run.damage !== null) this.#report({ origin, ...run.damage })
    return run.batches
  }

  async readUpdates(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Update[]> {
    const log = this.#content.logs.get(origin)
    const updates: Update[] = []
    for (const sequence of log === undefined ? [] : sequences) {
      const found = log?.read(sequence) ?? null
      if (found === 'damaged') this.#report({ origin, first: sequence, last: sequence, reason: 'damaged' })
      else if (found !== null) updates.push(found)
    }
    return updates
  }

  storeUpdates(origin: OriginId, updates: readonly Update[]): Promise<void> {
    return this.#write(updates.map((update) => (content) => logOf(content, origin).store(update)))
  }

  async missing(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Sequence[]> {
    const log = this.#content.logs.get(origin)
    return sequences.filter((sequence) => {
      const found = log?.read(sequence) ?? null
      return found === null || found === 'damaged'
    })
  }

  writeSnapshot(snapshot: SnapshotFile): Promise<void> {
    return this.#write([
      (content) => {
        content.generations = [...content.generations, { snapshot, isWhole: true }].slice(-generationsKept)
      },
    ])
  }

  async compact(
    floor: VersionVector,
    isLive: (origin: OriginId, sequence: Sequence) => boolean,
  ): Promise<CompactionOutcome> {
    const bytesBefore = await this.diskBytes()
    let segmentsRewritten = 0
    await this.#write([
      (content) => {
        for (const [origin, log] of content.logs) {
          if (log.compact(floor.get(origin) ?? 0, (sequence) => isLive(origin, sequence))) segmentsRewritten += 1
        }
      },
    ])
    return { segmentsRewritten, segmentsDeleted: 0, bytesFreed: bytesBefore - (await this.diskBytes()) }
  }

  continueAfter(origin: OriginId, sequence: Sequence): Promise<void> {
    return this.#write([(content) => content.logs.get(origin)?.cutAfter(sequence)])
  }

  async readSetting(name: string): Promise<unknown> {
    const text = this.#content.settings.get(name)
    return text === undefined ? undefined : JSON.parse(text)
  }

  writeSetting(name: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value)
    return this.#write([(content) => void content.settings.set(name, text)])
  }

  onDamage(listener: (damage: Damage) => void): void {
    this.#listeners.push(listener)
  }

  async diskBytes(): Promise<number> {
    return [...this.#content.logs.values()].reduce((sum, log) => sum + log.bytes, 0)
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  get #content(): Content {
    return this.#disk.contentFor(this.#process)
  }

  #write(parts: Write['parts']): Promise<void> {
    return this.#disk.write(this.#process, parts)
  }

  #report(damage: Damage): void {
    for (const listener of this.#listeners) listener(damage)
  }
}

const emptyContent = (): Content => ({ logs: new Map(), generations: [], settings: new Map() })

/** Records are never changed, so copies share them. */
const copyOf = ({ logs, generations, settings }: Content): Content => ({
  logs: new Map([...logs].map(([origin, log]) => [origin, log.copy()])),
  generations: generations.map((generation) => ({ ...generation })),
  settings: new Map(settings),
})

function logOf(content: Content, origin: OriginId): SimLog {
  const known = content.logs.get(origin)
  if (known !== undefined) return known
  const log = new SimLog()
  content.logs.set(origin, log)
  return log
}
