import { createHmac, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto'

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

import type { AccountId, CommandId } from '../core/model/ids.ts'
import { concat, fromBase64Url, plain, utf8 } from '../wire/bytes.ts'
import { aesKeyBytes } from './aes.ts'

/** HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })

const infoLabel = utf8('quintet/1/mail')
const exportContext = utf8('quintet/1/wrapping-keys')
const expandLabel = utf8('key')
const firstBlock = new Uint8Array([1])

/** Both sides' view of one encapsulation: it gives each mail its own wrapping key. */
export interface MailKeys {
  /** A key that is used once: 32 bytes, bound to the mail's command. */
  wrappingKey(command: CommandId): Uint8Array
}

export interface SenderMailKeys extends MailKeys {
  /** What lets the recipient come to the same keys: 32 bytes. */
  readonly enc: Uint8Array
}

/** Ties an encapsulation to the group and to the sender, so that it can be carried into no other. */
export const mailInfo = (groupId: Uint8Array, sender: AccountId): Uint8Array =>
  concat([infoLabel, groupId, fromBase64Url(sender)])

/** Encapsulates anew for a recipient. Rejects when the recipient's key is not a usable one. */
export const senderMailKeys = async (info: Uint8Array, recipient: webcrypto.CryptoKey): Promise<SenderMailKeys> => {
  const context = await suite.createSenderContext({ recipientPublicKey: recipient, info })
  return { enc: new Uint8Array(context.enc), wrappingKey: wrappingKeys(await exportSecret(context)) }
}

/** Decapsulates with a recipient's pair. Rejects when `enc` is not a usable key. */
export const recipientMailKeys = async (
  info: Uint8Array,
  pair: webcrypto.CryptoKeyPair,
  enc: Uint8Array,
): Promise<MailKeys> => {
  const context = await suite.createRecipientContext({ recipientKey: pair, enc, info })
  return { wrappingKey: wrappingKeys(await exportSecret(context)) }
}

/** Imports a raw X25519 public key; rejects what is none. */
export const importPublicKey = (raw: Uint8Array): Promise<webcrypto.CryptoKey> => suite.kem.deserializePublicKey(raw)
export const importPrivateKey = (raw: Uint8Array): Promise<webcrypto.CryptoKey> => suite.kem.deserializePrivateKey(raw)

interface Exporter {
  export(context: Uint8Array, length: number): Promise<ArrayBuffer>
}

/** The exported secret of RFC 9180, section 5.3. */
const exportSecret = async (exporter: Exporter): Promise<KeyObject> =>
  createSecretKey(new Uint8Array(await exporter.export(exportContext, aesKeyBytes)))

/** HKDF-Expand (RFC 5869) of the exported secret to one block: an export for each mail would cost three times as much. */
const wrappingKeys =
  (secret: KeyObject) =>
  (command: CommandId): Uint8Array =>
    plain(createHmac('sha256', secret).update(expandLabel).update(fromBase64Url(command)).update(firstBlock).digest())
