import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gathering } from '../../renderer/base/gathering.ts'

const gatheringMs = 100

describe('gathering calls', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('carries out a single call', () => {
    const work = vi.fn()
    gathering(work, gatheringMs)()
    expect(work).not.toHaveBeenCalled()
    vi.advanceTimersByTime(gatheringMs)
    expect(work).toHaveBeenCalledTimes(1)
  })

  it('carries out many calls at once, and those that come later at their time', () => {
    const work = vi.fn()
    const call = gathering(work, gatheringMs)
    for (let count = 0; count < 10; count += 1) call()
    vi.advanceTimersByTime(gatheringMs)
    expect(work).toHaveBeenCalledTimes(1)
    call()
    vi.advanceTimersByTime(gatheringMs - 1)
    expect(work).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1)
    expect(work).toHaveBeenCalledTimes(2)
  })
})
