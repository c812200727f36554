import { appendFile, stat } from 'node:fs/promises'
import type { Appendable, Identified } from '../../replica/drivers/nedb-database.ts'
import type { FileSystem, OpenFile } from '../../replica/drivers/nedb-files.ts'
import { diskFiles } from '../../replica/drivers/nedb-files.ts'

/** What happens at the chosen operation: one failure, after which all is well again, or the end of the process. */
export type Fault = 'ENOSPC' | 'EIO' | 'end'

/** The machine's files, of which one writing operation fails; a failing write of documents leaves half of itself in the file. */
export class FaultyFiles {
  readonly files: FileSystem
  #fault: Fault = 'EIO'
  #at = Infinity
  #operations = 0

  constructor() {
    this.files = {
      ...diskFiles,
      makeDirectory: async (path) => this.#do(() => diskFiles.makeDirectory(path)),
      write: (path, text) => this.#do(() => diskFiles.write(path, text)),
      open: async (path) => this.#wrapped(await diskFiles.open(path)),
      openForAppending: async (path) => this.#wrapped(await diskFiles.openForAppending(path)),
      syncDirectory: (path) => this.#do(() => diskFiles.syncDirectory(path)),
      truncate: (path, bytes) => this.#do(() => diskFiles.truncate(path, bytes)),
      rename: (from, to) => this.#do(() => diskFiles.rename(from, to)),
      remove: (path) => this.#do(() => diskFiles.remove(path)),
      openDatabase: <Document extends Identified>(path: string) => this.#openDatabase<Document>(path),
    }
  }

  /** From here on operations are counted, and the `at`-th fails. */
  arm(fault: Fault, at: number): void {
    this.#fault = fault
    this.#at = at
    this.#operations = 0
  }

  /** Nothing fails any more. */
  disarm(): void {
    this.#at = Infinity
  }

  /** Whether the fault has come. */
  get isOver(): boolean {
    return this.#operations >= this.#at
  }

  #wrapped(file: OpenFile): OpenFile {
    return {
      bytes: () => file.bytes(),
      isDeleted: () => file.isDeleted(),
      append: (text) => file.append(text),
      sync: () => this.#do(() => file.sync()),
      truncate: (bytes) => this.#do(() => file.truncate(bytes)),
      close: () => file.close(),
    }
  }

  async #openDatabase<Document extends Identified>(path: string) {
    const database = await this.#do(() => diskFiles.openDatabase<Document>(path))
    const half = (documents: readonly Document[]) => () => {
      const lines = documents.map((document) => JSON.stringify(document)).join('\n')
      return appendFile(path, lines.slice(0, lines.length / 2))
    }
    return {
      insert: (documents: readonly Document[]) => this.#do(() => database.insert(documents), half(documents)),
      replace: (documents: readonly Document[]) => this.#do(() => database.replace(documents), half(documents)),
      remove: (ids: readonly string[]) => this.#do(() => database.remove(ids)),
      find: (ids: readonly string[]) => database.find(ids),
      appendTo: (file: Appendable) => {
        database.appendTo(file)
      },
    }
  }

  async #do<Value>(work: () => Promise<Value>, half: () => Promise<void> = () => Promise.resolve()): Promise<Value> {
    const isDead = this.#fault === 'end' && this.isOver
    this.#operations += 1
    if (isDead) throw failure('EIO')
    if (this.#operations !== this.#at) return work()
    await half()
    throw failure(this.#fault === 'end' ? 'EIO' : this.#fault)
  }
}

/** Where a file cannot be read. */
interface BadPart {
  readonly from: number
  readonly to: number
}

/** Files (`beneath`) of which some, or parts of them, cannot be read, wherever they are moved to, until the disk reads them again. */
export class UnreadableFiles {
  readonly files: FileSystem
  readonly #unread = new Map<number, BadPart>()

  constructor(beneath: FileSystem = diskFiles) {
    this.files = {
      ...beneath,
      read: async (path) => {
        await this.#check(path)
        return beneath.read(path)
      },
      readPart: async (path, position, bytes) => {
        await this.#check(path, { from: position, to: position + bytes })
        return beneath.readPart(path, position, bytes)
      },
      openDatabase: async <Document extends Identified>(path: string) => {
        await this.#check(path)
        return beneath.openDatabase<Document>(path)
      },
      remove: async (path) => {
        const found = await stat(path).catch(() => null)
        await beneath.remove(path)
        // Another file may get its number.
        if (found !== null) this.#unread.delete(found.ino)
      },
    }
  }

  async spoil(path: string, part: BadPart = { from: 0, to: Infinity }): Promise<void> {
    this.#unread.set((await stat(path)).ino, part)
  }

  heal(): void {
    this.#unread.clear()
  }

  async #check(path: string, { from, to }: BadPart = { from: 0, to: Infinity }): Promise<void> {
    const found = await stat(path).catch(() => null)
    const bad = found === null ? undefined : this.#unread.get(found.ino)
    if (bad !== undefined && bad.from < to && bad.to > from) throw failure('EIO')
  }
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: made to fail`), { code })
