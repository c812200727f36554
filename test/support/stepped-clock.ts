/** A clock that goes on in steps of 50 ms, when it is told to. */
export const steppedClock = () => {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly task: () => void }>()
  const clock = {
    nowMs: () => nowMs,
    every: () => () => undefined,
    after: (delayMs: number, task: () => void) => {
      const timer = { atMs: nowMs + delayMs, task }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const runTo = async (endMs: number): Promise<void> => {
    for (; nowMs <= endMs; nowMs += 50) {
      for (const timer of timers) if (timer.atMs <= nowMs && timers.delete(timer)) timer.task()
      await new Promise((turn) => setImmediate(turn))
    }
  }
  return { clock, runTo }
}
