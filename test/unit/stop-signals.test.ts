import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { onStopSignals } from '../../replica/stop-signals.ts'

describe('a process that is asked to stop', () => {
  const signals = ['SIGTERM', 'SIGINT'] as const
  const exit = vi.spyOn(process, 'exit')
  let before: readonly (readonly NodeJS.SignalsListener[])[] = []

  beforeEach(() => {
    before = signals.map((signal) => process.listeners(signal))
    for (const signal of signals) process.removeAllListeners(signal)
    vi.useFakeTimers({ toFake: ['performance'] })
    exit.mockReset()
    exit.mockImplementation(() => undefined as never)
  })

  afterEach(() => {
    vi.useRealTimers()
    signals.forEach((signal, index) => {
      process.removeAllListeners(signal)
      for (const listener of before[index] ?? []) process.on(signal, listener)
    })
  })

  test('stops once, however often it is told, and ends at once only for who presses Ctrl-C again', () => {
    const stop = vi.fn()
    onStopSignals(signals, stop)
    process.emit('SIGINT')
    process.emit('SIGINT')
    vi.advanceTimersByTime(900)
    process.emit('SIGTERM')
    process.emit('SIGINT')
    vi.advanceTimersByTime(60_000)
    process.emit('SIGTERM')
    expect(stop).toHaveBeenCalledTimes(1)
    expect(exit).not.toHaveBeenCalled()
    process.emit('SIGINT')
    expect(stop).toHaveBeenCalledTimes(1)
    expect(exit).toHaveBeenCalledExactlyOnceWith(130)
  })
})
