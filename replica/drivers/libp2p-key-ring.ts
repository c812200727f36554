import { Buffer } from 'node:buffer'
import { limits } from '../core/model/limits.ts'
import type { GroupKeys } from '../host/ports.ts'

/**
 * Which key a connection goes by. Who dials has to choose, so it tries the present key and former ones in turn until an
 * address answers; who listens sees by the first bytes which one it is.
 */
export class KeyRing {
  #keys: GroupKeys
  /** Tries at an address since one succeeded there. */
  readonly #tries = new Map<string, number>()
  readonly #onFormer = new WeakSet()

  constructor(keys: GroupKeys) {
    this.#keys = keys
  }

  set keys(keys: GroupKeys) {
    this.#keys = { present: keys.present, former: keys.former.slice(0, limits.formerKeys) }
    this.#tries.clear()
  }

  get present(): Uint8Array {
    return this.#keys.present
  }

  /** For the next try at an address. */
  keyFor(address: string): Uint8Array {
    const { present, former } = this.#keys
    const tries = this.#tries.get(address) ?? 0
    if (this.#tries.size >= limits.vectorEntries) this.#tries.clear()
    this.#tries.set(address, tries + 1)
    if (tries % 2 === 0 || former.length === 0) return present
    return former[((tries - 1) / 2) % former.length] ?? present
  }

  /**
   * The key led to the peer at `address`: the next time the present key is tried there, and then, if it was a former one, that. Who listens may
   * send away by a former key whom it lets in by the present one.
   */
  succeeded(address: string): void {
    const last = Math.max(0, (this.#tries.get(address) ?? 1) - 1)
    this.#tries.set(address, last - (last % 2))
  }

  all(): readonly Uint8Array[] {
    return [this.#keys.present, ...this.#keys.former]
  }

  /** Notes by which key a connection came in. */
  note(connection: object, key: Uint8Array): void {
    if (Buffer.compare(key, this.#keys.present) !== 0) this.#onFormer.add(connection)
  }

  /** Whether the connection goes by a key that is not the present one any more. */
  isOnFormer(connection: object): boolean {
    return this.#onFormer.has(connection)
  }
}
