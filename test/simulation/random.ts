/** A small seeded generator (sfc32, Chris Doty-Humphrey's PractRand): one seed, one history. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0
    this.#c = 0x9e3779b9
    for (let round = 0; round < warmUpRounds; round += 1) this.#uint32()
  }

  /** From 0, below 1. */
  next(): number {
    return this.#uint32() / 0x1_0000_0000
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Value>(values: readonly Value[]): Value | undefined {
    return values[this.int(0, values.length - 1)]
  }

  /** The values in chance's order. */
  shuffled<Value>(values: readonly Value[]): Value[] {
    return values
      .map((value) => ({ value, rank: this.next() }))
      .sort((left, right) => left.rank - right.rank)
      .map(({ value }) => value)
  }

  /** Mostly short, now and then long: about `meanMs` on average. */
  waitMs(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#uint32() & 0xff)
  }

  /** Another generator that goes its own way from here. */
  fork(): Random {
    return new Random(this.#uint32() * 0x1_0000 + (this.#uint32() & 0xffff))
  }

  #uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return sum >>> 0
  }
}

const warmUpRounds = 12
