import { readdir, readFile, rm } from 'node:fs/promises'

import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { removeHalfWritten, writeFileAtomically } from './atomic-file.ts'
import { lockDirectory, type DirectoryLock } from './directory-lock.ts'
import { makeDirectory } from './file-names.ts'

const namePattern = /^[a-z0-9-]{1,64}$/

/** Keeps clients' files in `directory`, a folder for each use, which one process at a time may write to. */
export const createClientStore = (directory: string) => ({
  /** DISK_FAILED when it cannot be made. */
  open: async (folder: string): Promise<FolderOnDisk> => {
    const path = `${directory}/${checked(folder)}`
    try {
      await makeDirectory(path, 0o700)
    } catch (error) {
      throw new QuintetError('DISK_FAILED', `${path} cannot be made: ${reasonOf(error)}`)
    }
    const lock = await lockOf(path)
    if (lock !== null) await removeHalfWritten(path).catch(() => undefined)
    return new FolderOnDisk(path, lock)
  },
})

class FolderOnDisk {
  readonly isWritable: boolean
  readonly #path: string
  readonly #lock: DirectoryLock | null

  constructor(path: string, lock: DirectoryLock | null) {
    this.#path = path
    this.#lock = lock
    this.isWritable = lock !== null
  }

  async names(): Promise<readonly string[]> {
    return (await readdir(this.#path)).filter((name) => namePattern.test(name))
  }

  async read(name: string): Promise<Uint8Array | null> {
    try {
      return new Uint8Array(await readFile(`${this.#path}/${checked(name)}`))
    } catch {
      return null
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(`${this.#path}/${checked(name)}`, bytes)
  }

  async remove(name: string): Promise<void> {
    await rm(`${this.#path}/${checked(name)}`, { force: true })
  }

  async close(): Promise<void> {
    await this.#lock?.release()
  }
}

/** Null when another process has it. */
const lockOf = async (path: string): Promise<DirectoryLock | null> => {
  try {
    return await lockDirectory(path)
  } catch (error) {
    if (error instanceof QuintetError && error.code === 'DIRECTORY_IN_USE') return null
    throw error
  }
}

const checked = (name: string): string => {
  if (namePattern.test(name)) return name
  throw new QuintetError('INTERNAL', `"${name}" is no name for a file of a client.`)
}
