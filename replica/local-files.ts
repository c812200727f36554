import { constants } from 'node:fs'
import { open, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { QuintetError } from './core/model/errors.ts'
import { limits } from './core/model/limits.ts'
import type { FileData } from './client/contract/mailbox.ts'

/** Only its owner can read what was sealed before, and nobody can run it. */
const privateFileMode = 0o600
/** Of files with one name in one directory. */
const namesTried = 10_000

/** A person's file that is to be attached to a mail. BAD_REQUEST, TOO_LARGE. */
const read = async (file: string): Promise<FileData> => {
  try {
    // Opening a pipe would wait for who writes into it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw new QuintetError('BAD_REQUEST', `${file} is not a file.`)
      if (stat.size > limits.bodyBytes)
        throw new QuintetError(
          'TOO_LARGE',
          `A mail can have ${limits.bodyBytes} bytes at most; ${file} has ${stat.size}.`,
        )
      return { name: path.basename(file), content: (await handle.readFile()).toString('base64') }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof QuintetError
      ? error
      : new QuintetError('BAD_REQUEST', `${file} cannot be read: ${reasonOf(error)}.`)
  }
}

/**
 * Writes a file into `folders` of a directory, which are made, beside those that are there, under its own name or with a number behind it, and returns where it is. `name` is safe, as the
 * client gives it: what is a path is refused. BAD_REQUEST, DIRECTORY_NOT_USABLE, DISK_FULL.
 */
const save = async (base: string, { name, content }: FileData, folders: readonly string[] = []): Promise<string> => {
  if (![name, ...folders].every(isOneName))
    throw new QuintetError('BAD_REQUEST', 'A file is written into its directory, not elsewhere.')
  const directory = path.join(base, ...folders)
  const { name: stem, ext } = path.parse(name)
  try {
    await mkdir(directory, { recursive: true })
    for (let number = 1; number <= namesTried; number++) {
      const file = path.join(directory, number === 1 ? name : `${stem} (${number})${ext}`)
      if ((await writeNew(file, Buffer.from(content, 'base64'))) === 'written') return file
    }
  } catch (error) {
    throw new QuintetError(
      codeOf(error) === 'ENOSPC' ? 'DISK_FULL' : 'DIRECTORY_NOT_USABLE',
      `${directory} cannot be written to: ${reasonOf(error)}.`,
    )
  }
  throw new QuintetError('DIRECTORY_NOT_USABLE', `${directory} has ${namesTried} files of this name.`)
}

const isOneName = (name: string): boolean =>
  name === path.basename(name) && name === path.win32.basename(name) && !['', '.', '..'].includes(name)

/** Never over what is there, nor through a link. */
const writeNew = async (file: string, bytes: Uint8Array): Promise<'written' | 'taken'> => {
  const handle = await open(file, 'wx', privateFileMode).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return null
    throw error
  })
  if (handle === null) return 'taken'
  try {
    await handle.writeFile(bytes)
  } finally {
    await handle.close()
  }
  return 'written'
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const reasonOf = (error: unknown): string => {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file or directory'
    case 'EACCES':
    case 'EPERM':
      return 'it is not allowed'
    case 'ENOTDIR':
      return 'a part of its path is no directory'
    case 'ENOSPC':
      return 'the disk is full'
    default:
      return String(codeOf(error) ?? error)
  }
}

/** A person's files on this machine. */
export const localFiles = { read, save } as const
