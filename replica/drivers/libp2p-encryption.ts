import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'

type NoiseFactory = ReturnType<typeof noise>
type NoiseComponents = Parameters<NoiseFactory>[0]

/** Bytes that are in one piece or in several. */
interface ByteList {
  readonly byteLength: number
  subarray(start?: number, end?: number): Uint8Array
}

type Aead = (text: ByteList, nonce: Uint8Array, bound: Uint8Array, key: Uint8Array) => unknown

interface NoiseWithCrypto extends ConnectionEncrypter {
  crypto: { readonly encrypt: Aead; readonly decrypt: Aead }
}

interface DecodedStream extends MessageStream {
  readonly decoder: { lengthDecoder: (data: LengthBytes) => number }
}

interface LengthBytes {
  readonly byteLength: number
  get(index: number): number
}

const cipherName = 'chacha20-poly1305'
const tagBytes = 16
const lengthBytes = 2
/** Below this libp2p's own WebAssembly is faster than a call into node's crypto. */
const smallBytes = 512

/**
 * libp2p's noise without its two dear habits, which were half of the cost of a message: it gives node raw keys, which node
 * tells from key objects by way of an exception; and it finds out that a buffer is empty by way of another one.
 */
export const quickNoise = (): ((components: NoiseComponents) => ConnectionEncrypter) => {
  const create = noise()
  return (components) => {
    const encrypter = create(components)
    if (hasCrypto(encrypter)) useKeyObjects(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    encrypter.secureOutbound = async (connection, options) => quietly(await secureOutbound(connection, options))
    encrypter.secureInbound = async (connection, options) => quietly(await secureInbound(connection, options))
    return encrypter
  }
}

const useKeyObjects = (encrypter: NoiseWithCrypto): void => {
  const given = encrypter.crypto
  const objects = new WeakMap<Uint8Array, KeyObject>()
  const objectOf = (key: Uint8Array): KeyObject => {
    const object = objects.get(key) ?? createSecretKey(key)
    objects.set(key, object)
    return object
  }
  encrypter.crypto = {
    ...given,
    encrypt: (text, nonce, bound, key) => {
      if (text.byteLength < smallBytes) return given.encrypt(text, nonce, bound, key)
      const cipher = createCipheriv(cipherName, objectOf(key), nonce, { authTagLength: tagBytes })
      cipher.setAAD(bound, { plaintextLength: text.byteLength })
      return Buffer.concat([cipher.update(text.subarray()), cipher.final(), cipher.getAuthTag()])
    },
    decrypt: (text, nonce, bound, key) => {
      if (text.byteLength < smallBytes) return given.decrypt(text, nonce, bound, key)
      const end = text.byteLength - tagBytes
      const decipher = createDecipheriv(cipherName, objectOf(key), nonce, { authTagLength: tagBytes })
      decipher.setAAD(bound, { plaintextLength: end })
      decipher.setAuthTag(text.subarray(end))
      const opened = decipher.update(text.subarray(0, end))
      decipher.final()
      return opened
    },
  }
}

const quietly = <Secured extends { readonly connection: MessageStream }>(secured: Secured): Secured => {
  if (isDecoded(secured.connection)) secured.connection.decoder.lengthDecoder = lengthOf
  return secured
}

/** One error for all times: what costs is to note where it was thrown, and the decoder only waits for more then. */
const notWhole = new RangeError('the length is not whole yet')

const lengthOf = (data: LengthBytes): number => {
  if (data.byteLength < lengthBytes) throw notWhole
  return data.get(0) * 256 + data.get(1)
}

const hasCrypto = (encrypter: ConnectionEncrypter): encrypter is NoiseWithCrypto => 'crypto' in encrypter

const isDecoded = (stream: MessageStream): stream is DecodedStream =>
  'decoder' in stream &&
  typeof stream.decoder === 'object' &&
  stream.decoder !== null &&
  'lengthDecoder' in stream.decoder
