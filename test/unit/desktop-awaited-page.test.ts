import { expect, test } from 'vitest'
import { AwaitedPage } from '../../electron/window/awaited-page.ts'
import { ManualClock } from '../support/manual-clock.ts'

const refused = async (): Promise<never> => Promise.reject(new Error('net::ERR_ABORTED'))
const loaded = async (): Promise<void> => undefined

/** A page whose loads end as `ends` say; `missed` is how often it was said not to have come. */
const pageThat = (ends: readonly (() => Promise<void>)[]) => {
  const clock = new ManualClock()
  const seen = { loads: 0, missed: 0 }
  const page = new AwaitedPage({
    load: () => {
      seen.loads += 1
      return (ends[seen.loads - 1] ?? loaded)()
    },
    missing: () => (seen.missed += 1),
    after: (delayMs, act) => clock.after(delayMs, act),
  })
  return { page, clock, seen }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a page whose load fails is said to be missing, once and not at once', async () => {
  const { page, clock, seen } = pageThat([refused])
  page.load()
  await settled()
  expect(seen).toEqual({ loads: 1, missed: 0 })
  clock.move(1_000)
  expect(seen).toEqual({ loads: 1, missed: 1 })
  clock.move(600_000)
  expect(seen).toEqual({ loads: 1, missed: 1 })
})

test('a page that is loaded and asks for nothing is missing after 20 s, one that asks is not', async () => {
  const blank = pageThat([loaded])
  blank.page.load()
  await settled()
  blank.clock.move(19_000)
  expect(blank.seen.missed).toBe(0)
  blank.clock.move(1_000)
  expect(blank.seen.missed).toBe(1)

  const there = pageThat([loaded])
  there.page.load()
  there.page.isThere()
  there.clock.move(600_000)
  expect(there.seen.missed).toBe(0)
})

test('a load that another one has overtaken is not waited for', async () => {
  const { page, clock, seen } = pageThat([refused, loaded])
  page.load()
  page.load()
  await settled()
  page.isThere()
  clock.move(600_000)
  expect(seen).toEqual({ loads: 2, missed: 0 })
})
