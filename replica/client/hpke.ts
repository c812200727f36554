import type { webcrypto } from 'node:crypto'

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

import type { AccountId, CommandId } from '../core/model/ids.ts'
import { concat, fromBase64Url, utf8 } from '../wire/bytes.ts'
import { aesKeyBytes } from './aes.ts'

/** HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })

const infoLabel = utf8('quintet/1/mail')
const exportLabel = utf8('key')

/** Both sides' view of one encapsulation: it gives each mail its own wrapping key. */
export interface MailKeys {
  /** A key that is used once: 32 bytes by HPKE export, bound to the mail's command. */
  wrappingKey(command: CommandId): Promise<Uint8Array>
}

export interface SenderMailKeys extends MailKeys {
  /** What lets the recipient come to the same keys: 32 bytes. */
  readonly enc: Uint8Array
}

interface Exporter {
  export(context: Uint8Array, length: number): Promise<ArrayBuffer>
}

/** Ties an encapsulation to the group and to the sender, so that it can be carried into no other. */
export const mailInfo = (groupId: Uint8Array, sender: AccountId): Uint8Array =>
  concat([infoLabel, groupId, fromBase64Url(sender)])

/** Encapsulates anew for a recipient. `ephemeral` is fixed only to reproduce published vectors. */
export const senderMailKeys = async (
  info: Uint8Array,
  recipient: webcrypto.CryptoKey,
  ephemeral?: webcrypto.CryptoKeyPair,
): Promise<SenderMailKeys> => {
  const fixed = ephemeral === undefined ? {} : { ekm: ephemeral }
  const context = await suite.createSenderContext({ recipientPublicKey: recipient, info, ...fixed })
  return { enc: new Uint8Array(context.enc), wrappingKey: (command) => wrappingKeyOf(context, command) }
}

/** Decapsulates with a recipient's pair. Rejects when `enc` is not a usable key. */
export const recipientMailKeys = async (
  info: Uint8Array,
  pair: webcrypto.CryptoKeyPair,
  enc: Uint8Array,
): Promise<MailKeys> => {
  const context = await suite.createRecipientContext({ recipientKey: pair, enc, info })
  return { wrappingKey: (command) => wrappingKeyOf(context, command) }
}

/** Imports a raw X25519 public key; rejects what is none. */
export const importPublicKey = (raw: Uint8Array): Promise<webcrypto.CryptoKey> => suite.kem.deserializePublicKey(raw)
export const importPrivateKey = (raw: Uint8Array): Promise<webcrypto.CryptoKey> => suite.kem.deserializePrivateKey(raw)

/** The exported secret of RFC 9180, section 5.3. */
export const exportSecret = async (exporter: Exporter, context: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await exporter.export(context, aesKeyBytes))

const wrappingKeyOf = (exporter: Exporter, command: CommandId): Promise<Uint8Array> =>
  exportSecret(exporter, concat([exportLabel, fromBase64Url(command)]))
