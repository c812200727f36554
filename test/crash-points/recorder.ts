import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

/** One file's identity, whatever it is called. */
export type FileNumber = number

/** What a program did to the file system, at the moment from which a crash may show it. */
export type Operation =
  | { readonly kind: 'makeDirectory'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string; readonly file: FileNumber }
  | { readonly kind: 'write'; readonly file: FileNumber; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly file: FileNumber; readonly bytes: number }
  | { readonly kind: 'sync'; readonly file: FileNumber }
  /** The last write is durable, as with O_DSYNC: not what was written before it by another way. */
  | { readonly kind: 'syncWrite'; readonly file: FileNumber }
  | { readonly kind: 'syncDirectory'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }

type FileHandle = fs.promises.FileHandle

interface OpenHandle {
  /** Null for a directory, or for a file that is only read. */
  readonly file: FileNumber | null
  readonly path: string
  /** A write that has ended is durable. */
  readonly isDurable: boolean
}

/** What is recorded of one directory, by paths below it. */
interface Recording {
  readonly root: string
  readonly operations: Operation[]
  readonly files: Map<string, FileNumber>
  count: number
}

let recording: Recording | null = null
const handles = new WeakMap<object, OpenHandle>()
const original = { ...fs.promises, createWriteStream: fs.createWriteStream }

/** The path below the recorded directory; null when nothing is recorded there. */
const below = (place: unknown): string | null => {
  if (recording === null || typeof place !== 'string') return null
  const relative = path.relative(recording.root, path.resolve(place))
  return relative.startsWith('..') ? null : relative
}

const note = (operation: Operation): void => void recording?.operations.push(operation)

const fileAt = (place: string): FileNumber => {
  if (recording === null) throw new Error('nothing is recorded')
  const known = recording.files.get(place)
  if (known === undefined) throw new Error(`nothing is known of ${place}`)
  return known
}

const created = (place: string): FileNumber => {
  if (recording === null) throw new Error('nothing is recorded')
  const known = recording.files.get(place)
  if (known !== undefined) return known
  recording.count += 1
  recording.files.set(place, recording.count)
  note({ kind: 'create', path: place, file: recording.count })
  return recording.count
}

/** Opened for writing from its beginning: it is there, and empty. */
const emptied = (place: string): FileNumber => {
  const isKnown = recording?.files.has(place) === true
  const file = created(place)
  if (isKnown) note({ kind: 'truncate', file, bytes: 0 })
  return file
}

const isWriting = (flags: unknown): boolean =>
  typeof flags === 'number' ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0 : flags !== 'r'

const hasFlag = (flags: unknown, flag: number): boolean => typeof flags === 'number' && (flags & flag) !== 0

const bufferOf = (data: unknown): Buffer => {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) return Buffer.from(data)
  throw new Error('only text and bytes are recorded')
}

/** What of a buffer is written; numbers after a text mean something else. */
const partOf = (data: unknown, from: unknown, length: unknown): unknown => {
  if (!(data instanceof Uint8Array)) return data
  const start = typeof from === 'number' ? from : 0
  return data.subarray(start, typeof length === 'number' ? start + length : undefined)
}

const written = (handle: OpenHandle, data: unknown): void => {
  if (handle.file !== null) note({ kind: 'write', file: handle.file, data: bufferOf(data) })
}

const durable = (handle: OpenHandle): void => {
  if (handle.file !== null && handle.isDurable) note({ kind: 'syncWrite', file: handle.file })
}

const open: typeof fs.promises.open = async (place, flags, mode) => {
  const relative = below(place)
  const handle = await original.open(place, flags, mode)
  if (relative === null) return handle
  patchHandles(handle)
  const isEmptied = flags === 'w'
  const file = !isWriting(flags) ? null : isEmptied ? emptied(relative) : fileAt(relative)
  handles.set(handle, { file, path: relative, isDurable: hasFlag(flags, fs.constants.O_DSYNC) })
  return handle
}

let arePatched = false

/** Every handle has the same prototype, which only a handle shows. */
const patchHandles = (handle: FileHandle): void => {
  if (arePatched) return
  arePatched = true
  const prototype = Object.getPrototypeOf(handle) as Record<string, (...args: unknown[]) => Promise<unknown>>
  const patch = (name: string, before: (of: OpenHandle, args: unknown[]) => void, after = durable): void => {
    const right = prototype[name]
    if (right === undefined) throw new Error(`a file handle has no ${name}`)
    prototype[name] = async function (this: object, ...args: unknown[]): Promise<unknown> {
      const of = handles.get(this)
      if (of === undefined || recording === null) return right.apply(this, args)
      before(of, args)
      const result = await right.apply(this, args)
      after(of)
      return result
    }
  }
  patch('write', (of, [data, from, length]) => written(of, partOf(data, from, length)))
  patch('writeFile', (of, [data]) => written(of, data))
  patch('appendFile', (of, [data]) => written(of, data))
  patch('truncate', (of, [bytes]) => {
    if (of.file !== null) note({ kind: 'truncate', file: of.file, bytes: Number(bytes ?? 0) })
  })
  const sync = (of: OpenHandle): void => {
    if (fs.statSync(path.join(recording?.root ?? '', of.path), { throwIfNoEntry: false })?.isDirectory() === true)
      note({ kind: 'syncDirectory', path: of.path })
    else note({ kind: 'sync', file: of.file ?? fileAt(of.path) })
  }
  const nothing = (): void => undefined
  patch('sync', nothing, sync)
  patch('datasync', nothing, sync)
}

const makeDirectories = (relative: string): void => {
  const parts = relative === '' ? [] : relative.split(path.sep)
  for (let length = 1; length <= parts.length; length += 1) {
    const place = parts.slice(0, length).join(path.sep)
    if (!fs.existsSync(path.join(recording?.root ?? '', place))) note({ kind: 'makeDirectory', path: place })
  }
}

const mkdir = (async (place: string, options: fs.MakeDirectoryOptions) => {
  const relative = below(place)
  if (relative !== null) makeDirectories(relative)
  return original.mkdir(place, options)
}) as typeof fs.promises.mkdir

const rename: typeof fs.promises.rename = async (from, to) => {
  const [one, other] = [below(from), below(to)]
  await original.rename(from, to)
  if (one === null || other === null || recording === null) return
  for (const [place, file] of [...recording.files]) {
    if (place !== one && !place.startsWith(`${one}${path.sep}`)) continue
    recording.files.delete(place)
    recording.files.set(other + place.slice(one.length), file)
  }
  note({ kind: 'rename', from: one, to: other })
}

const removed = (relative: string): void => {
  recording?.files.delete(relative)
  note({ kind: 'remove', path: relative })
}

const unlink: typeof fs.promises.unlink = async (place) => {
  const relative = below(place)
  await original.unlink(place)
  if (relative !== null) removed(relative)
}

/** One after the other, so that a crash may come in between. */
const rm: typeof fs.promises.rm = async (place, options) => {
  const relative = below(place)
  if (relative === null || typeof place !== 'string') return original.rm(place, options)
  const found = fs.statSync(place, { throwIfNoEntry: false })
  if (found === undefined && options?.force === true) return
  if (found?.isDirectory() !== true) return unlink(place)
  for (const name of fs.readdirSync(place)) await rm(path.join(place, name), options)
  await original.rmdir(place)
  removed(relative)
}

const truncate: typeof fs.promises.truncate = async (place, bytes) => {
  const relative = below(place)
  await original.truncate(place, bytes)
  if (relative !== null) note({ kind: 'truncate', file: fileAt(relative), bytes: bytes ?? 0 })
}

const writeFile: typeof fs.promises.writeFile = async (place, data, options) => {
  const relative = below(place)
  if (relative !== null) {
    const file = emptied(relative)
    if (bufferOf(data).length > 0) note({ kind: 'write', file, data: bufferOf(data) })
  }
  return original.writeFile(place, data, options)
}

const appendFile: typeof fs.promises.appendFile = async (place, data, options) => {
  const of = typeof place === 'object' ? handles.get(place) : undefined
  if (of !== undefined && recording !== null) {
    written(of, data)
    await original.appendFile(place, data, options)
    durable(of)
    return
  }
  const relative = below(place)
  if (relative !== null) note({ kind: 'write', file: created(relative), data: bufferOf(data) })
  return original.appendFile(place, data, options)
}

const createWriteStream = ((place: string, options: object) => {
  const relative = below(place)
  if (relative === null) return original.createWriteStream(place, options)
  const file = emptied(relative)
  const write = (...args: Parameters<typeof fs.write>): void => {
    note({ kind: 'write', file, data: bufferOf(args[1]).subarray(Number(args[2])) })
    fs.write(...args)
  }
  const ports = { open: fs.open, write, close: fs.close }
  return original.createWriteStream(place, { ...options, fs: ports })
}) as typeof fs.createWriteStream

Object.assign(fs.promises, { open, mkdir, rename, unlink, rm, truncate, writeFile, appendFile })
fs.createWriteStream = createWriteStream
syncBuiltinESMExports()

const numberFiles = (into: Recording, place: string): void => {
  for (const entry of fs.readdirSync(path.join(into.root, place), { withFileTypes: true })) {
    const relative = path.join(place, entry.name)
    if (entry.isDirectory()) numberFiles(into, relative)
    else into.files.set(relative, (into.count += 1))
  }
}

/** Numbers of the files that are in a directory now, as a recording that begins now has them. */
export const filesIn = (root: string): ReadonlyMap<string, FileNumber> => {
  const found: Recording = { root, operations: [], files: new Map(), count: 0 }
  numberFiles(found, '')
  return found.files
}

/**
 * Records what `task` does below `root`, by whichever of Node's ways the storage and NeDB use. This module has to be loaded
 * before NeDB, which keeps Node's functions when it is loaded.
 */
export const record = async (
  root: string,
  task: (operations: readonly Operation[]) => Promise<void>,
): Promise<readonly Operation[]> => {
  const begun: Recording = { root, operations: [], files: new Map(), count: 0 }
  numberFiles(begun, '')
  recording = begun
  try {
    await task(begun.operations)
  } finally {
    recording = null
  }
  return begun.operations
}
