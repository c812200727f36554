import type { ClockPort } from '../host/ports.ts'

/** What is done in one interval, all at once. What has been added since the last time waits for the next but one: nothing is done too early. */
interface Beat {
  readonly tasks: Map<() => void, 'added' | 'due'>
  readonly timer: NodeJS.Timeout
}

const beats = new Map<number, Beat>()

/**
 * The machine's wall clock and timers. What comes again and again in one interval comes together, the first time after up to two
 * intervals: a process that has hardly anything to do pays more for waking up than for what it then does.
 */
export const systemClock: ClockPort = {
  nowMs: () => Date.now(),
  every: (intervalMs, task) => {
    const present = beats.get(intervalMs)
    const beat = present ?? begin(intervalMs)
    // The same function may be given twice.
    const own = (): void => {
      task()
    }
    beat.tasks.set(own, present === undefined ? 'due' : 'added')
    return () => {
      beat.tasks.delete(own)
      if (beat.tasks.size > 0 || beats.get(intervalMs) !== beat) return
      clearInterval(beat.timer)
      beats.delete(intervalMs)
    }
  },
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs)
    return () => {
      clearTimeout(timer)
    }
  },
}

const begin = (intervalMs: number): Beat => {
  const tasks: Beat['tasks'] = new Map()
  const timer = setInterval(() => {
    for (const [task, state] of [...tasks]) {
      // One of them may have ended another.
      if (!tasks.has(task)) continue
      if (state === 'added') tasks.set(task, 'due')
      else task()
    }
  }, intervalMs)
  const beat = { tasks, timer }
  beats.set(intervalMs, beat)
  return beat
}
