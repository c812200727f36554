import { crc32 } from 'node:zlib'
import { QuintetError } from '../core/model/errors.ts'
import type { FileSystem } from './nedb-files.ts'
import { diskError } from './nedb-files.ts'

/** Small named JSON values, each a file of its own. */
export interface Settings {
  /** Undefined when there is none. DAMAGED, DISK_FAILED. */
  read(name: string): Promise<unknown>
  /** Replaces the value atomically and durably. DISK_FULL, DISK_FAILED. */
  write(name: string, value: unknown): Promise<void>
  /** Bytes in files. */
  bytes(): Promise<number>
  /** Fulfilled when nothing is being written. */
  settled(): Promise<void>
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/
const extension = '.json'

/** The settings in `directory`/settings; usable before, and without, the rest of the storage. */
export function openSettings(files: FileSystem, directory: string): Settings {
  const folder = `${directory}/settings`
  const sizes = new Map<string, number>()
  const writing = new Map<string, Promise<void>>()
  return {
    read: (name) => readSetting(files, `${folder}/${fileName(name)}`),
    write: (name, value) => {
      const file = fileName(name)
      const work = (writing.get(file) ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => writeJson(files, folder, file, value))
        .then(
          (bytes) => void sizes.set(file, bytes),
          (error: unknown) => {
            throw diskError(error, `writing the setting ${name}`)
          },
        )
      writing.set(file, work)
      return work
    },
    bytes: async () => {
      for (const file of await files.list(folder)) {
        if (!sizes.has(file)) sizes.set(file, (await files.bytes(`${folder}/${file}`)) ?? 0)
      }
      return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
    },
    settled: async () => {
      await Promise.allSettled(writing.values())
    },
  }
}

/** Writes a JSON file with its checksum, atomically and durably; returns its size in bytes. */
export async function writeJson(files: FileSystem, folder: string, file: string, value: unknown): Promise<number> {
  const path = `${folder}/${file}`
  const beside = `${path}.new`
  const text = JSON.stringify({ checksum: checksumOf(value), value: value ?? null })
  try {
    await files.makeDirectory(folder)
    await files.write(beside, `${text}\n`)
    await files.rename(beside, path)
    await files.syncDirectory(folder)
  } catch (error) {
    await files.remove(beside).catch(() => undefined)
    throw error
  }
  return Buffer.byteLength(text) + 1
}

async function readSetting(files: FileSystem, path: string): Promise<unknown> {
  try {
    if ((await files.bytes(path)) === null) return undefined
    return readJson(path, await files.read(path))
  } catch (error) {
    throw diskError(error, `reading ${path}`)
  }
}

/** Whether this is what `writeJson` wrote. */
export const isWhole = (content: Buffer): boolean => wholeIn(content) !== null

function wholeIn(content: Buffer): { readonly value: unknown } | null {
  const read = parse(content)
  if (typeof read !== 'object' || read === null || !('checksum' in read) || !('value' in read)) return null
  return read.checksum === checksumOf(read.value) ? { value: read.value } : null
}

/** The value in the content of a file that `writeJson` wrote. DAMAGED. */
function readJson(path: string, content: Buffer): unknown {
  const whole = wholeIn(content)
  if (whole !== null) return whole.value
  throw new QuintetError('DAMAGED', `${path} is damaged: restore it from a backup, or set this machine up anew.`)
}

/** The number by which the file's value names its format, whatever its checksum says: a newer version may make that differently. */
export function formatNamedIn(content: Buffer): number | null {
  const read = parse(content)
  const value = typeof read === 'object' && read !== null && 'value' in read ? read.value : null
  const named = typeof value === 'object' && value !== null && 'format' in value ? value.format : null
  return typeof named === 'number' ? named : null
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString())
  } catch {
    return null
  }
}

const checksumOf = (value: unknown): number => crc32(JSON.stringify(value ?? null))

function fileName(name: string): string {
  if (!namePattern.test(name)) throw new QuintetError('BAD_REQUEST', `"${name}" is not the name of a setting.`)
  return name + extension
}
