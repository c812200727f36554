import { readFile } from 'node:fs/promises'
import { QuintetError } from '../core/model/errors.ts'
import { writeFileAtomically } from './atomic-file.ts'
import { systemCode } from './file-names.ts'
import { diskError } from './nedb-files.ts'
import { notUsable } from './not-usable.ts'

/** Replaces the file, whole or not at all. DISK_FULL, DISK_FAILED. */
export const writeJson = async (path: string, value: unknown): Promise<void> => {
  try {
    await writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`)
  } catch (error) {
    throw diskError(error, `writing ${path}`)
  }
}

/** Null when there is no such file. DAMAGED, DIRECTORY_NOT_USABLE. */
export const readJson = async (path: string): Promise<Readonly<Record<string, unknown>> | null> => {
  try {
    return asRecord(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    if (error instanceof SyntaxError)
      throw new QuintetError('DAMAGED', `${path} is not readable: restore it from a backup, or join again.`)
    throw notUsable(`${path} cannot be read`, error)
  }
}

export const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
