import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { SnapshotFile, Storage } from '../../replica/host/ports.ts'
import { LogMaker, updatesOf } from '../conformance/storage-fixture.ts'

/** What is known of a storage at one moment of the scenario. */
export interface Promised {
  /** Of each origin the last update that was acknowledged, and the last that may be there. */
  readonly acknowledged: ReadonlyMap<OriginId, Sequence>
  readonly begun: ReadonlyMap<OriginId, Sequence>
  /** Up to here what is not live may be gone. */
  readonly floors: ReadonlyMap<OriginId, Sequence>
  /** How many of the snapshots given were acknowledged, and how many begun. */
  readonly snapshots: readonly [acknowledged: number, begun: number]
  /** The versions of the setting. */
  readonly settings: readonly [acknowledged: number, begun: number]
  /** Mails of a state transfer that were acknowledged. */
  readonly stored: ReadonlySet<Sequence>
}

const bytesLong = 2_000

/** What one machine's storage goes through, each step acknowledged before the next. `given` is all that it was ever given. */
export class Scenario {
  readonly given = new Map<OriginId, Map<Sequence, Update>>()
  readonly snapshots: SnapshotFile[] = []
  readonly own = new LogMaker(1)
  readonly other = new LogMaker(2)
  /** Comes by state transfer. */
  readonly transferred = new LogMaker(3)
  /** Writes at first, so that its segment is compacted. */
  readonly quiet = new LogMaker(4)
  /** The same, and nothing of it stays live. */
  readonly spent = new LogMaker(5)
  /** By origin, ascending. */
  readonly batches = new Map<OriginId, readonly Batch[]>()
  readonly #moments: { readonly operation: number; readonly promised: Promised }[] = []
  #now: Promised = {
    acknowledged: new Map(),
    begun: new Map(),
    floors: new Map(),
    snapshots: [0, 0],
    settings: [0, 0],
    stored: new Set(),
  }
  #countOperations: () => number = () => 0

  /** What holds at a crash before the operation of this place. */
  promisedAt(operation: number): Promised {
    return this.#moments.findLast((moment) => moment.operation <= operation)?.promised ?? this.#now
  }

  /** Every third update is dead when it is compacted. */
  readonly isLive = (origin: OriginId, sequence: Sequence): boolean =>
    origin !== this.spent.origin && sequence % 3 !== 0

  /** `big`: so much that segments are full, and fewer other things. */
  async run(open: () => Promise<Storage>, size: 'small' | 'big', countOperations: () => number): Promise<void> {
    this.#countOperations = countOperations
    this.#note({})
    let storage = await open()
    await storage.recover()
    await this.#setting(storage)
    await this.#append(storage, [this.quiet.batch(4), this.spent.batch(3)])
    await this.#append(storage, [this.quiet.batch(3), this.spent.batch(1)])
    if (size === 'big') {
      await this.#fillSegments(storage)
      await this.#overtake(storage)
    }
    for (let round = 0; round < 3; round += 1) {
      await this.#append(storage, [this.own.batch(2), this.other.batch(1)])
      await this.#append(storage, [this.own.batch(1, bytesLong)])
      await this.#append(storage, [this.other.batch(4), this.own.batch(3)])
      await this.#snapshot(storage)
      await this.#setting(storage)
      if (round > 0) await this.#compact(storage)
      if (round === 1) {
        await this.#transfer(storage)
        await storage.close()
        storage = await open()
        await storage.recover()
      }
    }
    await this.#append(storage, [this.own.batch(1), this.other.batch(1), this.transferred.batch(2)])
    await storage.close()
  }

  #note(change: Partial<Promised>): void {
    this.#now = { ...this.#now, ...change }
    this.#moments.push({ operation: this.#countOperations(), promised: this.#now })
  }

  async #append(storage: Storage, batches: readonly Batch[]): Promise<void> {
    const ends = batches.map(({ origin, last }) => [origin, last] as const)
    this.#give(updatesOf(batches))
    for (const batch of batches) this.batches.set(batch.origin, [...(this.batches.get(batch.origin) ?? []), batch])
    this.#note({ begun: new Map([...this.#now.begun, ...ends]) })
    await storage.append(batches)
    this.#note({ acknowledged: new Map([...this.#now.acknowledged, ...ends]) })
  }

  /** One origin gets more than one segment, the first of which is covered by a snapshot. */
  async #fillSegments(storage: Storage): Promise<void> {
    for (let count = 0; count < 5; count += 1) await this.#append(storage, [this.other.batch(250, 10)])
  }

  async #snapshot(storage: Storage): Promise<void> {
    const [done, begun] = this.#now.snapshots
    const chunks = [`snapshot ${begun + 1}`, 'x'.repeat(bytesLong)]
    const snapshot = { vector: new Map(this.#now.acknowledged), chunks }
    this.snapshots.push(snapshot)
    this.#note({ snapshots: [done, begun + 1] })
    await storage.writeSnapshot(snapshot)
    this.#note({ snapshots: [begun + 1, begun + 1] })
  }

  /** As far as the older of the two kept snapshots covers. */
  async #compact(storage: Storage): Promise<void> {
    const floor = this.snapshots.at(-2)?.vector ?? new Map<OriginId, Sequence>()
    this.#note({ floors: new Map([...this.#now.floors, ...floor]) })
    await storage.compact(floor, this.isLive)
  }

  async #setting(storage: Storage): Promise<void> {
    const [done, begun] = this.#now.settings
    this.#note({ settings: [done, begun + 1] })
    await storage.writeSetting('pauses', { version: begun + 1 })
    this.#note({ settings: [begun + 1, begun + 1] })
  }

  /** Live mails that a transfer brings fill a segment and begin the next; then their batches come after all, one of them over that border. */
  async #overtake(storage: Storage): Promise<void> {
    const batches = this.transferred.batches(7, 240, 10)
    await this.#store(storage, updatesOf(batches))
    await this.#append(storage, batches.slice(0, 5))
    await this.#append(storage, batches.slice(5))
  }

  /** A log of which only live mails came, and that goes on after them. */
  async #transfer(storage: Storage): Promise<void> {
    const { origin } = this.transferred
    await this.#store(storage, updatesOf(this.transferred.batches(4, 5)))
    const { acknowledged, snapshots } = this.#now
    const end = this.transferred.last
    const vector = new Map([...acknowledged, [origin, end]])
    this.snapshots.push({ vector, chunks: [`snapshot ${snapshots[1] + 1}`] })
    this.#note({ snapshots: [snapshots[0], snapshots[1] + 1] })
    await storage.writeSnapshot({ vector, chunks: [`snapshot ${snapshots[1] + 1}`] })
    this.#note({ snapshots: [snapshots[1] + 1, snapshots[1] + 1] })
    await storage.continueAfter(origin, end)
    this.#note({ acknowledged: vector })
  }

  /** Those of them that are live, as a transfer does. */
  async #store(storage: Storage, updates: readonly Update[]): Promise<void> {
    const { origin, last } = this.transferred
    const live = updates.filter(({ sequence }) => this.isLive(origin, sequence))
    this.#give(updates)
    // What is dead does not come, and of the live mails it is `stored` that tells which are promised.
    const floors = new Map([...this.#now.floors, [origin, last]])
    this.#note({ begun: new Map([...this.#now.begun, [origin, last]]), floors })
    await storage.storeUpdates(origin, live)
    this.#note({ stored: new Set([...this.#now.stored, ...live.map(({ sequence }) => sequence)]) })
  }

  #give(updates: readonly Update[]): void {
    for (const update of updates) {
      const log = this.given.get(update.origin) ?? new Map<Sequence, Update>()
      this.given.set(update.origin, log.set(update.sequence, update))
    }
  }
}
