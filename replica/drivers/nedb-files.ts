import { fstatSync } from 'node:fs'
import { constants, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { isForWantOfRoom, makeDirectory, patiently, renameFile, syncDirectory, systemCode } from './file-names.ts'
import type { Database, Identified } from './nedb-database.ts'
import { openDatabase } from './nedb-database.ts'

/** A file that stays open. */
export interface OpenFile {
  bytes(): number
  /** Whether its name is gone, or another file's: what is written to it goes with this process. */
  isDeleted(): boolean
  /** Writes the parts (ASCII) at the end. After a failure some of it may stand there. */
  append(parts: readonly string[]): Promise<void>
  /** What was written is durable when it is fulfilled; tells how long the file is then, in bytes. */
  sync(): Promise<number>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** The file system as the storage needs it; tests pass in one that fails. Paths are absolute. */
export interface FileSystem {
  read(path: string): Promise<Buffer>
  /** What stands at `position`, up to `bytes` of it; less where the file ends, or before what the disk fails to read. */
  readPart(path: string, position: number, bytes: number): Promise<Buffer>
  /** Names in a directory, sorted; none when there is no such directory. */
  list(path: string): Promise<readonly string[]>
  /** Null when there is nothing at `path`. */
  bytes(path: string): Promise<number | null>
  /** With those above it; durably. */
  makeDirectory(path: string): Promise<void>
  /** Creates a file and writes it whole, durably. */
  write(path: string, text: string): Promise<void>
  open(path: string): Promise<OpenFile>
  /** Whatever is written goes to the end. */
  openForAppending(path: string): Promise<OpenFile>
  /** Makes a directory's entries durable. */
  syncDirectory(path: string): Promise<void>
  truncate(path: string, bytes: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file or a whole directory, if it is there. */
  remove(path: string): Promise<void>
  openDatabase<Document extends Identified>(path: string): Promise<Database<Document>>
}

const fileMode = 0o600
/**
 * Here a write that is finished is durable: one call instead of a write and an fsync, each of which is a way to another thread
 * and back. Elsewhere it need not be (macOS leaves it in the disk's cache), so there the fsync stays.
 */
const isDurableOnceWritten = process.platform === 'linux'
const appendFlags = constants.O_RDWR | constants.O_APPEND | (isDurableOnceWritten ? constants.O_DSYNC : 0)
const directoryMode = 0o700
/** Others may have it open for a moment on Windows alone. */
const removals = process.platform === 'win32' ? 8 : 0
/** Of memory that a file that is open for appending keeps for its next write. */
const keptBytes = 262_144

export const diskFiles: FileSystem = {
  read: (path) => readFile(path),
  readPart: async (path, position, bytes) => {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, position)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  },
  list: async (path) => {
    const names = await readdir(path).catch(ifAbsent<string[]>([]))
    return names.sort()
  },
  bytes: (path) => stat(path).then((found) => found.size, ifAbsent<number | null>(null)),
  makeDirectory: async (path) => {
    const first = await makeDirectory(path, directoryMode)
    if (first === undefined) return
    for (let made = path; made.length >= first.length; made = dirname(made))
      await diskFiles.syncDirectory(dirname(made))
  },
  write: async (path, text) => {
    const file = await open(path, 'w', fileMode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  },
  open: async (path) => new DiskFile(await open(path, 'r+'), 'synced'),
  openForAppending: async (path) =>
    new DiskFile(await open(path, appendFlags), isDurableOnceWritten ? 'durable' : 'synced'),
  syncDirectory,
  truncate: (path, bytes) => truncate(path, bytes),
  rename: renameFile,
  remove: (path) => rm(path, { recursive: true, force: true, maxRetries: removals }),
  // NeDB renames as well.
  openDatabase: (path) => patiently(() => openDatabase(path, { fileMode, dirMode: directoryMode }), process.platform),
}

class DiskFile implements OpenFile {
  readonly #handle: FileHandle
  readonly #writes: 'synced' | 'durable'
  readonly #hadName: boolean
  #kept: Buffer = Buffer.alloc(0)

  constructor(handle: FileHandle, writes: 'synced' | 'durable') {
    this.#handle = handle
    this.#writes = writes
    this.#hadName = this.#hasName()
  }

  /** Of an open file the system has it at hand: asking another thread would take a hundred times as long. */
  bytes(): number {
    return fstatSync(this.#handle.fd).size
  }

  async append(parts: readonly string[]): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const bytes = this.#room(length)
    let end = 0
    for (const part of parts) end += bytes.write(part, end, 'latin1')
    for (let written = 0; written < length;)
      written += (await this.#handle.write(bytes, written, length - written)).bytesWritten
  }

  /** The same memory for every write, which are made one after the other; what is longer than most has its own. */
  #room(length: number): Buffer {
    if (length > keptBytes) return Buffer.allocUnsafeSlow(length)
    if (this.#kept.length < length) this.#kept = Buffer.allocUnsafeSlow(Math.min(keptBytes, length * 2))
    return this.#kept
  }

  async sync(): Promise<number> {
    if (this.#writes === 'synced') await this.#handle.sync()
    const { nlink, size } = fstatSync(this.#handle.fd)
    if (this.#hadName && nlink === 0) throw new Error('the file that is written to has been deleted')
    return size
  }

  isDeleted(): boolean {
    return this.#hadName && !this.#hasName()
  }

  /** There are file systems that count no names. */
  #hasName(): boolean {
    return fstatSync(this.#handle.fd).nlink > 0
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Makes what stands in a file durable, and, when it is new, its name. */
export async function syncFile(files: FileSystem, path: string): Promise<void> {
  const file = await files.open(path)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What a failure of the file system is to the replica: DISK_FULL or DISK_FAILED. */
export function diskError(error: unknown, doing: string): QuintetError {
  if (error instanceof QuintetError) return error
  if (isForWantOfRoom(error)) {
    return new QuintetError(
      'DISK_FULL',
      `The disk is full (${doing}): free some room; nothing that was stored is lost.`,
    )
  }
  const what =
    systemCode(error) === 'EACCES'
      ? 'The data directory has files of another user, as after a start as root: give them back with chown -R'
      : 'The disk failed'
  return new QuintetError('DISK_FAILED', `${what} (${doing}): ${reasonOf(error)}`)
}

const ifAbsent =
  <Value>(value: Value) =>
  (error: unknown): Value => {
    if (systemCode(error) === 'ENOENT') return value
    throw error
  }
