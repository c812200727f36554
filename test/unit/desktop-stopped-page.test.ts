import { expect, test } from 'vitest'
import { type StoppablePage, StoppedPage } from '../../electron/window/stopped-page.ts'

/** A window before a person, who answers with `answers`; `done` is what became of it. */
const shownPage = (answers: readonly ('load' | 'quit' | 'close')[], changes: Partial<StoppablePage> = {}) => {
  const clock = { nowMs: 0 }
  const done: string[] = []
  const left = [...answers]
  const stopped = new StoppedPage({
    isSeen: () => true,
    load: () => done.push('load'),
    close: () => done.push('close'),
    quit: () => done.push('quit'),
    ask: async () => {
      done.push('ask')
      return left.shift() ?? 'close'
    },
    nowMs: () => clock.nowMs,
    ...changes,
  })
  return { stopped, done, clock }
}

const stopTimes = async (stopped: StoppedPage, times: number): Promise<void> => {
  for (let time = 0; time < times; time += 1) {
    stopped.stopped()
    await Promise.resolve()
    await Promise.resolve()
  }
}

test('a page that stops at each load is loaded three times, and then the person is asked', async () => {
  const { stopped, done } = shownPage(['load', 'quit'])
  await stopTimes(stopped, 4)
  expect(done).toEqual(['load', 'load', 'load', 'ask', 'load'])
  await stopTimes(stopped, 4)
  expect(done.slice(5)).toEqual(['load', 'load', 'load', 'ask', 'quit'])
})

test('a page that stops now and then is loaded each time', async () => {
  const { stopped, done, clock } = shownPage([])
  for (let hour = 0; hour < 20; hour += 1) {
    clock.nowMs = hour * 3_600_000
    await stopTimes(stopped, 3)
  }
  expect(done).toEqual(Array.from({ length: 60 }, () => 'load'))
})

test('a window that nobody looks at is taken away without a word, and so is one about which nothing can be asked', async () => {
  const hidden = shownPage([], { isSeen: () => false })
  await stopTimes(hidden.stopped, 4)
  expect(hidden.done).toEqual(['load', 'load', 'load', 'close'])
  const mute = shownPage([], { ask: () => Promise.reject(new Error('no display')) })
  await stopTimes(mute.stopped, 4)
  await expect.poll(() => mute.done).toEqual(['load', 'load', 'load', 'close'])
})
