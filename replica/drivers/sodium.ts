import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { useQuickVerification } from '../wire/keys.ts'

/**
 * libsodium, for what node's crypto does at a higher price: half of a verification is OpenSSL's slower arithmetic, and of a short
 * message's encryption most is the making of OpenSSL's objects (docs/performance.md). Wrong lengths are errors of the caller, and throw.
 */
export interface Sodium {
  /** Whether `signature` (64 bytes) is the Ed25519 signature of `bytes` by the raw `publicKey` (32 bytes). */
  readonly verify: (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean
  /** ChaCha20-Poly1305 (RFC 8439): the encrypted text, then its tag of 16 bytes. `nonce` has 12 bytes, `key` 32. */
  encrypt(text: Uint8Array, nonce: Uint8Array, bound: Uint8Array, key: Uint8Array): Uint8Array
  /** The way back. Throws when anything was changed. */
  decrypt(sealed: Uint8Array, nonce: Uint8Array, bound: Uint8Array, key: Uint8Array): Uint8Array
  /**
   * XSalsa20 from its first byte on. `nonce` has 24 bytes, `key` 32. What is returned encrypts or decrypts what comes next; `result` is as long
   * as `text`, and may be the same memory.
   */
  streamCipher(nonce: Uint8Array, key: Uint8Array): (text: Uint8Array, result: Uint8Array) => void
}

/** What is used of sodium-native's binary. It ends the process when a length is wrong. */
interface Binding {
  readonly crypto_stream_xor_STATEBYTES: number
  crypto_sign_verify_detached(
    signature: ArrayBufferLike,
    signatureAt: number,
    signatureLength: number,
    bytes: ArrayBufferLike,
    bytesAt: number,
    bytesLength: number,
    key: ArrayBufferLike,
    keyAt: number,
    keyLength: number,
  ): boolean
  /** Negative when it failed, as is the next one's. */
  crypto_aead_chacha20poly1305_ietf_encrypt(
    sealed: Uint8Array,
    text: Uint8Array,
    bound: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  crypto_aead_chacha20poly1305_ietf_decrypt(
    text: Uint8Array,
    sealed: Uint8Array,
    bound: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  crypto_stream_xor_init(state: Uint8Array, nonce: Uint8Array, key: Uint8Array): void
  crypto_stream_xor_update(state: Uint8Array, result: Uint8Array, text: Uint8Array): void
}

/** libuv's, by default. */
const threadsOfPool = 4
const keyBytes = 32
const signatureBytes = 64
const tagBytes = 16
const aeadNonceBytes = 12
const streamNonceBytes = 24

let loaded: Sodium | null | undefined

/** Null where there is none for this machine: everything can be done without it. */
export const loadSodium = (): Sodium | null => {
  if (loaded === undefined) {
    const binding = loadBinding()
    loaded = binding && wrapped(binding)
  }
  return loaded
}

/** From now on this process verifies with it, where it is to be had. */
export const verifyWithSodium = (): void => {
  const sodium = loadSodium()
  const coresBeside = Math.min(threadsOfPool, availableParallelism() - 1)
  if (sodium !== null) useQuickVerification({ verify: sodium.verify, coresBeside, nextTurn: setImmediate })
}

/**
 * The module's own way to its binary loads 18 files, which takes eight times as long as the binary. A package of the app has neither: a
 * binary would have to lie beside the archive that alone is checked against changes.
 */
const loadBinding = (): Binding | null => {
  const load = createRequire(import.meta.url)
  try {
    return load(`sodium-native/prebuilds/${process.platform}-${process.arch}/sodium-native.node`) as Binding
  } catch {
    return null
  }
}

const wrapped = (binding: Binding): Sodium => ({
  verify: (publicKey, bytes, signature) => {
    requireLength(publicKey, keyBytes)
    requireLength(signature, signatureBytes)
    return binding.crypto_sign_verify_detached(...spanOf(signature), ...spanOf(bytes), ...spanOf(publicKey))
  },
  encrypt: (text, nonce, bound, key) => {
    requireLength(nonce, aeadNonceBytes)
    requireLength(key, keyBytes)
    const sealed = new Uint8Array(text.length + tagBytes)
    const state = binding.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, text, bound, nonce, key)
    if (state < 0) throw new Error('the text could not be encrypted')
    return sealed
  },
  decrypt: (sealed, nonce, bound, key) => {
    requireLength(nonce, aeadNonceBytes)
    requireLength(key, keyBytes)
    if (sealed.length < tagBytes) throw new RangeError('an encrypted text has a tag')
    const text = new Uint8Array(sealed.length - tagBytes)
    const state = binding.crypto_aead_chacha20poly1305_ietf_decrypt(text, sealed, bound, nonce, key)
    if (state < 0) throw new Error('the encrypted text was changed')
    return text
  },
  streamCipher: (nonce, key) => {
    requireLength(nonce, streamNonceBytes)
    requireLength(key, keyBytes)
    const state = new Uint8Array(binding.crypto_stream_xor_STATEBYTES)
    binding.crypto_stream_xor_init(state, nonce, key)
    return (text, result) => {
      requireLength(result, text.length)
      binding.crypto_stream_xor_update(state, result, text)
    }
  },
})

const spanOf = ({ buffer, byteOffset, byteLength }: Uint8Array): [ArrayBufferLike, number, number] => [
  buffer,
  byteOffset,
  byteLength,
]

const requireLength = (bytes: Uint8Array, length: number): void => {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes instead of ${length}`)
}
