import type { AccountId } from '../../core/model/ids.ts'
import { concat, sha256, utf8 } from '../../wire/bytes.ts'
import { aesNonceBytes, aesOpen, aesSeal } from '../aes.ts'
import type { ClientStore, RandomBytes, StoreFolder } from '../client-ports.ts'
import { buildBytes, decodeSegment, encodeSegment, type SavedSegment } from './index-file.ts'
import { SearchIndex } from './search-index.ts'
import type { Turns } from './turns.ts'

export interface SavedIndexOptions {
  readonly store: ClientStore
  readonly account: AccountId
  /** AES-256. */
  readonly key: Uint8Array
  readonly random: RandomBytes
}

const sealLabel = utf8('quintet/1/search-index')
const digitsOfName = 6
const namePattern = /^segment-[0-9]{6}$/

/** A person's index on this machine's disk: a sealed file for each segment, of which only the last changes often. */
export class SavedIndex {
  readonly #folder: StoreFolder
  readonly #options: SavedIndexOptions
  readonly #build: Uint8Array
  /** How many mails each file has as it stands on the disk, those that were removed included. */
  readonly #saved: number[]

  private constructor(folder: StoreFolder, options: SavedIndexOptions, build: Uint8Array, saved: number[]) {
    this.#folder = folder
    this.#options = options
    this.#build = build
    this.#saved = saved
  }

  /**
   * What of the index can be read, file by file from the first: what comes after one that is missing, damaged or of another version
   * is thrown away, and its mails are indexed anew.
   */
  static async load(
    options: SavedIndexOptions,
    turns: Turns,
  ): Promise<{ readonly saved: SavedIndex; readonly index: SearchIndex }> {
    const folder = await options.store.open(folderOf(options.account))
    const index = new SearchIndex()
    const saved: number[] = []
    let build: Uint8Array | null = null
    const names = (await folder.names()).filter((name) => namePattern.test(name)).sort()
    for (const name of names) {
      const file = name === nameOf(saved.length) ? await readFile(folder, name, options) : null
      const fits =
        file?.number === saved.length && file.firstWord === index.vocabulary.size && areNew(file.words, index)
      if (file === null || !fits || (build !== null && !sameBuild(build, file.build))) break
      build = file.build
      await turns.pass()
      index.restore(file.segment, file.words)
      saved.push(file.segment.mails.length)
    }
    if (folder.isWritable) for (const name of names.slice(saved.length)) await folder.remove(name)
    return { saved: new SavedIndex(folder, options, build ?? options.random(buildBytes), saved), index }
  }

  /** Writes the segments that have changed. */
  async save(index: SearchIndex, turns: Turns): Promise<void> {
    if (!this.#folder.isWritable) return
    for (const [number, segment] of index.segments.entries()) {
      if (this.#saved[number] === segment.mails.length) continue
      await turns.pass()
      const firstWord = index.firstWordOf(number)
      const words = index.vocabulary.between(firstWord, index.firstWordOf(number + 1))
      const mails = segment.mails.length
      const bytes = encodeSegment({ build: this.#build, number, firstWord, words, segment })
      await turns.pass()
      await this.#folder.write(nameOf(number), sealed(bytes, nameOf(number), this.#options))
      this.#saved[number] = mails
    }
  }

  /** Removes what there is of an account's index. */
  static async discard(options: SavedIndexOptions): Promise<void> {
    const folder = await options.store.open(folderOf(options.account))
    try {
      if (!folder.isWritable) return
      for (const name of await folder.names()) if (namePattern.test(name)) await folder.remove(name)
    } finally {
      await folder.close()
    }
  }

  close(): Promise<void> {
    return this.#folder.close()
  }
}

/** Null when it cannot be read. */
const readFile = async (
  folder: StoreFolder,
  name: string,
  options: SavedIndexOptions,
): Promise<SavedSegment | null> => {
  const file = await folder.read(name)
  const bytes =
    file === null
      ? null
      : aesOpen(options.key, file.subarray(0, aesNonceBytes), file.subarray(aesNonceBytes), boundTo(name, options))
  const decoded = bytes === null ? null : decodeSegment(bytes)
  return decoded?.ok === true ? decoded.value : null
}

const sealed = (bytes: Uint8Array, name: string, options: SavedIndexOptions): Uint8Array => {
  const nonce = options.random(aesNonceBytes)
  return concat([nonce, aesSeal(options.key, nonce, bytes, boundTo(name, options))])
}

const boundTo = (name: string, { account }: SavedIndexOptions): Uint8Array =>
  concat([sealLabel, utf8(account), utf8(name)])

const nameOf = (number: number): string => `segment-${String(number).padStart(digitsOfName, '0')}`

/** The folder's name does not tell whose it is. */
const folderOf = (account: AccountId): string =>
  `search-${Buffer.from(sha256(utf8(account)).subarray(0, 10)).toString('hex')}`

/** Words go by their numbers: one that is known already would give all after it the numbers of others. */
const areNew = (words: readonly string[], { vocabulary }: SearchIndex): boolean =>
  new Set(words).size === words.length && words.every((word) => vocabulary.find(word) === undefined)

const sameBuild = (left: Uint8Array, right: Uint8Array): boolean => left.every((byte, index) => byte === right[index])
