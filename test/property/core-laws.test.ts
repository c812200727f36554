import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AntiEntropy } from '../../replica/core/anti-entropy.ts'
import { HybridClock, maxDriftMs } from '../../replica/core/hybrid-clock.ts'
import { KnowledgeMatrix } from '../../replica/core/knowledge.ts'
import { KnowledgeTelling } from '../../replica/core/knowledge-telling.ts'
import type { Hash, OriginId, PeerId } from '../../replica/core/model/ids.ts'
import { hash, peerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { KnowledgeRows, VersionVector } from '../../replica/core/model/messages.ts'
import { SteadyTime } from '../../replica/core/moment.ts'
import { covers, heldFrom, meetVectors, raise } from '../../replica/core/version-vector.ts'
import { origins } from './core-histories.ts'

const vector: fc.Arbitrary<VersionVector> = fc
  .array(fc.tuple(fc.constantFrom(...origins), fc.integer({ min: 1, max: 9 })))
  .map((entries) => new Map(entries))
const rows: fc.Arbitrary<KnowledgeRows> = fc
  .array(fc.tuple(fc.constantFrom(...origins), vector))
  .map((entries) => new Map(entries))
const wallMs = fc.integer({ min: 0, max: 2_000_000_000_000 })

const plain = (entries: ReadonlyMap<OriginId, VersionVector>): unknown =>
  Object.fromEntries([...entries].map(([holder, row]) => [holder, Object.fromEntries(row)]))

const merged = (...all: readonly KnowledgeRows[]): unknown => {
  const matrix = new KnowledgeMatrix()
  for (const [holder, row] of all.flatMap((one) => [...one])) matrix.mergeRow(holder, row)
  return plain(matrix.rows())
}

describe('knowledge', () => {
  test('merges the same whatever the order, the grouping and the repetitions', () => {
    fc.assert(
      fc.property(rows, rows, rows, (one, two, three) => {
        expect(merged(one, two, three)).toEqual(merged(three, one, two, one))
      }),
    )
  })

  test('of two vectors: their merge covers both, both cover their meet', () => {
    fc.assert(
      fc.property(vector, vector, (one, two) => {
        const all = new Map(one)
        expect(raise(all, two)).toBe(!covers(one, two))
        const common = meetVectors(one, two)
        expect(covers(all, one) && covers(all, two)).toBe(true)
        expect(covers(one, common) && covers(two, common)).toBe(true)
        for (const origin of origins)
          expect(heldFrom(common, origin)).toBe(Math.min(heldFrom(one, origin), heldFrom(two, origin)))
      }),
    )
  })

  test('is stable exactly where every holder has it', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const matrix = new KnowledgeMatrix()
        for (const [holder, row] of all) matrix.mergeRow(holder, row)
        const stable = matrix.stable(origins)
        for (const origin of origins)
          expect(heldFrom(stable, origin)).toBe(
            Math.min(...origins.map((holder) => heldFrom(matrix.row(holder), origin))),
          )
      }),
    )
  })
})

describe('the hybrid clock', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('next' as const), nowMs: wallMs }),
    fc.record({ kind: fc.constant('observe' as const), nowMs: wallMs, remote: wallMs.map((ms) => ms * 1_000) }),
  )

  test('only grows, whatever the wall clock does and others tell', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new HybridClock()
        let given = 0
        for (const one of steps) {
          if (one.kind === 'observe') {
            clock.observe(one.remote, one.nowMs)
            expect(clock.last).toBeGreaterThanOrEqual(Math.min(one.remote, (one.nowMs + maxDriftMs) * 1_000))
          } else {
            const value = clock.next(one.nowMs)
            expect(value).toBeGreaterThan(given)
            expect(value).toBeGreaterThanOrEqual(one.nowMs * 1_000)
            given = value
          }
        }
      }),
    )
  })

  test('is pulled along by another by no more than the drift allowed', () => {
    fc.assert(
      fc.property(wallMs, wallMs, (nowMs, remoteMs) => {
        const clock = new HybridClock()
        clock.observe(remoteMs * 1_000, nowMs)
        expect(clock.next(nowMs)).toBeLessThanOrEqual((nowMs + maxDriftMs) * 1_000 + 1)
      }),
    )
  })
})

test('steady time never goes back and passes as the wall clock does between its jumps back', () => {
  fc.assert(
    fc.property(fc.array(wallMs, { minLength: 1 }), (times) => {
      const steady = new SteadyTime()
      let before: { readonly wallMs: number; readonly steadyMs: number } | null = null
      for (const time of times) {
        const now = steady.at(time)
        if (before !== null) expect(now.steadyMs - before.steadyMs).toBe(Math.max(0, time - before.wallMs))
        before = now
      }
    }),
  )
})

test('whoever was told everything once and hears the rest knows what there is to tell after each round', () => {
  const change = fc.record({
    holder: fc.constantFrom(...origins),
    row: vector,
    occasion: fc.constantFrom('news', 'round'),
    afterMs: fc.integer({ min: 0, max: 4_000 }),
  })
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const own = origins[0]!
      const telling = new KnowledgeTelling(own)
      const matrix = new Map<OriginId, VersionVector>([[own, new Map()]])
      const hashes = new Map<OriginId, Hash>()
      const heard = { rows: new Map<OriginId, VersionVector>(), hashes: new Map<OriginId, Hash>() }
      let nowMs = 0
      let messages = 0
      const tell = (occasion: 'news' | 'round'): void => {
        const all = { rows: new Map(matrix), hashes: new Map(hashes) }
        const told = telling.next(nowMs, occasion, () => all, matrix.get(own) ?? new Map())
        for (const [holder, row] of told.rows) heard.rows.set(holder, row)
        for (const [origin, value] of told.hashes) heard.hashes.set(origin, value)
        expect(heard.rows.get(own)).toEqual(matrix.get(own))
        if (occasion === 'round') expect(heard).toEqual({ rows: matrix, hashes })
      }
      tell('round')
      for (const { holder, row, occasion, afterMs } of changes) {
        matrix.set(holder, row)
        hashes.set(holder, hash(`hash ${(messages += 1)}`))
        nowMs += afterMs
        tell(occasion)
      }
    }),
  )
})

describe('anti-entropy', () => {
  const holders = fc
    .array(vector, { minLength: 1, maxLength: 4 })
    .map((all) =>
      all.map((row, index) => ({ peer: peerId(`peer ${index}`), origin: origins[index % 3] ?? origins[0]!, row })),
    )

  test('asks for each missing range once, of one that holds most of those that have not enough to do', () => {
    fc.assert(
      fc.property(vector, holders, (held, all) => {
        const asked = new AntiEntropy().plan(0, held, all, 'merge')
        const load = (peer: PeerId): number => asked.filter(({ to }) => to === peer).length
        expect(new Set(asked.map(({ message }) => message.origin)).size).toBe(asked.length)
        for (const { to, message } of asked) {
          const { origin, after } = message
          expect(after).toBe(heldFrom(held, origin))
          expect(load(to)).toBeLessThanOrEqual(2)
          const given = heldFrom(all.find(({ peer }) => peer === to)?.row ?? new Map(), origin)
          for (const { peer, row } of all) if (load(peer) < 2) expect(heldFrom(row, origin)).toBeLessThanOrEqual(given)
        }
        const left = origins.filter((origin) => asked.every(({ message }) => message.origin !== origin))
        for (const { peer, row } of all)
          for (const origin of left) if (heldFrom(row, origin) > heldFrom(held, origin)) expect(load(peer)).toBe(2)
      }),
    )
  })

  test('fetches everything, however long answers take, with requests that are within their limits', () => {
    const answerMs = fc.array(fc.integer({ min: 1, max: 8_000 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(holders, answerMs, (all, takes) => {
        const antiEntropy = new AntiEntropy()
        const held = new Map<OriginId, number>()
        const waiting: {
          readonly dueMs: number
          readonly to: PeerId
          readonly id: number
          readonly origin: OriginId
        }[] = []
        for (let [nowMs, asked] = [0, 0]; nowMs < 300_000; nowMs += 250) {
          for (const { to, id, origin } of waiting.filter(({ dueMs }) => dueMs === nowMs)) {
            const theirs = heldFrom(all.find(({ peer }) => peer === to)?.row ?? new Map(), origin)
            const brings = theirs > heldFrom(held, origin)
            if (brings) held.set(origin, heldFrom(held, origin) + 1)
            antiEntropy.answered(nowMs, to, id, brings ? 'some' : 'none')
          }
          for (const { to, message } of antiEntropy.plan(nowMs, held, all, 'merge')) {
            expect(message.maxBytes).toBeGreaterThanOrEqual(16_384)
            expect(message.maxBytes).toBeLessThanOrEqual(limits.chunkBytes)
            const takesMs = takes[asked++ % takes.length] ?? 1
            waiting.push({ dueMs: nowMs + Math.ceil(takesMs / 250) * 250, to, id: message.id, origin: message.origin })
          }
        }
        for (const { row } of all) expect(covers(held, row)).toBe(true)
      }),
    )
  })

  test('asks nothing twice while it waits, and another holder after it waited in vain', () => {
    fc.assert(
      fc.property(vector, holders, (held, all) => {
        const antiEntropy = new AntiEntropy()
        const first = antiEntropy.plan(0, held, all, 'merge')
        expect(antiEntropy.plan(1, held, all, 'merge')).toEqual([])
        const again = antiEntropy.plan(6_000, held, all, 'merge')
        for (const { to, message } of again)
          expect(first.some((one) => one.message.origin === message.origin && one.to === to)).toBe(false)
      }),
    )
  })
})
