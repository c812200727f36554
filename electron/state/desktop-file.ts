import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'

const ownerOnly = { file: 0o600, directory: 0o700 }

/**
 * A small JSON file of the window's own (settings, where the window was). One that is absent, damaged, or written by
 * another version gives the fallback: nothing in it is worth refusing to start.
 */
export class DesktopFile<Value> {
  readonly #file: string
  readonly #shape: v.GenericSchema<unknown, Value>
  readonly #fallback: Value
  #writing: Promise<void> = Promise.resolve()

  constructor(file: string, shape: v.GenericSchema<unknown, Value>, fallback: Value) {
    this.#file = file
    this.#shape = shape
    this.#fallback = fallback
  }

  async load(): Promise<Value> {
    try {
      const found: unknown = JSON.parse(await readFile(this.#file, 'utf8'))
      const isMergeable = isRecord(found) && isRecord(this.#fallback)
      const checked = v.safeParse(this.#shape, isMergeable ? { ...this.#fallback, ...found } : found)
      return checked.success ? checked.output : this.#fallback
    } catch {
      return this.#fallback
    }
  }

  /** Written beside and renamed, in the order of the calls; on the disk before it has the name, or a power failure would leave an empty file. */
  save(value: Value): Promise<void> {
    const write = async (): Promise<void> => {
      await mkdir(path.dirname(this.#file), { recursive: true, mode: ownerOnly.directory })
      const beside = `${this.#file}.new`
      await writeFile(beside, JSON.stringify(value), { mode: ownerOnly.file, flush: true })
      await rename(beside, this.#file)
    }
    const written = this.#writing.then(write, write)
    this.#writing = written.catch(() => undefined)
    return written
  }

  /** Fulfilled when what was saved so far is in the file. */
  settled(): Promise<void> {
    return this.#writing
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
