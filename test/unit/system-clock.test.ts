import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../replica/drivers/system-clock.ts'

const intervalMs = 250

describe('what comes again and again', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('comes together with what else comes in that interval, and never too early', () => {
    const came: string[] = []
    const stopFirst = systemClock.every(intervalMs, () => came.push('first'))
    vi.advanceTimersByTime(intervalMs - 10)
    const stopSecond = systemClock.every(intervalMs, () => came.push('second'))
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(10)
    expect(came).toEqual(['first'])
    vi.advanceTimersByTime(intervalMs)
    expect(came).toEqual(['first', 'first', 'second'])
    stopFirst()
    vi.advanceTimersByTime(intervalMs)
    expect(came).toEqual(['first', 'first', 'second', 'second'])
    stopSecond()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not come any more when another one has ended it, and may be given twice', () => {
    const came: string[] = []
    const task = (): void => {
      came.push('twice')
    }
    const stops = [systemClock.every(intervalMs, task), systemClock.every(intervalMs, task)]
    vi.advanceTimersByTime(intervalMs * 2)
    expect(came).toHaveLength(3)
    for (const stop of stops) stop()
    const ended: (() => void)[] = []
    stops.push(systemClock.every(intervalMs, () => ended.splice(0).forEach((end) => end())))
    const added = systemClock.every(intervalMs, task)
    ended.push(added)
    vi.advanceTimersByTime(intervalMs * 3)
    expect(came).toHaveLength(3)
    for (const stop of stops) stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
