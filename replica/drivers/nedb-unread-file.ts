import { dirname } from 'node:path'
import type { Sequence } from '../core/model/ids.ts'
import { systemCode } from './file-names.ts'
import type { FileSystem } from './nedb-files.ts'

const extension = '.unread'

/** Whether the disk fails to read what stands on it. That may pass: nothing must be given up for it. */
export const isReadError = (error: unknown): boolean => systemCode(error) === 'EIO'

/** Whether NeDB failed at what it read, or at reading it, and not at writing. */
export const isOfReading = (error: unknown): boolean => systemCode(error) === null || isReadError(error)

/** Where the segment begins whose file was kept under this name; null when it is not the name of one. */
export function unreadFirst(name: string): Sequence | null {
  const [, digits] = /^([1-9]\d{0,15})\.unread$/.exec(name) ?? []
  return digits === undefined ? null : Number(digits)
}

/**
 * What a segment's file held when the disk could not read it and something was to be written to the segment: kept beside the new file, because
 * it may hold what nobody else has. A start takes in again what can be read by then.
 */
export class UnreadFile {
  readonly path: string
  readonly #files: FileSystem
  readonly #segmentPath: string
  #bytes = 0

  constructor(files: FileSystem, segmentPath: string) {
    this.#files = files
    this.#segmentPath = segmentPath
    this.path = segmentPath.replace(/\.db$/, extension)
  }

  get isThere(): boolean {
    return this.#bytes > 0
  }

  /** 0 when there is none. */
  get bytes(): number {
    return this.#bytes
  }

  /** It is there at a start. */
  async find(): Promise<void> {
    this.#bytes = (await this.#files.bytes(this.path)) ?? 0
  }

  /** Makes room for a new file in the segment's place, which has `bytes`. */
  async keep(bytes: number): Promise<void> {
    await this.#files.rename(this.#segmentPath, this.path)
    this.#bytes = bytes
    await this.#files.syncDirectory(dirname(this.path))
  }

  /** Back into the segment's place, where nothing was written; tells how many bytes it has. */
  async putBack(): Promise<number> {
    const bytes = this.#bytes
    await this.#files.rename(this.path, this.#segmentPath)
    this.#bytes = 0
    await this.#files.syncDirectory(dirname(this.path))
    return bytes
  }

  async remove(): Promise<void> {
    if (!this.isThere) return
    await this.#files.remove(this.path)
    this.#bytes = 0
    await this.#files.syncDirectory(dirname(this.path))
  }
}
