import { open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renameFile, syncDirectory, systemCode } from './file-names.ts'

const writing = new Map<string, Promise<void>>()
const temporaryPattern = /\.(\d+)\.tmp$/

/**
 * Replaces a file's content so that after a crash it is the old or the new one, whole: temporary file, fsync, rename,
 * fsync of the directory. Only the owner can read it. Of one process's contents for a file the one that was given last stays.
 */
export const writeFileAtomically = (path: string, content: string | Uint8Array): Promise<void> => {
  const before = writing.get(path) ?? Promise.resolve()
  const work = before.catch(() => undefined).then(() => write(path, content))
  const ended = work.finally(() => {
    if (writing.get(path) === ended) writing.delete(path)
  })
  writing.set(path, ended)
  return ended
}

/** Removes from a directory what processes that are no more were writing when they ended: it may hold keys, and nobody would. */
export const removeHalfWritten = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    const [, pid] = temporaryPattern.exec(name) ?? []
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(directory, name), { force: true })
  }
}

const isRunning = (pid: number): boolean => {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

const write = async (path: string, content: string | Uint8Array): Promise<void> => {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await renameFile(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
