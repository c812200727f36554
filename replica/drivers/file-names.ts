import { mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** The system's code of an error (`ENOSPC`), if it has one. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

/** Whether there was no room for what was to be written. */
export const isForWantOfRoom = (error: unknown): boolean => {
  const code = systemCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

export const renameFile = (from: string, to: string): Promise<void> =>
  patiently(() => rename(from, to), process.platform)

/** What Windows says while another program has the file open, as one does for a moment that looks for viruses. */
const heldByOthers: ReadonlySet<string | null> = new Set(['EPERM', 'EACCES', 'EBUSY'])
const pausesMs = [5, 20, 50, 100, 200, 400, 800]

/** Does it again where others may only just now be in the way. */
export async function patiently<Value>(work: () => Promise<Value>, platform: string): Promise<Value> {
  for (const pauseMs of platform === 'win32' ? pausesMs : []) {
    try {
      return await work()
    } catch (error) {
      if (!heldByOthers.has(systemCode(error))) throw error
    }
    await setTimeout(pauseMs)
  }
  return work()
}

/**
 * Makes a directory and those above it, and returns the first that was not there. Node's own way, `recursive`, never ends where
 * a file system lets nobody make anything and says that there is no such directory, as /proc does.
 */
export const makeDirectory = async (path: string, mode?: number): Promise<string | undefined> => {
  try {
    return await makeOne(path, mode)
  } catch (error) {
    const above = dirname(path)
    if (systemCode(error) !== 'ENOENT' || above === path) throw error
    const first = await makeDirectory(above, mode)
    const made = await makeOne(path, mode)
    return first ?? made
  }
}

/** Undefined when it is there, as one is that another process has made meanwhile. */
const makeOne = async (path: string, mode: number | undefined): Promise<string | undefined> => {
  try {
    await mkdir(path, { mode })
    return path
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isThere) return undefined
    throw error
  }
}

/** By which a file system says that it has no such thing for directories, as some do that lie on another machine. */
const notOfDirectories: ReadonlySet<string | null> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Makes names in a directory durable, where the file system can. */
export const syncDirectory = async (path: string): Promise<void> => {
  // Windows cannot open a directory; NTFS keeps its entries in a journal instead.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } catch (error) {
    if (!notOfDirectories.has(systemCode(error))) throw error
  } finally {
    await directory.close()
  }
}
