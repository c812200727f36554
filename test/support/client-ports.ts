import { randomBytes } from 'node:crypto'

import type { ClockPort } from '../../replica/host/ports.ts'

/** The machine's own clock and chance, for tests whose subject is neither. */
export const systemTestClock: ClockPort = {
  nowMs: () => Date.now(),
  every: (intervalMs, task) => {
    const timer = setInterval(task, intervalMs)
    return () => clearInterval(timer)
  },
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
}

export const testRandom = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
