import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { fewWaitingAnswers } from './libp2p-answers.ts'
import { fewProposals } from './libp2p-proposals.ts'
import { loadSodium, type Sodium } from './sodium.ts'

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

const lengthBytes = 2

/**
 * libp2p's noise without its two dear habits, which were half of the cost of a message: it encrypts by WebAssembly or with raw keys, which
 * node tells from key objects by way of an exception; and it finds out that a buffer is empty by way of another one. Where libsodium is not to be had it keeps
 * the first.
 */
export const quickNoise = (): ((components: NoiseComponents) => ConnectionEncrypter) => {
  const create = noise()
  return (components) => {
    const encrypter = create(components)
    const sodium = loadSodium()
    if (sodium !== null && hasCrypto(encrypter)) useSodium(encrypter, sodium)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    encrypter.secureOutbound = async (connection, options) => quietly(await secureOutbound(connection, options))
    encrypter.secureInbound = async (connection, options) => quietly(await secureInbound(connection, options))
    return encrypter
  }
}

const useSodium = (encrypter: NoiseWithCrypto, sodium: Sodium): void => {
  encrypter.crypto = {
    ...encrypter.crypto,
    encrypt: (text, nonce, bound, key) => sodium.encrypt(text.subarray(), nonce, bound, key),
    decrypt: (text, nonce, bound, key) => sodium.decrypt(text.subarray(), nonce, bound, key),
  }
}

const quietly = <Secured extends { readonly connection: MessageStream }>(secured: Secured): Secured => {
  fewWaitingAnswers(fewProposals(secured.connection))
  if (isDecoded(secured.connection)) secured.connection.decoder.lengthDecoder = lengthOf
  return secured
}

/** Of what is not whole yet any length will do for which too little has come: the decoder waits for more then, and nothing need be thrown. */
const lengthOf = (data: LengthBytes): number => (data.byteLength < lengthBytes ? 1 : data.get(0) * 256 + data.get(1))

const hasCrypto = (encrypter: ConnectionEncrypter): encrypter is NoiseWithCrypto => 'crypto' in encrypter

const isDecoded = (stream: MessageStream): stream is DecodedStream =>
  'decoder' in stream &&
  typeof stream.decoder === 'object' &&
  stream.decoder !== null &&
  'lengthDecoder' in stream.decoder
