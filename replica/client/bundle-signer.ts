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
    for (let start = 0; start < waiting.length; start += mostInBundle) {
      const bundle = waiting.slice(start, start + mostInBundle)
      const signatures = signPayloads(
        this.#groupId,
        bundle.map(({ unsigned }) => unsigned),
        this.#key,
      )
      bundle.forEach(({ signed }, index) => {
        const signature = signatures[index]
        if (signature !== undefined) signed(signature)
      })
    }
  }
}
