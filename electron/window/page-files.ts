import { readFile } from 'node:fs/promises'
import { setTimeout as rest } from 'node:timers/promises'

/** No file can be opened now, and soon one can. */
const passing: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EINTR', 'EBUSY'])
const restMs = 100
const attemptsMost = 50

/**
 * A file of the page, whose script or style the window could not do without; null when there is none. A machine that has no more files to
 * open is waited for, for 5 s.
 */
export const readPageFile = async (
  file: string,
  read: (file: string) => Promise<Buffer> = (name) => readFile(name),
): Promise<Buffer | null> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read(file)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null
      if (!passing.has(code) || attempt >= attemptsMost) throw error
    }
    await rest(restMs)
  }
}
