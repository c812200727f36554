import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchNetwork } from '../../electron/system/network-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('connections are looked after when the machine wakes up and when its addresses change, and not otherwise', () => {
  let addresses = '192.168.1.7'
  let wakeUp = (): void => undefined
  let redialled = 0
  watchNetwork(() => (redialled += 1), {
    addresses: () => addresses,
    onWakeUp: (woken) => {
      wakeUp = woken
    },
  })
  vi.advanceTimersByTime(60_000)
  expect(redialled).toBe(0)
  addresses = '10.0.0.4'
  vi.advanceTimersByTime(2_000)
  expect(redialled).toBe(1)
  vi.advanceTimersByTime(60_000)
  expect(redialled).toBe(1)
  wakeUp()
  expect(redialled).toBe(2)
})
