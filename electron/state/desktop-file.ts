import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'

const ownerOnly = { file: 0o600, directory: 0o700 }

/** A field's shape by itself, for a file that is an object. */
type FieldShapes = Readonly<Record<string, v.GenericSchema>>
type Fields = Readonly<Record<string, unknown>>

/**
 * A small JSON file of the window's own (settings, where the window was). One that is absent or damaged gives the fallback: nothing in it is worth
 * refusing to start. Where its shape is an object's and there is a fallback for each field, each field is taken by itself, and what another version
 * wrote that this one does not understand stays in the file until this one has something else to say there.
 */
export class DesktopFile<Value> {
  readonly #file: string
  readonly #shape: v.GenericSchema<unknown, Value>
  readonly #fallback: Value
  /** As they were found, and not understood. */
  #strange: Fields = {}
  #latest: Value
  #writing: Promise<void> = Promise.resolve()

  constructor(file: string, shape: v.GenericSchema<unknown, Value>, fallback: Value) {
    this.#file = file
    this.#shape = shape
    this.#fallback = fallback
    this.#latest = fallback
  }

  async load(): Promise<Value> {
    this.#latest = await this.#read().catch(() => this.#fallback)
    return this.#latest
  }

  /** Written beside and renamed, in the order of the calls; on the disk before it has the name, or a power failure would leave an empty file. */
  save(value: Value): Promise<void> {
    const content = JSON.stringify(this.#withStrange(value))
    const write = async (): Promise<void> => {
      await mkdir(path.dirname(this.#file), { recursive: true, mode: ownerOnly.directory })
      const beside = `${this.#file}.new`
      await writeFile(beside, content, { mode: ownerOnly.file, flush: true })
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

  async #read(): Promise<Value> {
    const found: unknown = JSON.parse(await readFile(this.#file, 'utf8'))
    const shapes = fieldShapesOf(this.#shape)
    const understood = shapes !== null && isRecord(found) ? this.#understand(found, shapes) : found
    const checked = v.safeParse(this.#shape, understood)
    return checked.success ? checked.output : this.#fallback
  }

  #understand(found: Fields, shapes: FieldShapes): Fields {
    const isUnderstood = ([name, value]: [string, unknown]): boolean => {
      const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined
      return shape !== undefined && v.is(shape, value)
    }
    const fields = Object.entries(found)
    this.#strange = Object.fromEntries(fields.filter((field) => !isUnderstood(field)))
    return { ...this.#fallback, ...Object.fromEntries(fields.filter(isUnderstood)) }
  }

  /** What was not understood gives way to what has changed since. */
  #withStrange(value: Value): unknown {
    if (!isRecord(value)) return value
    const former: Fields = isRecord(this.#latest) ? this.#latest : {}
    const left = Object.entries(this.#strange).filter(([name]) => value[name] === former[name])
    this.#strange = Object.fromEntries(left)
    this.#latest = value
    return { ...value, ...this.#strange }
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldShapesOf = (shape: v.GenericSchema): FieldShapes | null =>
  'entries' in shape ? (shape.entries as FieldShapes) : null
