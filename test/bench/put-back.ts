import { constants } from 'node:fs'
import { cp, open, readdir, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Puts the log and the snapshots of `kept` into a data directory, durably: a replica leaves nothing else behind, and what is measured next
 * should not wait until the system has written the copies.
 */
export const putBack = async (kept: string, data: string): Promise<void> => {
  for (const part of ['log', 'snapshot']) {
    const target = path.join(data, part)
    await rm(target, { recursive: true, force: true })
    await cp(path.join(kept, part), target, { recursive: true, mode: constants.COPYFILE_FICLONE })
    for (const entry of await readdir(target, { recursive: true, withFileTypes: true }))
      await makeDurable(path.join(entry.parentPath, entry.name))
  }
}

const makeDurable = async (file: string): Promise<void> => {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
