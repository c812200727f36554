const lanes = 4
const seeds = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const
const factors = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const
const wordRange = 0x1_0000_0000

/** Texts whose hashes are kept: those of people and logs come again and again, a document's name twice in all. */
const keptHashes = 4_096

/** Texts that come again and again (ids), and whole numbers from 0 up. */
export type DigestPart = string | number

/**
 * An order-free 128-bit digest of a set of texts and records: the sum, lane by lane, of each one's hash. It tells equal
 * states from different ones; it is no defence against somebody who makes collisions on purpose.
 */
export class SetDigest {
  readonly #sums = new Uint32Array(lanes)
  readonly #hash = new Uint32Array(lanes)
  /** A record's ids are hashed once and then known: a start takes in as many records as there are mails. */
  readonly #known = new Map<string, Uint32Array>()

  add(text: string): void {
    for (let lane = 0; lane < lanes; lane += 1) this.#raise(lane, hashLane(text, lane))
  }

  addRecord(parts: readonly DigestPart[]): void {
    this.#hashRecord(parts)
    for (let lane = 0; lane < lanes; lane += 1) this.#raise(lane, this.#hash[lane] ?? 0)
  }

  /** Takes out a record that was added. */
  removeRecord(parts: readonly DigestPart[]): void {
    this.#hashRecord(parts)
    for (let lane = 0; lane < lanes; lane += 1) this.#raise(lane, -(this.#hash[lane] ?? 0))
  }

  /** Adds all that `other` holds. */
  addAll(other: SetDigest): void {
    for (let lane = 0; lane < lanes; lane += 1) this.#raise(lane, other.#sums[lane] ?? 0)
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return Array.from(this.#sums, (sum) => sum.toString(16).padStart(8, '0')).join('')
  }

  #raise(lane: number, by: number): void {
    this.#sums[lane] = (this.#sums[lane] ?? 0) + by
  }

  #hashRecord(parts: readonly DigestPart[]): void {
    this.#hash.set(seeds)
    for (const part of parts) {
      if (typeof part === 'string') {
        const hash = this.#hashOf(part)
        for (let lane = 0; lane < lanes; lane += 1) this.#mix(lane, hash[lane] ?? 0)
      } else {
        const high = Math.floor(part / wordRange)
        for (let lane = 0; lane < lanes; lane += 1) {
          this.#mix(lane, part >>> 0)
          this.#mix(lane, high)
        }
      }
    }
    for (let lane = 0; lane < lanes; lane += 1) this.#hash[lane] = finish(this.#hash[lane] ?? 0)
  }

  #mix(lane: number, word: number): void {
    const mixed = Math.imul((this.#hash[lane] ?? 0) ^ word, factors[lane] ?? 1)
    this.#hash[lane] = (mixed << 13) | (mixed >>> 19)
  }

  #hashOf(text: string): Uint32Array {
    let hash = this.#known.get(text)
    if (hash === undefined) {
      hash = Uint32Array.from({ length: lanes }, (_, lane) => hashLane(text, lane))
      if (this.#known.size >= keptHashes) this.#known.clear()
      this.#known.set(text, hash)
    }
    return hash
  }
}

/** Of a table's entries: kept up with every change once it was asked for, because a start takes in as many as there are. */
export class TableDigest<Entry> {
  readonly #partsOf: (entry: Entry) => readonly DigestPart[]
  #digest: SetDigest | null = null

  constructor(partsOf: (entry: Entry) => readonly DigestPart[]) {
    this.#partsOf = partsOf
  }

  add(entry: Entry): void {
    this.#digest?.addRecord(this.#partsOf(entry))
  }

  /** Of one that was in the table. */
  remove(entry: Entry): void {
    this.#digest?.removeRecord(this.#partsOf(entry))
  }

  /** The table has been filled anew. */
  clear(): void {
    this.#digest = null
  }

  /** Adds all entries to the digest of the whole state. */
  addTo(digest: SetDigest, entries: () => Iterable<Entry>): void {
    if (this.#digest === null) {
      this.#digest = new SetDigest()
      for (const entry of entries()) this.add(entry)
    }
    digest.addAll(this.#digest)
  }
}

/** 32 hexadecimal digits of a list. */
export const digestOf = (parts: readonly DigestPart[]): string => {
  const digest = new SetDigest()
  digest.addRecord(parts)
  return digest.toString()
}

const hashLane = (text: string, lane: number): number => {
  const factor = factors[lane] ?? 1
  let mixed: number = seeds[lane] ?? 0
  for (let index = 0; index < text.length; index += 1) mixed = Math.imul(mixed ^ text.charCodeAt(index), factor)
  return finish(mixed)
}

/** Lets every bit have a say in every other. */
const finish = (hash: number): number => {
  let mixed = hash
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  mixed ^= mixed >>> 12
  return mixed >>> 0
}
