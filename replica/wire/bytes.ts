import { createHash, hash } from 'node:crypto'

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** The same memory as a plain `Uint8Array`, so that a `Buffer` never travels further than the call that made it. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const toBase64Url = (bytes: Uint8Array): string => asBuffer(bytes).toString('base64url')
export const fromBase64Url = (text: string): Uint8Array => plain(Buffer.from(text, 'base64url'))
export const toBase64 = (bytes: Uint8Array): string => asBuffer(bytes).toString('base64')
export const fromBase64 = (text: string): Uint8Array => plain(Buffer.from(text, 'base64'))

export const concat = (parts: readonly Uint8Array[]): Uint8Array => plain(Buffer.concat(parts))
export const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0

/** An unsigned 64-bit big-endian integer; `value` is a safe integer. */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

/** Most of what is hashed is shorter: a mail of a page, a node of a tree. */
const scratch = new Uint8Array(4_096)

/** Of SHA-256. */
export const hashBytes = 32

/** SHA-256 over the parts as if they were one. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  if (length > scratch.length) {
    const digest = createHash('sha256')
    for (const part of parts) digest.update(part)
    return plain(digest.digest())
  }
  // A hash object for each costs more than to put the parts together.
  let end = 0
  for (const part of parts) {
    scratch.set(part, end)
    end += part.length
  }
  return plain(hash('sha256', scratch.subarray(0, length), 'buffer'))
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
