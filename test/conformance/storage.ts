import { afterEach, describe, expect, test } from 'vitest'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { Damage, SnapshotFile, Storage } from '../../replica/host/ports.ts'
import { LogMaker, range, sequencesOf, spansOf, updatesOf, wholeOf } from './storage-fixture.ts'

/** A disk under test. */
export interface StorageUnderTest {
  /** As a process that starts has it; the one before is closed, or dead. */
  open(): Promise<Storage>
  /** Tears off the last record of a log, as a power cut in the middle of its writing does. The storage is closed. */
  tearLast(origin: OriginId): Promise<void>
  /** Spoils the record that holds an update. The storage is closed. */
  damage(origin: OriginId, sequence: Sequence): Promise<void>
  /** The storage is closed. */
  spoilNewestSnapshot(): Promise<void>
  remove(): Promise<void>
}

const unlimited = 1_000_000_000

/** What every implementation of the port `Storage` must do. */
export function describeStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`${name} as storage`, () => {
    const removals: (() => Promise<void>)[] = []
    afterEach(async () => {
      for (const remove of removals.splice(0)) await remove()
    })

    const setUp = async () => {
      const disk = await make()
      let storage = await disk.open()
      removals.push(async () => {
        await storage.close().catch(() => undefined)
        await disk.remove()
      })
      const first = await storage.recover()
      const one = new LogMaker(1)
      return {
        one,
        two: new LogMaker(2),
        first,
        get storage() {
          return storage
        },
        /** A process ends, `between` happens to its disk, another one starts. */
        restart: async (between: (disk: StorageUnderTest) => Promise<void> = () => Promise.resolve()) => {
          await storage.close()
          await between(disk)
          storage = await disk.open()
          return storage.recover()
        },
      }
    }

    const damageTo = (storage: Storage): Damage[] => {
      const found: Damage[] = []
      storage.onDamage((damage) => found.push(damage))
      return found
    }

    test('a new disk is empty', async () => {
      const { first } = await setUp()
      expect(first).toEqual({ snapshot: null, suffix: [], highest: new Map(), damage: [], repairs: [] })
    })

    test('what was appended is there after a restart, in order, of every origin', async () => {
      const at = await setUp()
      const batches = [at.one.batch(3), at.two.batch(1), at.one.batch(2), at.two.batch(4)]
      await at.storage.append(batches.slice(0, 3))
      await at.storage.append(batches.slice(3))
      const found = await at.restart()
      for (const { origin } of [at.one, at.two]) {
        const own = batches.filter((batch) => batch.origin === origin)
        expect(found.suffix.filter((batch) => batch.origin === origin)).toEqual(own)
      }
      expect(found.highest).toEqual(new Map([at.one, at.two].map(({ origin, last }) => [origin, last])))
      expect(found.damage).toEqual([])
      expect(found.repairs).toEqual([])
    })

    test('a log goes on after a restart', async () => {
      const at = await setUp()
      const before = at.one.batch(2)
      await at.storage.append([before])
      await at.restart()
      const after = at.one.batch(2)
      await at.storage.append([after])
      expect(await at.storage.readBatches(at.one.origin, 0, unlimited)).toEqual([before, after])
      expect((await at.restart()).suffix).toEqual([before, after])
    })

    test('a forged mail is still known as forged after a restart', async () => {
      const at = await setUp()
      const batch = at.one.batchWithForged()
      expect(batch.updates[1]?.change.kind).toBe('forged')
      await at.storage.append([batch])
      expect((await at.restart()).suffix).toEqual([batch])
      expect(await at.storage.readUpdates(at.one.origin, [1, 2])).toEqual(batch.updates)
    })

    test('a batch that straddles the snapshot is part of the suffix', async () => {
      const at = await setUp()
      const batches = at.one.batches(4, 5)
      await at.storage.append(batches)
      await at.storage.writeSnapshot({ vector: new Map([[at.one.origin, 12]]), chunks: ['{}'] })
      expect(spansOf((await at.restart()).suffix)).toEqual(spansOf(batches.slice(2)))
    })

    test('ranges are read by bytes, from the batch that holds what is asked', async () => {
      const at = await setUp()
      const batches = at.one.batches(10, 10)
      await at.storage.append(batches)
      const size = batches[0]!.bytes.length
      const { origin } = at.one
      expect(spansOf(await at.storage.readBatches(origin, 0, size * 3.5))).toEqual(spansOf(batches.slice(0, 3)))
      expect(spansOf(await at.storage.readBatches(origin, 25, size * 2.5))).toEqual(spansOf(batches.slice(2, 4)))
      expect(spansOf(await at.storage.readBatches(origin, 30, 1))).toEqual(spansOf(batches.slice(3, 4)))
      expect(await at.storage.readBatches(origin, 100, unlimited)).toEqual([])
      expect(await at.storage.readBatches(at.two.origin, 0, unlimited)).toEqual([])
    })

    test('single updates are read in the order asked, and what is not held is left out', async () => {
      const at = await setUp()
      const batches = [at.one.batch(10), ...at.one.batches(5, 1)]
      await at.storage.append(batches)
      const { origin } = at.one
      const [fourteen, three, seven] = [14, 3, 7].map((sequence) => updatesOf(batches)[sequence - 1]!)
      expect(await at.storage.readUpdates(origin, [14, 3, 99, 7])).toEqual([fourteen, three, seven])
      expect(await at.storage.missing(origin, [3, 14, 16, 99])).toEqual([16, 99])
      expect(await at.storage.missing(at.two.origin, [1])).toEqual([1])
    })

    test('a log of many segments is read as one', async () => {
      const at = await setUp()
      const batches = at.one.batches(25, 100, 0)
      for (let start = 0; start < 25; start += 5) await at.storage.append(batches.slice(start, start + 5))
      const { origin } = at.one
      const check = async () => {
        expect(spansOf(await at.storage.readBatches(origin, 0, unlimited))).toEqual(spansOf(batches))
        const asked = [1, 999, 1_000, 1_001, 1_002, 2_400, 2_500]
        expect(sequencesOf(await at.storage.readUpdates(origin, asked))).toEqual(asked)
        expect(await at.storage.missing(origin, range(1, 2_501))).toEqual([2_501])
      }
      await check()
      expect(spansOf((await at.restart()).suffix)).toEqual(spansOf(batches))
      await check()
    })

    test('the newest snapshot is found; of three, the oldest is dropped', async () => {
      const at = await setUp()
      const snapshots = [1, 2, 3].map((sequence): SnapshotFile => ({
        vector: new Map([[at.one.origin, sequence]]),
        chunks: [`{"a":"ü ${sequence}"}`, 'second \u2028 "chunk"', '\n\\\t\u0001', '"\\'.repeat(1_000)],
      }))
      for (const snapshot of snapshots) await at.storage.writeSnapshot(snapshot)
      expect(wholeOf((await at.restart()).snapshot)).toEqual(snapshots[2])
      const found = await at.restart((disk) => disk.spoilNewestSnapshot())
      expect(wholeOf(found.snapshot)).toEqual(snapshots[1])
      expect(found.repairs).toHaveLength(1)
      expect((await at.restart((disk) => disk.spoilNewestSnapshot())).snapshot).toBeNull()
    })

    test('with the snapshot before, the log is read from there', async () => {
      const at = await setUp()
      const batches = at.one.batches(4, 5)
      await at.storage.append(batches)
      for (const sequence of [5, 20]) {
        await at.storage.writeSnapshot({ vector: new Map([[at.one.origin, sequence]]), chunks: ['{}'] })
      }
      expect((await at.restart()).suffix).toEqual([])
      const found = await at.restart((disk) => disk.spoilNewestSnapshot())
      expect(spansOf(found.suffix)).toEqual(spansOf(batches.slice(1)))
    })

    test('compaction keeps what is live and frees the rest', async () => {
      const at = await setUp()
      const batches = at.one.batches(30, 100, 500)
      await at.storage.append(batches)
      const { origin } = at.one
      const isLive = (_: OriginId, sequence: Sequence): boolean => sequence % 10 === 0 || sequence > 2_500
      const full = await at.storage.diskBytes()
      const outcome = await at.storage.compact(new Map([[origin, 2_000]]), isLive)
      expect(outcome.bytesFreed).toBeGreaterThan(full / 2)
      expect(await at.storage.diskBytes()).toBeLessThan(full / 2)
      const check = async () => {
        const asked = range(1, 3_000)
        const held = asked.filter((sequence) => sequence % 10 === 0 || sequence > 2_000)
        expect(await at.storage.missing(origin, held)).toEqual([])
        expect(await at.storage.missing(origin, asked)).toEqual(asked.filter((one) => !held.includes(one)))
        const wanted = [10, 11, 1_990, 2_000, 2_001, 3_000]
        const found = await at.storage.readUpdates(origin, wanted)
        expect(found).toEqual(wanted.filter((one) => one !== 11).map((one) => updatesOf(batches)[one - 1]))
        expect(await at.storage.readBatches(origin, 0, unlimited)).toEqual([])
        expect(await at.storage.readBatches(origin, 1_500, unlimited)).toEqual([])
        expect(spansOf(await at.storage.readBatches(origin, 2_000, unlimited))).toEqual(spansOf(batches.slice(20)))
      }
      await check()
      await at.storage.writeSnapshot({ vector: new Map([[origin, 2_500]]), chunks: ['{}'] })
      const found = await at.restart()
      expect(spansOf(found.suffix)).toEqual(spansOf(batches.slice(25)))
      expect(found.damage).toEqual([])
      await check()
    })

    test('compaction of what is wholly dead leaves nothing, and the log goes on', async () => {
      const at = await setUp()
      await at.storage.append(at.one.batches(15, 100, 0))
      const floor = new Map([[at.one.origin, at.one.last]])
      await at.storage.compact(floor, () => false)
      expect(await at.storage.missing(at.one.origin, [1, 1_500])).toEqual([1, 1_500])
      await at.storage.writeSnapshot({ vector: floor, chunks: ['{}'] })
      const next = at.one.batch(2)
      await at.storage.append([next])
      const found = await at.restart()
      expect(spansOf(found.suffix)).toEqual(spansOf([next]))
      expect(found.highest).toEqual(new Map([[at.one.origin, next.last]]))
    })

    test('compacting again what is live only changes nothing', async () => {
      const at = await setUp()
      await at.storage.append(at.one.batches(3, 10))
      const floor = new Map([[at.one.origin, 30]])
      const isLive = (_: OriginId, sequence: Sequence): boolean => sequence % 2 === 0
      await at.storage.compact(floor, isLive)
      const outcome = await at.storage.compact(floor, isLive)
      expect(outcome).toEqual({ segmentsRewritten: 0, segmentsDeleted: 0, bytesFreed: 0 })
      expect(await at.storage.missing(at.one.origin, range(1, 30))).toEqual(range(0, 14).map((half) => half * 2 + 1))
    })

    test('a state transfer brings live mails and where the logs go on', async () => {
      const at = await setUp()
      const batches = at.one.batches(12, 10)
      const live = updatesOf(batches.slice(0, 10)).filter(({ sequence }) => sequence % 4 === 0)
      await at.storage.storeUpdates(at.one.origin, live.slice(0, 10))
      await at.storage.storeUpdates(at.one.origin, live.slice(10))
      await at.storage.writeSnapshot({ vector: new Map([[at.one.origin, 100]]), chunks: ['{}'] })
      await at.storage.continueAfter(at.one.origin, 100)
      await at.storage.append(batches.slice(10))
      const found = await at.restart()
      expect(found.suffix).toEqual(batches.slice(10))
      expect(found.damage).toEqual([])
      expect(await at.storage.readUpdates(at.one.origin, sequencesOf(live))).toEqual(live)
      expect(await at.storage.missing(at.one.origin, [4, 5, 8, 100, 101])).toEqual([5])
      expect(await at.storage.readBatches(at.one.origin, 0, unlimited)).toEqual([])
      expect(spansOf(await at.storage.readBatches(at.one.origin, 100, unlimited))).toEqual(spansOf(batches.slice(10)))
    })

    test('a log that goes on after less than it had loses what was beyond, not the older mails', async () => {
      const at = await setUp()
      const batches = at.one.batches(3, 10)
      await at.storage.append(batches)
      await at.storage.writeSnapshot({ vector: new Map([[at.one.origin, 15]]), chunks: ['{}'] })
      await at.storage.continueAfter(at.one.origin, 15)
      expect(await at.storage.missing(at.one.origin, range(1, 30))).toEqual(range(16, 30))
      const found = await at.restart()
      expect(found.suffix).toEqual([])
      expect(found.highest).toEqual(new Map([[at.one.origin, 15]]))
      expect(await at.storage.missing(at.one.origin, range(1, 30))).toEqual(range(16, 30))
    })

    test('batches that come over mails stored before are read whole, wherever a segment of those mails ended', async () => {
      const at = await setUp()
      const { origin } = at.one
      const batches = [...at.one.batches(6, 170, 0), at.one.batch(1, 0)]
      const updates = updatesOf(batches)
      await at.storage.storeUpdates(origin, updates.slice(0, 1_010))
      await at.storage.append(batches)
      const check = async (upTo: Sequence) => {
        const held = range(1, upTo)
        expect(await at.storage.missing(origin, held)).toEqual([])
        expect(sequencesOf(await at.storage.readUpdates(origin, held))).toEqual(held)
        expect(spansOf(await at.storage.readBatches(origin, 1_004, unlimited))).toEqual(spansOf(batches.slice(5)))
      }
      await check(1_021)
      expect((await at.restart()).highest).toEqual(new Map([[origin, 1_021]]))
      await check(1_021)
    })

    test('a log that goes on in the middle of such a batch loses all that was beyond', async () => {
      const at = await setUp()
      const { origin } = at.one
      const batches = at.one.batches(6, 170, 0)
      await at.storage.storeUpdates(origin, updatesOf(batches).slice(0, 1_010))
      await at.storage.append(batches)
      await at.storage.writeSnapshot({ vector: new Map([[origin, 1_005]]), chunks: ['{}'] })
      await at.storage.continueAfter(origin, 1_005)
      const held = range(1, 1_005)
      const check = async () => {
        expect(sequencesOf(await at.storage.readUpdates(origin, range(1, 1_020)))).toEqual(held)
        expect(await at.storage.missing(origin, range(1, 1_020))).toEqual(range(1_006, 1_020))
      }
      await check()
      expect((await at.restart()).highest).toEqual(new Map([[origin, 1_005]]))
      await check()
    })

    test('a torn last record is cut off, told, and does not spoil the next', async () => {
      const at = await setUp()
      const before = at.one.batches(2, 3)
      await at.storage.append(before)
      const torn = await at.restart((disk) => disk.tearLast(at.one.origin))
      expect(torn.suffix).toEqual(before.slice(0, 1))
      expect(torn.repairs).toHaveLength(1)
      expect(torn.damage).toEqual([])
      expect(torn.highest).toEqual(new Map([[at.one.origin, 3]]))
      await at.storage.append(before.slice(1))
      const found = await at.restart()
      expect(found.suffix).toEqual(before)
      expect(found.repairs).toEqual([])
    })

    test('damage in the suffix ends it, is told, and is mended by appending the batches again', async () => {
      const at = await setUp()
      const batches = at.one.batches(4, 5)
      await at.storage.append(batches)
      const found = await at.restart((disk) => disk.damage(at.one.origin, 12))
      expect(spansOf(found.suffix)).toEqual(spansOf(batches.slice(0, 2)))
      expect(found.damage).toMatchObject([{ origin: at.one.origin, first: 11, last: 15 }])
      expect(found.highest).toEqual(new Map([[at.one.origin, 20]]))
      await at.storage.append(batches.slice(2))
      expect(await at.storage.missing(at.one.origin, range(1, 20))).toEqual([])
      expect((await at.restart()).suffix).toEqual(batches)
    })

    test('damage below the snapshot is told by the time that it is read, and mended by storing the mails again', async () => {
      const at = await setUp()
      const batches = at.one.batches(4, 5)
      await at.storage.append(batches)
      await at.storage.writeSnapshot({ vector: new Map([[at.one.origin, 20]]), chunks: ['{}'] })
      const found = await at.restart((disk) => disk.damage(at.one.origin, 7))
      const told = damageTo(at.storage)
      expect(sequencesOf(await at.storage.readUpdates(at.one.origin, [5, 7, 11]))).toEqual([5, 11])
      const damage = [...found.damage, ...told]
      expect(damage).toHaveLength(1)
      const { first, last } = damage[0]!
      expect(first <= 7 && last >= 7).toBe(true)
      expect(await at.storage.missing(at.one.origin, [5, 6, 7, 11])).toEqual([6, 7])
      expect(spansOf(await at.storage.readBatches(at.one.origin, 0, unlimited))).toEqual(spansOf(batches.slice(0, 1)))
      const lost = updatesOf(batches).slice(5, 10)
      await at.storage.storeUpdates(at.one.origin, lost)
      const check = async () => {
        expect(await at.storage.missing(at.one.origin, range(1, 20))).toEqual([])
        expect(await at.storage.readUpdates(at.one.origin, range(6, 10))).toEqual(lost)
      }
      await check()
      expect((await at.restart()).damage).toEqual([])
      await check()
    })

    test('settings are kept, replaced, and not there when never written', async () => {
      const at = await setUp()
      expect(await at.storage.readSetting('pauses')).toBeUndefined()
      await at.storage.writeSetting('pauses', [1])
      await Promise.all([at.storage.writeSetting('pauses', [2, 3]), at.storage.writeSetting('other', { a: 'ä' })])
      await at.restart()
      expect(await at.storage.readSetting('pauses')).toEqual([2, 3])
      expect(await at.storage.readSetting('other')).toEqual({ a: 'ä' })
    })

    test('reading goes on beside writing and compaction', async () => {
      const at = await setUp()
      const { origin } = at.one
      const batches = at.one.batches(30, 50, 0)
      await at.storage.append(batches.slice(0, 25))
      const isLive = (_: OriginId, sequence: Sequence): boolean => sequence % 5 === 0
      const writes = (async () => {
        for (const batch of batches.slice(25)) await at.storage.append([batch])
      })()
      const compaction = at.storage.compact(new Map([[origin, 1_000]]), isLive)
      const live = range(1, 250).map((fifth) => fifth * 5)
      for (let round = 0; round < 10; round++) {
        expect(sequencesOf(await at.storage.readUpdates(origin, live))).toEqual(live)
      }
      await Promise.all([writes, compaction])
      expect(await at.storage.missing(origin, [...live, ...range(1_251, 1_500)])).toEqual([])
    })
  })
}
