import { signedWithHead } from '../wire/header-proof.ts'
import type { PrivateKey } from '../wire/keys.ts'
import { mostInBundle } from '../wire/person-signature.ts'
import { signPayloads, type Unsigned } from '../wire/update-codec.ts'

interface Waiting {
  readonly unsigned: Unsigned
  readonly signed: (signature: Uint8Array) => void
}

/** Signs what is given in during one turn of the event loop together: one that comes alone is signed alone. */
export class BundleSigner {
  readonly #groupId: Uint8Array
  readonly #key: PrivateKey
  #waiting: Waiting[] = []

  constructor(groupId: Uint8Array, key: PrivateKey) {
    this.#groupId = groupId
    this.#key = key
  }

  sign(unsigned: Unsigned): Promise<Uint8Array> {
    return new Promise((signed) => {
      this.#waiting.push({ unsigned, signed })
      if (this.#waiting.length === 1) {
        setImmediate(() => {
          this.#flush()
        })
      }
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const alone = waiting.map(({ unsigned }) => this.#signedAlone(unsigned))
    const together = waiting.filter((_, index) => alone[index] === null).map(({ unsigned }) => unsigned)
    const signatures = this.#signedTogether(together)
    // In the order in which they were given in.
    waiting.forEach(({ signed }, index) => {
      const signature = alone[index] ?? signatures.next().value
      if (signature !== undefined) signed(signature)
    })
  }

  /** A mail with a long body is a bundle by itself, with its head; null for anything else. */
  #signedAlone({ kind, payload }: Unsigned): Uint8Array | null {
    return kind === 'mail' ? signedWithHead(this.#groupId, payload, this.#key) : null
  }

  *#signedTogether(unsigned: readonly Unsigned[]): Generator<Uint8Array, undefined> {
    for (let start = 0; start < unsigned.length; start += mostInBundle)
      yield* signPayloads(this.#groupId, unsigned.slice(start, start + mostInBundle), this.#key)
  }
}
