import { aesKeyBytes, aesNonceBytes, aesSeal } from '../../replica/client/aes.ts'
import { encodeBody, encodeHeader } from '../../replica/client/mail-content.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import { encodeAccountPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { signatureBytes } from '../../replica/wire/keys.ts'
import { textOf } from '../bench/corpus.ts'
import type { Random } from '../simulation/random.ts'
import { newCommandId } from '../simulation/sim-codec.ts'

const differentLetters = 64
const bodyChars = 1_000
const sealKeyBytes = 32
/** As a client makes them: keys under a password, and under a recovery phrase. */
const sealedKeysBytes = 345
const encapsulatedBytes = 32
const wrappedKeyBytes = 48

/** What of a letter is sealed. */
interface Sealed {
  readonly header: Uint8Array
  readonly body: Uint8Array
}

/**
 * Letters of 1,000 characters as a client makes them: compressed, sealed and encoded by its own functions. Only the HPKE
 * encapsulations and the signatures are random bytes of their size: nobody opens or verifies them in a simulation.
 */
export class Letters {
  readonly #random: Random
  readonly #sealed: readonly Sealed[]

  private constructor(random: Random, sealed: readonly Sealed[]) {
    this.#random = random
    this.#sealed = sealed
  }

  static async write(random: Random): Promise<Letters> {
    const sealed: Sealed[] = []
    const nonce = new Uint8Array(aesNonceBytes)
    const unbound = new Uint8Array()
    while (sealed.length < differentLetters) {
      const text = textOf('natural', bodyChars, () => random.next())
      const subject = `letter ${sealed.length + 1}`
      const header = encodeHeader({
        subject,
        snippet: snippetOf(text),
        addressed: 1,
        inReplyTo: null,
        writtenAt: 1_700_000_000_000,
        attachmentCount: 0,
      })
      const key = random.bytes(aesKeyBytes)
      const body = aesSeal(key, nonce, await encodeBody({ body: text, files: [] }), unbound)
      sealed.push({ header: aesSeal(key, nonce, header, unbound), body })
    }
    return new Letters(random, sealed)
  }

  /** Another letter each time. */
  mail(account: AccountId, to: readonly AccountId[]): SignedChange {
    const command = newCommandId(this.#random)
    const { header, body } = this.#random.pick(this.#sealed) ?? { header: new Uint8Array(), body: new Uint8Array() }
    const wraps = [account, ...to].map(() => ({
      enc: this.#random.bytes(encapsulatedBytes),
      wrappedKey: this.#random.bytes(wrappedKeyBytes),
    }))
    const mail = { account, command, to, conversation: null, wraps, sealedHeader: header, sealedBody: body }
    const change = { kind: 'mail', account, command, to, conversation: null } as const
    return { change, payload: encodeMailPayload(mail), signature: this.#random.bytes(signatureBytes) }
  }

  signUp(account: AccountId, name: string): SignedChange {
    const change = {
      kind: 'account',
      account,
      command: newCommandId(this.#random),
      name,
      sealKey: this.#random.bytes(sealKeyBytes),
      sealedKeys: this.#random.bytes(sealedKeysBytes),
    } as const
    return { change, payload: encodeAccountPayload(change), signature: this.#random.bytes(signatureBytes) }
  }
}
