import type { ClockPort } from '../host/ports.ts'

/** The machine's wall clock and timers. */
export const systemClock: ClockPort = {
  nowMs: () => Date.now(),
  every: (intervalMs, task) => {
    const timer = setInterval(task, intervalMs)
    return () => {
      clearInterval(timer)
    }
  },
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs)
    return () => {
      clearTimeout(timer)
    }
  },
}
