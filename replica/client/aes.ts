import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'

import { concat, plain } from '../wire/bytes.ts'

export const aesKeyBytes = 32
export const aesNonceBytes = 12
const tagBytes = 16
const cipherName = 'aes-256-gcm'

// Node takes raw keys too, but finds out what they are by way of an exception: as key objects they cost a third.

/** AES-256-GCM. One key never sees one nonce twice: that is the caller's duty. */
export const aesSeal = (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, bound: Uint8Array): Uint8Array => {
  const cipher = createCipheriv(cipherName, createSecretKey(key), nonce)
  cipher.setAAD(bound)
  return concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Null when the key is not the right one or anything was changed. */
export const aesOpen = (
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  bound: Uint8Array,
): Uint8Array | null => {
  if (sealed.length < tagBytes) return null
  const decipher = createDecipheriv(cipherName, createSecretKey(key), nonce, { authTagLength: tagBytes })
  decipher.setAAD(bound)
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    const start = decipher.update(sealed.subarray(0, sealed.length - tagBytes))
    decipher.final()
    return plain(start)
  } catch {
    return null
  }
}
