import { seededRandom } from '../bench/corpus.ts'

/** Numbers at which programs err, and the bytes that begin each kind of CBOR value. */
const telling = [
  ...[0, 1, 23, 24, 25, 26, 27, 28, 31, 0x7f, 0x80, 0xff],
  ...[0x1b, 0x3b, 0x40, 0x58, 0x5b, 0x5f, 0x60, 0x7b, 0x80, 0x98, 0x9b, 0x9f, 0xa0, 0xbf, 0xc0, 0xf4, 0xf6, 0xf7, 0xfb],
]
const tellingTexts = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  '1e999',
  '-1',
  '__proto__',
  '\u0000',
  '\ud800',
  '﷽',
  '"id":{}',
]
const mostChanges = 6
const longestCopy = 64
const mostBytes = 65_536

/** Makes inputs from others: the same ones for the same seed. */
export class Mutator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('there is nothing to choose from')
    return item
  }

  /** Another input, from one or two of `inputs`. */
  next(inputs: readonly Uint8Array[]): Uint8Array {
    let bytes = Buffer.from(this.pick(inputs))
    for (let changes = 1 + this.below(mostChanges); changes > 0; changes -= 1) bytes = this.#change(bytes, inputs)
    return new Uint8Array(bytes.subarray(0, mostBytes))
  }

  #change(bytes: Buffer<ArrayBuffer>, inputs: readonly Uint8Array[]): Buffer<ArrayBuffer> {
    const at = this.below(bytes.length + 1)
    const length = this.below(Math.min(longestCopy, bytes.length - at + 1))
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    switch (this.below(8)) {
      case 0:
        return Buffer.concat([before, Buffer.from([this.pick(telling)]), after.subarray(1)])
      case 1:
        return Buffer.concat([before, Buffer.from([(bytes[at] ?? 0) ^ (1 << this.below(8))]), after.subarray(1)])
      case 2:
        return Buffer.concat([before, after.subarray(length)])
      case 3:
        return Buffer.concat([before, after.subarray(0, length), after])
      case 4: {
        const other = Buffer.from(this.pick(inputs))
        const from = this.below(other.length + 1)
        return Buffer.concat([before, other.subarray(from, from + this.below(longestCopy)), after])
      }
      case 5:
        return Buffer.concat([before, Buffer.from(this.pick(tellingTexts)), after])
      case 6:
        // Arrays in arrays.
        return Buffer.concat([before, Buffer.alloc(this.below(3_000), this.pick([0x81, 0x5b, 0x7b])), after])
      default:
        return Buffer.from(before)
    }
  }
}
