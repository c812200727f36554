import xsalsa20 from 'xsalsa20'
import { loadSodium } from './sodium.ts'

/** One direction of a connection, encrypted or decrypted from its first byte on. */
export interface StreamCipher {
  /** What comes next. The result may be in the place of `input` when that is `owned`. */
  update(input: Uint8Array, owned: 'owned' | 'shared'): Uint8Array
  /** It cannot be used any more. */
  end(): void
}

/** XSalsa20. `nonce` has 24 bytes, `key` 32. */
export const createStreamCipher = (nonce: Uint8Array, key: Uint8Array): StreamCipher => {
  const sodium = loadSodium()
  if (sodium === null) return assembled(nonce, key)
  const apply = sodium.streamCipher(nonce, key)
  return {
    update: (input, owned) => {
      const output = owned === 'owned' ? input : new Uint8Array(input.length)
      apply(input, output)
      return output
    },
    end: () => undefined,
  }
}

/** Less than the memory of the ciphers: beyond it, each cipher's growing makes every other one grow at its next use. */
const sliceBytes = 65_536

/**
 * In WebAssembly, where libsodium is not to be had. All these ciphers live in one memory, so each one's place is given back at its end, and
 * long inputs are cut.
 */
const assembled = (nonce: Uint8Array, key: Uint8Array): StreamCipher => {
  const cipher = xsalsa20(nonce, key)
  return {
    update: (input) => {
      if (input.length <= sliceBytes) return cipher.update(input)
      const output = new Uint8Array(input.length)
      for (let at = 0; at < input.length; at += sliceBytes) {
        cipher.update(input.subarray(at, at + sliceBytes), output.subarray(at, at + sliceBytes))
      }
      return output
    },
    end: () => {
      cipher.finalize()
    },
  }
}
