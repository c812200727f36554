import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { copyScenarios } from './copy-scenarios.ts'
import { deviationsAt, run } from './explore.ts'
import { mailScenarios } from './mail-scenarios.ts'
import type { Planted } from './worker.ts'

const seed = 1

test('a scenario goes the same way whenever the same goes wrong, and another way otherwise', () => {
  const scenario = mailScenarios['mail across a split']
  const { moments } = run(scenario, [], seed)
  expect(moments.length).toBeGreaterThan(100)
  const plan = [
    { moment: 60, option: 'late' },
    { moment: 90, option: 'cut' },
  ] as const
  const [one, two] = [run(scenario, plan, seed, 'all'), run(scenario, plan, seed, 'all')]
  expect(two.lines).toEqual(one.lines)
  expect(one.lines.filter((line) => line.includes('deviation'))).toHaveLength(2)
  expect(run(scenario, plan.slice(1), seed).course).not.toBe(one.course)
})

test('whoever was let in by a machine that got an old copy back is let in by the others, whenever that was', () => {
  const scenario = copyScenarios['let in by an old copy']
  const { moments } = run(scenario, [], seed)
  // Until its state has come.
  const comes = moments.findIndex(({ text }) => text().includes('state request'))
  const restored = deviationsAt(moments, comes, comes + 40).filter(({ option }) => option === 'restore-alone')
  expect(restored.length).toBeGreaterThan(5)
  for (const deviation of restored) expect(run(scenario, [deviation], seed).failed).toBe(null)
})

/** The check that finds the planted bug, if one does. */
const findsOut = (planted: Planted): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: planted })
    worker.on('error', reject)
    worker.on('message', resolve)
  })

test.each([
  ['a promised seat is given once more', 'two claim one seat', 50, 'promised seat'],
  ['marks on a fork are left out', 'old copy that is written to', 100, 'deleted stays deleted'],
])('exploration finds that %s', async (plant, scenario, from, check) => {
  expect(await findsOut({ plant, scenario, from, until: from + 30 })).toBe(check)
})
