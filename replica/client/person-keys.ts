import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, type webcrypto } from 'node:crypto'

import type { AccountId } from '../core/model/ids.ts'
import { fromBase64Url, utf8 } from '../wire/bytes.ts'
import { accountIdOf, publicKeyOf, toPrivateKey } from '../wire/keys.ts'
import type { RandomBytes } from './client-ports.ts'
import { aesKeyBytes } from './aes.ts'
import { importPrivateKey, importPublicKey } from './hpke.ts'

/** What the password locks away: 32 bytes each. Any 32 random bytes are a key of their kind (RFC 8032, RFC 7748). */
export interface PrivateHalves {
  readonly signSeed: Uint8Array
  readonly sealSecret: Uint8Array
}

/** A person's keys, ready for use. The private ones stay in this process. */
export interface PersonKeys {
  readonly account: AccountId
  /** What all the others come from. */
  readonly halves: PrivateHalves
  readonly signKey: KeyObject
  /** The X25519 pair to which mail is sealed. */
  readonly sealPair: webcrypto.CryptoKeyPair
  /** Its public half, raw. */
  readonly sealKey: Uint8Array
  /** Seals the person's own documents (AES-256). */
  readonly documentKey: Uint8Array
  /** Seals what a client keeps for this person on the machine's disk (AES-256); it outlives a change of password. */
  readonly storeKey: Uint8Array
}

const documentLabel = utf8('quintet/1/documents')
const storeLabel = utf8('quintet/1/client-store')
const noSalt = new Uint8Array()

// What stands before a raw X25519 private key in the DER form of RFC 8410.
const x25519Prefix = fromBase64Url('MC4CAQAwBQYDK2VuBCIEIA')

export const makePrivateHalves = (random: RandomBytes): PrivateHalves => ({
  signSeed: random(32),
  sealSecret: random(32),
})

export const personKeysOf = async (halves: PrivateHalves): Promise<PersonKeys> => {
  const { signSeed, sealSecret } = halves
  const sealKey = sealKeyOf(sealSecret)
  const [privateKey, publicKey] = await Promise.all([importPrivateKey(sealSecret), importPublicKey(sealKey)])
  return {
    account: accountIdOf(publicKeyOf(signSeed)),
    halves,
    signKey: toPrivateKey(signSeed),
    sealPair: { privateKey, publicKey },
    sealKey,
    documentKey: derivedKey(sealSecret, documentLabel),
    storeKey: derivedKey(sealSecret, storeLabel),
  }
}

const derivedKey = (secret: Uint8Array, label: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, noSalt, label, aesKeyBytes))

const sealKeyOf = (sealSecret: Uint8Array): Uint8Array => {
  const key = createPrivateKey({ key: Buffer.concat([x25519Prefix, sealSecret]), format: 'der', type: 'pkcs8' })
  return fromBase64Url(createPublicKey(key).export({ format: 'jwk' }).x ?? '')
}
