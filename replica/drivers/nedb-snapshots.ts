import { crc32 } from 'node:zlib'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { isOriginId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { FoundSnapshot, LoggerPort, SnapshotFile } from '../host/ports.ts'
import { systemCode } from './file-names.ts'
import type { FileSystem } from './nedb-files.ts'
import { syncFile } from './nedb-files.ts'

/** The newest snapshot that is whole, and what was found on the way to it. */
export interface RecoveredSnapshot {
  readonly snapshot: FoundSnapshot | null
  readonly repairs: readonly string[]
}

/** `_id`: which chunk, from 1, in six digits; `c`: checksum; `t`: its text. */
interface ChunkDocument {
  readonly _id: string
  readonly c: number
  readonly t: string
}

/** Written last. `chunks`: how many there must be; `c`: checksum of the other two. */
interface MetaDocument {
  readonly _id: 'meta'
  readonly vector: readonly (readonly [OriginId, Sequence])[]
  readonly chunks: number
  readonly c: number
}

const generationsKept = 2
const chunksFile = 'chunks.db'
const metaFile = 'meta.db'
const generationPattern = /^[1-9]\d{0,14}$/
const halfWritten = /^[1-9]\d{0,14}\.writing$/

/**
 * The snapshots, each generation in a directory of its own: one NeDB file with the chunks of the state image, one that names
 * its version vector. A generation is written under another name, and counts when it has its own.
 */
export class Snapshots {
  readonly #files: FileSystem
  readonly #directory: string
  readonly #logger: LoggerPort
  /** Bytes of each generation, ascending by generation. */
  readonly #generations = new Map<number, number>()
  /** Those that the last start could not read: none of them is one to fall back to. */
  readonly #unread = new Set<number>()
  #last = 0

  constructor(files: FileSystem, directory: string, logger: LoggerPort) {
    this.#files = files
    this.#directory = directory
    this.#logger = logger
  }

  get bytes(): number {
    return [...this.#generations.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Finds the newest snapshot that is whole; removes those that are not, and what interrupted writes have left. */
  async recover(): Promise<RecoveredSnapshot> {
    const generations = await this.#list()
    const repairs: string[] = []
    let snapshot: FoundSnapshot | null = null
    let unreadable: Error | null = null
    this.#unread.clear()
    for (const generation of generations.toReversed()) {
      if (snapshot !== null) continue
      const found = await this.#read(generation)
      const path = this.#pathOf(generation)
      if (found instanceof Error) {
        unreadable ??= found
        this.#unread.add(generation)
        repairs.push(`${path} cannot be read now and has been passed over: ${found.message}`)
        continue
      }
      snapshot = found
      if (snapshot !== null) continue
      repairs.push(`${path} is broken and has been passed over: the snapshot before it, or the log, takes its place.`)
      await this.#remove(generation)
    }
    // Who begins from nothing forgets what may be read the next time.
    if (snapshot === null && unreadable !== null) throw unreadable
    return { snapshot, repairs }
  }

  /** Writes a generation durably, then drops what is older than the newest two that can be read. */
  async write(snapshot: SnapshotFile): Promise<void> {
    const generation = this.#last + 1
    const path = this.#pathOf(generation)
    const beside = `${path}.writing`
    try {
      await this.#files.remove(beside)
      const bytes = await this.#writeFiles(beside, snapshot)
      await this.#files.rename(beside, path)
      this.#last = generation
      this.#generations.set(generation, bytes)
      await this.#files.syncDirectory(this.#directory)
    } catch (error) {
      await this.#files.remove(beside).catch(() => undefined)
      throw error
    }
    await this.#dropOld().catch((error: unknown) => {
      this.#logger.warn('an old snapshot could not be removed', { error: String(error) })
    })
  }

  #pathOf(generation: number): string {
    return `${this.#directory}/${generation}`
  }

  async #list(): Promise<readonly number[]> {
    await this.#files.makeDirectory(this.#directory)
    this.#generations.clear()
    const names = await this.#files.list(this.#directory)
    for (const name of names) if (halfWritten.test(name)) await this.#files.remove(`${this.#directory}/${name}`)
    const generations = names.filter((name) => generationPattern.test(name)).map(Number)
    generations.sort((left, right) => left - right)
    for (const generation of generations) this.#generations.set(generation, await this.#bytesOf(generation))
    this.#last = Math.max(this.#last, ...generations)
    return generations
  }

  async #bytesOf(generation: number): Promise<number> {
    let bytes = 0
    for (const file of [chunksFile, metaFile]) {
      bytes += (await this.#files.bytes(`${this.#pathOf(generation)}/${file}`)) ?? 0
    }
    return bytes
  }

  /** Null when the generation is not whole; an error when the system cannot say whether it is. */
  async #read(generation: number): Promise<FoundSnapshot | Error | null> {
    const path = this.#pathOf(generation)
    try {
      const [metaLine = noLine] = linesOf(await this.#files.read(`${path}/${metaFile}`))
      const meta = readMeta(parse(metaLine))
      if (meta === null) return null
      const chunks = linesOf(await this.#files.read(`${path}/${chunksFile}`)).map(readChunk)
      const ordered = orderChunks(chunks, meta.chunks)
      return ordered === null ? null : { vector: meta.vector, chunks: new ChunkTexts(ordered) }
    } catch (error) {
      this.#logger.error('a snapshot cannot be read', { path, error: String(error) })
      return isPassing(error) ? error : null
    }
  }

  async #writeFiles(path: string, { vector, chunks }: SnapshotFile): Promise<number> {
    const files = this.#files
    await files.makeDirectory(path)
    const chunkStore = await files.openDatabase<ChunkDocument>(`${path}/${chunksFile}`)
    // One at a time, so that the event loop goes on in between.
    for (const [index, t] of chunks.entries()) {
      await chunkStore.insert([{ _id: chunkId(index), c: crc32(t), t }])
    }
    await syncFile(files, `${path}/${chunksFile}`)
    const metaStore = await files.openDatabase<MetaDocument>(`${path}/${metaFile}`)
    const entries = [...vector]
    await metaStore.insert([
      { _id: 'meta', vector: entries, chunks: chunks.length, c: metaChecksum(entries, chunks.length) },
    ])
    await syncFile(files, `${path}/${metaFile}`)
    await files.syncDirectory(path)
    const sizes = [await files.bytes(`${path}/${chunksFile}`), await files.bytes(`${path}/${metaFile}`)]
    return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
  }

  async #dropOld(): Promise<void> {
    const readable = [...this.#generations.keys()].filter((generation) => !this.#unread.has(generation))
    const oldest = readable.sort((left, right) => right - left)[generationsKept - 1] ?? 0
    for (const generation of [...this.#generations.keys()]) if (generation < oldest) await this.#remove(generation)
  }

  async #remove(generation: number): Promise<void> {
    await this.#files.remove(this.#pathOf(generation))
    this.#generations.delete(generation)
    await this.#files.syncDirectory(this.#directory)
  }
}

const chunkId = (index: number): string => String(index + 1).padStart(6, '0')

const metaChecksum = (vector: readonly unknown[], chunks: number): number => crc32(JSON.stringify([vector, chunks]))

const noLine = Buffer.alloc(0)

function linesOf(content: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < content.length;) {
    const end = content.indexOf('\n', start)
    if (end < 0) return [...lines, content.subarray(start)]
    lines.push(content.subarray(start, end))
    start = end + 1
  }
  return lines
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch {
    return null
  }
}

function readMeta(found: unknown): { readonly vector: VersionVector; readonly chunks: number } | null {
  if (typeof found !== 'object' || found === null) return null
  if (!('vector' in found) || !('chunks' in found) || !('c' in found)) return null
  const { vector, chunks, c } = found
  if (!Array.isArray(vector) || typeof chunks !== 'number' || chunks > limits.imageChunks) return null
  if (c !== metaChecksum(vector, chunks)) return null
  const read = new Map<OriginId, Sequence>()
  for (const entry of vector as readonly unknown[]) {
    if (!Array.isArray(entry)) return null
    const [origin, sequence] = entry as readonly unknown[]
    if (!isOriginId(origin) || typeof sequence !== 'number') return null
    read.set(origin, sequence)
  }
  return { vector: read, chunks }
}

/** A chunk whose checksum holds. */
interface Chunk {
  readonly _id: string
  /** The text, or the JSON string that it stands in. */
  readonly text: string | Buffer
}

class ChunkTexts implements Iterable<string> {
  readonly #texts: readonly Chunk['text'][]

  constructor(texts: readonly Chunk['text'][]) {
    this.#texts = texts
  }

  *[Symbol.iterator](): Generator<string> {
    for (const text of this.#texts) yield typeof text === 'string' ? text : String(parse(text))
  }
}

const chunkPattern = /^\{"_id":"(\d{6})","c":(\d{1,10}),"t":"/
const headChars = 64
const [quote, backslash, closingBrace] = [0x22, 0x5c, 0x7d]
/** A chunk of mails is nearly all base64. In one that has more of them it takes less time to make the text than to go around them. */
const escapesAtMost = 64

/** Null when it is damaged. */
function readChunk(line: Buffer): Chunk | null {
  const [start, _id, checksum] = chunkPattern.exec(line.toString('latin1', 0, headChars)) ?? []
  if (start === undefined || _id === undefined) return null
  if (line.at(-2) !== quote || line.at(-1) !== closingBrace) return null
  const found = checksumWithin(line.subarray(start.length, -2))
  if (found !== null) return found === Number(checksum) ? { _id, text: line.subarray(start.length - 1, -1) } : null
  const text = parse(line.subarray(start.length - 1, -1))
  return typeof text === 'string' && crc32(text) === Number(checksum) ? { _id, text } : null
}

/** The checksum of the text that stands in a JSON string, without making it; null where that would take long. */
function checksumWithin(json: Buffer): number | null {
  let checksum = 0
  let start = 0
  let escapes = 0
  for (let at = json.indexOf(backslash); at >= 0; at = json.indexOf(backslash, at + 2)) {
    const escaped = json[at + 1]
    escapes += 1
    if ((escaped !== quote && escaped !== backslash) || escapes > escapesAtMost) return null
    checksum = crc32(json.subarray(start, at), checksum)
    start = at + 1
  }
  return crc32(json.subarray(start), checksum)
}

/** The texts in order; null when one is missing, broken or too many. */
function orderChunks(chunks: readonly (Chunk | null)[], count: number): readonly Chunk['text'][] | null {
  const texts = new Map(chunks.filter((chunk) => chunk !== null).map(({ _id, text }) => [_id, text]))
  const ordered = Array.from({ length: count }, (_, index) => texts.get(chunkId(index)))
  const whole = ordered.filter((text) => text !== undefined)
  return whole.length === count ? whole : null
}

/** Whether a file that could not be read may be whole for all that: the machine has too many files open, the disk fails. */
const isPassing = (error: unknown): error is Error => {
  const code = systemCode(error)
  return code !== null && !notThere.has(code)
}

const notThere: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])
