import { randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { QuintetError } from './core/model/errors.ts'
import { limits } from './core/model/limits.ts'
import { isForWantOfRoom, makeDirectory, systemCode } from './drivers/file-names.ts'
import type { FileData } from './client/contract/mailbox.ts'

/** Only its owner can read what was sealed before, and nobody can run it. */
const privateFileMode = 0o600
/** Of files with one name in one directory so many are counted; who sends a thousand mails with one subject must not make each export look at all of them. */
const countedNames = 100
/** Then so many numbers are drawn. */
const drawnNames = 20
const drawnBelow = 2 ** 32

/** A person's file that is to be attached to a mail. BAD_REQUEST, TOO_LARGE. */
const read = async (file: string): Promise<FileData> => {
  try {
    // Opening a pipe would wait for who writes into it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw new QuintetError('BAD_REQUEST', `${file} is not a file.`)
      if (stat.size > limits.bodyBytes) throw tooLarge(file, `${stat.size}`)
      const content = await readUpTo(handle, limits.bodyBytes)
      // It has grown meanwhile, or does not say how long it is.
      if (content === null) throw tooLarge(file, 'more')
      return { name: path.basename(file), content: content.toString('base64') }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof QuintetError
      ? error
      : new QuintetError('BAD_REQUEST', `${file} cannot be read: ${sentenceOf(error)}.`)
  }
}

const tooLarge = (file: string, has: string): QuintetError =>
  new QuintetError('TOO_LARGE', `A mail can have ${limits.bodyBytes} bytes at most; ${file} has ${has}.`)

/** Null when there is more. */
const readUpTo = async (handle: FileHandle, mostBytes: number): Promise<Buffer | null> => {
  const buffer = Buffer.alloc(mostBytes + 1)
  for (let length = 0; ;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
    length += bytesRead
    if (length > mostBytes) return null
    if (bytesRead === 0) return buffer.subarray(0, length)
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
    await makeDirectory(directory)
    for (let tries = 1; tries <= countedNames + drawnNames; tries++) {
      const number = tries <= countedNames ? tries : randomInt(drawnBelow)
      const file = path.join(directory, tries === 1 ? name : `${stem} (${number})${ext}`)
      if ((await writeNew(file, Buffer.from(content, 'base64'))) === 'written') return file
    }
  } catch (error) {
    const chars = Array.from(stem)
    const shorter = chars.slice(0, chars.length >> 1)
    // Encrypted file systems take no more than some 140 bytes.
    if (systemCode(error) === 'ENAMETOOLONG' && shorter.length > 0)
      return save(base, { name: `${shorter.join('').trimEnd()}${ext}`, content }, folders)
    throw new QuintetError(
      isForWantOfRoom(error) ? 'DISK_FULL' : 'DIRECTORY_NOT_USABLE',
      `${directory} cannot be written to: ${sentenceOf(error)}.`,
    )
  }
  throw new QuintetError('DIRECTORY_NOT_USABLE', `${directory} has too many files of this name.`)
}

const isOneName = (name: string): boolean =>
  name === path.basename(name) && name === path.win32.basename(name) && !['', '.', '..'].includes(name)

/** Never over what is there, nor through a link. */
const writeNew = async (file: string, bytes: Uint8Array): Promise<'written' | 'taken'> => {
  const handle = await open(file, 'wx', privateFileMode).catch((error: unknown) => {
    if (systemCode(error) === 'EEXIST') return null
    throw error
  })
  if (handle === null) return 'taken'
  try {
    await handle.writeFile(bytes).finally(() => handle.close())
  } catch (error) {
    // Half of a file looks like all of it.
    await rm(file, { force: true }).catch(() => undefined)
    throw error
  }
  return 'written'
}

const sentenceOf = (error: unknown): string => {
  switch (systemCode(error)) {
    case 'ENOENT':
      return 'there is no such file or directory'
    case 'EACCES':
    case 'EPERM':
      return 'it is not allowed'
    case 'ENOTDIR':
      return 'a part of its path is no directory'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    default:
      return String(systemCode(error) ?? error)
  }
}

/** A person's files on this machine. */
export const localFiles = { read, save } as const
