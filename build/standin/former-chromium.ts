import { readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as rest } from 'node:timers/promises'

const endsWithinMs = 10_000
const lookMs = 25

/**
 * Fulfilled when the Chromium of an app that was killed has ended, which it does by itself a moment later: a new one would hand its
 * window to it, and end. One that hangs is killed.
 */
export const formerEnded = async (profile: string, withinMs = endsWithinMs): Promise<void> => {
  const deadlineMs = performance.now() + withinMs
  for (let holder = holderOf(profile); holder !== null; holder = holderOf(profile)) {
    if (performance.now() > deadlineMs && !kill(holder)) return
    await rest(lookMs)
  }
}

/** Whether there was something to kill. */
const kill = (holder: number): boolean => {
  try {
    return process.kill(holder, 'SIGKILL')
  } catch {
    return false
  }
}

/** The process that Chromium's own lock on the profile names, if it is one that uses it. */
const holderOf = (profile: string): number | null => {
  try {
    const pid = Number(/-(\d+)$/u.exec(readlinkSync(path.join(profile, 'SingletonLock')))?.[1])
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return command.includes(`--user-data-dir=${profile}`) ? pid : null
  } catch {
    return null
  }
}
