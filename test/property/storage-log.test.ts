import { rm } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Sequence } from '../../replica/core/model/ids.ts'
import { LogMaker, range, sequencesOf, spansOf, updatesOf } from '../conformance/storage-fixture.ts'
import { makeDirectory, openStorage } from '../conformance/storage-files.ts'

// Small segments, so that a short log has many of them and batches come to stand across their borders.
vi.mock(import('../../replica/core/model/limits.ts'), async (original) => {
  const { limits } = await original()
  return { limits: Object.assign(limits, { segmentUpdates: 12, batchUpdates: 16 }) }
})

const log = new LogMaker(1)
const { origin } = log
const batches = [3, 16, 1, 9, 16, 16, 2, 7, 1, 1, 14, 16, 5, 12, 1, 16, 8, 16].map((updates) => log.batch(updates, 0))
const updates = updatesOf(batches)
const ends = [0, ...batches.map(({ last }) => last)]

/** What happens to a log: numbers choose where, and what of it. */
type Step =
  | { readonly do: 'store'; readonly from: number; readonly count: number; readonly every: number }
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'continue'; readonly at: number }
  | { readonly do: 'cut'; readonly back: number }
  | { readonly do: 'die'; readonly every: number; readonly rest: number }
  | { readonly do: 'compact' | 'restart' }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('store' as const),
      from: fc.nat(updates.length - 1),
      count: fc.integer({ min: 1, max: 60 }),
      every: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ do: fc.constant('continue' as const), at: fc.nat(ends.length - 1) }),
    fc.record({ do: fc.constant('cut' as const), back: fc.nat(20) }),
    fc.record({ do: fc.constant('die' as const), every: fc.integer({ min: 2, max: 4 }), rest: fc.nat(3) }),
    fc.record({ do: fc.constantFrom('compact' as const, 'restart' as const) }),
  ),
  { minLength: 4, maxLength: 14 },
)

/** Where a log has got to, and what of it must be held. */
class Model {
  clock: Sequence = 0
  readonly held = new Set<Sequence>()
  readonly dead = new Set<Sequence>()
  /** Batches are read from here on: what is before came as mails, or has been compacted. */
  whole: Sequence = 0

  isLive = (sequence: Sequence): boolean => !this.dead.has(sequence)

  get live(): readonly Sequence[] {
    return range(1, updates.length).filter((sequence) => this.held.has(sequence) && this.isLive(sequence))
  }

  cut(sequence: Sequence): void {
    for (const beyond of this.held) if (beyond > sequence) this.held.delete(beyond)
    this.clock = sequence
    this.whole = sequence
  }
}

test('of a log every live mail is found, wherever its segments end, whatever came as mails, as batches, or as both', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (happenings) => {
      const directory = await makeDirectory()
      const model = new Model()
      let storage = await openStorage(directory)
      await storage.recover()
      try {
        for (const step of happenings) {
          if (step.do === 'restart') {
            await storage.writeSnapshot({ vector: new Map([[origin, model.clock]]), chunks: ['{}'] })
            await storage.close()
            storage = await openStorage(directory)
            const { highest, damage } = await storage.recover()
            expect(damage).toEqual([])
            expect(highest.get(origin) ?? 0).toBeGreaterThanOrEqual(Math.max(0, ...model.live))
          } else await carryOut(storage, model, step)
          await check(storage, model)
        }
      } finally {
        await storage.close()
        await rm(directory, { recursive: true })
      }
    }),
    { numRuns: 150 },
  )
}, 120_000)

async function carryOut(
  storage: Awaited<ReturnType<typeof openStorage>>,
  model: Model,
  step: Exclude<Step, { readonly do: 'restart' }>,
): Promise<void> {
  if (step.do === 'store') {
    const mails = updates.slice(step.from, step.from + step.count).filter((_, index) => index % step.every === 0)
    await storage.storeUpdates(origin, mails)
    for (const { sequence } of mails) model.held.add(sequence)
  } else if (step.do === 'append') {
    const next = batches.filter(({ last }) => last > model.clock).slice(0, step.count)
    await storage.append(next)
    for (const { sequence } of updatesOf(next)) model.held.add(sequence)
    model.clock = next.at(-1)?.last ?? model.clock
  } else if (step.do === 'continue') {
    const end = ends[step.at] ?? 0
    if (end < model.clock) return
    await storage.continueAfter(origin, end)
    model.cut(end)
  } else if (step.do === 'cut') {
    const end = Math.max(0, model.clock - step.back)
    await storage.continueAfter(origin, end)
    model.cut(end)
  } else if (step.do === 'die') {
    for (let sequence = 1; sequence <= model.clock; sequence++) {
      if (sequence % step.every === step.rest) model.dead.add(sequence)
    }
  } else {
    await storage.compact(new Map([[origin, model.clock]]), (_, sequence) => model.isLive(sequence))
    for (const sequence of model.dead) model.held.delete(sequence)
    model.whole = model.clock
  }
}

async function check(storage: Awaited<ReturnType<typeof openStorage>>, model: Model): Promise<void> {
  const { live } = model
  expect(await storage.missing(origin, live)).toEqual([])
  const read = await storage.readUpdates(origin, live)
  expect(sequencesOf(read)).toEqual(live)
  expect(read.every((update) => Buffer.compare(update.bytes, updates[update.sequence - 1]!.bytes) === 0)).toBe(true)
  const whole = batches.filter(({ first, last }) => first > model.whole && last <= model.clock)
  const found = await storage.readBatches(origin, (whole[0]?.first ?? model.clock + 1) - 1, Infinity)
  expect(spansOf(found).slice(0, whole.length)).toEqual(spansOf(whole))
}
