import { Random } from '../simulation/random.ts'

const middle = 0.4
const width = 0.2

/**
 * Chance that stays in the middle: what is likely happens, what is not does not, and what takes time takes about as long as usual. So a
 * scenario goes the same way each time but for what is made to go wrong; seeds differ in small delays alone.
 */
export class Calm extends Random {
  #lot: number | null = null

  override next(): number {
    return this.#lot ?? middle + width * super.next()
  }

  override fork(): Calm {
    return new Calm(Math.floor(super.next() * Number.MAX_SAFE_INTEGER))
  }

  /** While `task` runs every lot is this one. */
  during(lot: 'lowest' | 'highest', task: () => void): void {
    this.#lot = lot === 'lowest' ? 0 : 1 - Number.EPSILON
    task()
    this.#lot = null
  }
}
