import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

export interface SystemLock {
  release(): void
}

/** What SQLite says when another process has the lock. */
const busy = 5

/**
 * Takes `path`, a file that is made for it, for this process, by a lock that the system itself keeps and that ends with the
 * process. It also holds against processes whose ids mean nothing here, of another container or another machine. `taken`: one
 * of those has it; null where there are no such locks. Node has them in its SQLite alone.
 */
export const lockBySystem = (path: string): SystemLock | 'taken' | null => {
  const held = tryToHold(path)
  if (held !== 'busy') return held
  // There are file systems on other machines that say so of every lock.
  const other = `${path}.${randomBytes(8).toString('hex')}`
  const areThereLocks = tryToHold(other)
  if (areThereLocks !== null && areThereLocks !== 'busy') areThereLocks.release()
  rmSync(other, { force: true })
  return areThereLocks === 'busy' ? null : 'taken'
}

const tryToHold = (path: string): SystemLock | 'busy' | null => {
  let database: DatabaseSync | null = null
  try {
    // SQLite would make one that all users of the machine can read, and so hold as well.
    closeSync(openSync(path, 'a', 0o600))
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite')
    database = new Database(path)
    // Nothing is ever written: the file stays empty.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    const holding = database
    return { release: () => holding.close() }
  } catch (error) {
    database?.close()
    return error instanceof Error && 'errcode' in error && error.errcode === busy ? 'busy' : null
  }
}
