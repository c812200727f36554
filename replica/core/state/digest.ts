const lanes = 4
const seeds = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const
const factors = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const

/**
 * An order-free 128-bit digest of a set of texts: the sum, lane by lane, of each text's hash. It tells equal
 * states from different ones; it is no defence against somebody who makes collisions on purpose.
 */
export class SetDigest {
  readonly #sums = [0, 0, 0, 0]

  add(text: string): void {
    for (let lane = 0; lane < lanes; lane += 1) {
      this.#sums[lane] = ((this.#sums[lane] ?? 0) + hashLane(text, seeds[lane] ?? 0, factors[lane] ?? 1)) >>> 0
    }
  }

  /** Takes out a text that was added. */
  remove(text: string): void {
    for (let lane = 0; lane < lanes; lane += 1) {
      this.#sums[lane] = ((this.#sums[lane] ?? 0) - hashLane(text, seeds[lane] ?? 0, factors[lane] ?? 1)) >>> 0
    }
  }

  /** Adds all that `other` holds. */
  addAll(other: SetDigest): void {
    for (let lane = 0; lane < lanes; lane += 1) {
      this.#sums[lane] = ((this.#sums[lane] ?? 0) + (other.#sums[lane] ?? 0)) >>> 0
    }
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return this.#sums.map((sum) => sum.toString(16).padStart(8, '0')).join('')
  }
}

const hashLane = (text: string, seed: number, factor: number): number => {
  let mixed = seed
  for (let index = 0; index < text.length; index += 1) mixed = Math.imul(mixed ^ text.charCodeAt(index), factor)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  mixed ^= mixed >>> 12
  return mixed >>> 0
}
