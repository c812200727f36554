import { describe, expect, test } from 'vitest'
import { Compaction } from '../../replica/core/compaction.ts'
import { KnowledgeMatrix } from '../../replica/core/knowledge.ts'
import { originId } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'

const tuning = { snapshotUpdates: 100, quietMs: 3_000, quietGain: 10, calmMs: 1_000, patienceMs: 10_000 }
const busy = { nowMs: 0, idleMs: 0, isRush: false, isFetching: false }
const calm = { nowMs: 0, idleMs: 1_000, isRush: false, isFetching: false }
const quiet = { nowMs: 0, idleMs: 3_000, isRush: false, isFetching: false }
const rush = { nowMs: 0, idleMs: 0, isRush: true, isFetching: false }
const origin = originId('1.aaaaaaaa')
const upTo = (sequence: number): VersionVector => new Map([[origin, sequence]])
const start = (): Compaction => new Compaction(new Map(), tuning)

describe('compaction', () => {
  test('writes a snapshot when enough updates came since the last one', () => {
    expect(start().plan(upTo(99), new Map(), 0, calm)).toEqual({ snapshot: null, compact: null })
    expect(start().plan(upTo(100), new Map(), 0, calm)).toEqual({ snapshot: 'due', compact: null })
  })

  test('lets the distance between snapshots grow with the mails', () => {
    expect(start().plan(upTo(190), new Map(), 4_000, calm).snapshot).toBe(null)
    expect(start().plan(upTo(200), new Map(), 4_000, calm).snapshot).toBe('due')
  })

  test('waits for three times as many updates while much comes in', () => {
    const compaction = start()
    expect(compaction.plan(upTo(299), new Map(), 0, rush).snapshot).toBe(null)
    expect(compaction.plan(upTo(300), new Map(), 0, rush).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(300))
    compaction.snapshotWritten(upTo(450))
    expect(compaction.plan(upTo(450), upTo(299), 0, rush).compact).toBe(null)
    expect(compaction.plan(upTo(450), upTo(299), 0, calm).compact).toEqual(upTo(299))
  })

  test('waits for half of the mails while what others have is fetched, also when it has waited for long', () => {
    const fetching = { ...busy, isFetching: true }
    const compaction = start()
    expect(compaction.plan(upTo(299), new Map(), 299, fetching).snapshot).toBe(null)
    expect(compaction.plan(upTo(300), new Map(), 300, fetching).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(1_000))
    expect(compaction.plan(upTo(1_999), new Map(), 1_999, fetching).snapshot).toBe(null)
    expect(compaction.plan(upTo(1_999), new Map(), 1_999, { ...fetching, nowMs: 20_000 }).snapshot).toBe(null)
    expect(compaction.plan(upTo(2_000), new Map(), 2_000, fetching).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(2_000))
    expect(compaction.plan(upTo(2_100), new Map(), 2_100, calm).snapshot).toBe(null)
    expect(compaction.plan(upTo(2_105), new Map(), 2_100, calm).snapshot).toBe('due')
  })

  test('waits for a second in which nothing comes, ten seconds at most, or until it is worth three times as much', () => {
    const at = (nowMs: number, idleMs: number) => ({ nowMs, idleMs, isRush: false, isFetching: false })
    const compaction = start()
    expect(compaction.plan(upTo(100), new Map(), 0, at(5_000, 999)).snapshot).toBe(null)
    expect(compaction.plan(upTo(299), new Map(), 0, at(14_999, 0)).snapshot).toBe(null)
    expect(compaction.plan(upTo(299), new Map(), 0, at(15_000, 0)).snapshot).toBe('due')
    expect(start().plan(upTo(300), new Map(), 0, busy).snapshot).toBe('due')
    expect(start().plan(upTo(100), new Map(), 0, calm).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(300))
    compaction.snapshotWritten(upTo(350))
    expect(compaction.plan(upTo(350), upTo(100), 0, at(15_100, 999)).compact).toBe(null)
    expect(compaction.plan(upTo(350), upTo(100), 0, at(15_200, 1_000)).compact).toEqual(upTo(100))
  })

  test('waits anew for each time that something is due', () => {
    const at = (nowMs: number) => ({ nowMs, idleMs: 0, isRush: false, isFetching: false })
    const compaction = start()
    compaction.plan(upTo(100), new Map(), 0, at(0))
    expect(compaction.plan(upTo(100), new Map(), 0, at(10_000)).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(100))
    expect(compaction.plan(upTo(150), new Map(), 0, at(15_000)).snapshot).toBe(null)
    expect(compaction.plan(upTo(200), new Map(), 0, at(16_000)).snapshot).toBe(null)
    expect(compaction.plan(upTo(200), new Map(), 0, at(25_999)).snapshot).toBe(null)
    expect(compaction.plan(upTo(200), new Map(), 0, at(26_000)).snapshot).toBe('due')
  })

  test('discards nothing until both snapshots were written after what an earlier version kept was understood', () => {
    const compaction = start()
    compaction.snapshotWritten(upTo(150))
    compaction.snapshotWritten(upTo(300))
    compaction.understood()
    expect(compaction.plan(upTo(300), upTo(300), 0, calm)).toEqual({ snapshot: 'due', compact: null })
    compaction.snapshotWritten(upTo(300))
    expect(compaction.plan(upTo(399), upTo(399), 0, calm)).toEqual({ snapshot: null, compact: null })
    compaction.snapshotWritten(upTo(400))
    expect(compaction.plan(upTo(400), upTo(400), 0, calm).compact).toEqual(upTo(300))
  })

  test('discards only what is stable and what the older of two snapshots covers', () => {
    const compaction = start()
    compaction.snapshotWritten(upTo(150))
    expect(compaction.plan(upTo(200), upTo(200), 0, calm).compact).toBe(null)
    compaction.snapshotWritten(upTo(300))
    expect(compaction.plan(upTo(300), upTo(120), 0, calm).compact).toEqual(upTo(120))
    compaction.compacted()
    expect(compaction.plan(upTo(300), upTo(300), 0, calm).compact).toBe(null)
  })

  test('uses a quiet hour for smaller gains', () => {
    const compaction = start()
    expect(compaction.plan(upTo(20), upTo(20), 0, calm).snapshot).toBe(null)
    expect(compaction.plan(upTo(20), upTo(20), 0, quiet).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(20))
    expect(compaction.plan(upTo(20), upTo(20), 0, quiet).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(20))
    expect(compaction.plan(upTo(20), upTo(20), 0, quiet).compact).toEqual(upTo(20))
    compaction.compacted()
    expect(compaction.plan(upTo(20), upTo(20), 0, quiet)).toEqual({ snapshot: null, compact: null })
  })

  test('writes no more in a quiet hour than a large state is worth, and as ever where much has come', () => {
    const at = (nowMs: number) => ({ ...quiet, nowMs })
    const compaction = start()
    expect(compaction.plan(upTo(20), upTo(20), 0, at(0)).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(20), 3_000_000)
    expect(compaction.plan(upTo(40), upTo(40), 0, at(149_999)).snapshot).toBe(null)
    expect(compaction.plan(upTo(120), upTo(120), 0, at(149_999)).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(120), 3_000_000)
    compaction.plan(upTo(120), upTo(120), 0, at(150_000))
    compaction.compacted()
    expect(compaction.plan(upTo(140), upTo(140), 0, at(299_998)).snapshot).toBe(null)
    expect(compaction.plan(upTo(140), upTo(140), 0, at(299_999)).snapshot).toBe('due')
    compaction.snapshotWritten(upTo(140), 50_000)
    compaction.plan(upTo(140), upTo(140), 0, at(300_000))
    compaction.compacted()
    expect(compaction.plan(upTo(169), upTo(169), 0, at(300_000)).snapshot).toBe(null)
    expect(compaction.plan(upTo(170), upTo(170), 0, at(300_000)).snapshot).toBe('due')
  })

  test('counts the mails that are gone, of which one update may delete many', () => {
    const compaction = start()
    compaction.snapshotWritten(upTo(20))
    compaction.snapshotWritten(upTo(20))
    expect(compaction.plan(upTo(20), upTo(20), 18, quiet).compact).toEqual(upTo(20))
    compaction.compacted()
    expect(compaction.plan(upTo(21), upTo(21), 9, quiet).compact).toBe(null)
    expect(compaction.plan(upTo(21), upTo(21), 8, quiet).compact).toEqual(upTo(20))
    compaction.compacted()
    expect(compaction.plan(upTo(21), upTo(21), 8, quiet)).toEqual({ snapshot: null, compact: null })
  })

  test('does one thing at a time', () => {
    const compaction = start()
    expect(compaction.plan(upTo(500), new Map(), 0, calm).snapshot).toBe('due')
    expect(compaction.plan(upTo(900), upTo(900), 0, calm)).toEqual({ snapshot: null, compact: null })
  })

  test('waits for the seat that holds least', () => {
    const matrix = new KnowledgeMatrix()
    const [one, two] = [originId('1.aaaaaaaa'), originId('2.bbbbbbbb')]
    matrix.mergeRow(one, upTo(500))
    expect(matrix.stable([one, two])).toEqual(new Map())
    matrix.raise(two, origin, 40)
    expect(matrix.stable([one, two])).toEqual(upTo(40))
  })
})
