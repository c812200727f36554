import type { webcrypto } from 'node:crypto'

import { LRUCache } from 'lru-cache'

import type { AccountId, CommandId, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { concat, fromBase64Url } from '../wire/bytes.ts'
import { encodeMailPayload, type KeyWrap } from '../wire/payload-codec.ts'
import { aesKeyBytes, aesNonceBytes, aesSeal } from './aes.ts'
import type { ClientClock, RandomBytes } from './client-ports.ts'
import { mailInfo, senderMailKeys, type SenderMailKeys } from './hpke.ts'
import { encodeBody, encodeHeader, type BodyContent, type HeaderContent } from './mail-content.ts'

/** Nonces under a mail's content key, which seals these two and nothing else. */
export const headerNonce = new Uint8Array(aesNonceBytes)
export const bodyNonce = new Uint8Array(aesNonceBytes).fill(1, aesNonceBytes - 1)
/** Wrapping keys seal one content key each. */
export const wrapNonce = new Uint8Array(aesNonceBytes)
export const unbound = new Uint8Array()

export interface Recipient {
  readonly account: AccountId
  readonly sealKey: webcrypto.CryptoKey
}

export interface OpenMail extends Omit<HeaderContent, 'writtenAt' | 'attachmentCount'>, BodyContent {
  readonly command: CommandId
  /** The addressed ones first. */
  readonly to: readonly Recipient[]
  readonly conversation: UpdateId | null
}

export interface SealerOptions {
  readonly groupId: Uint8Array
  /** Whose mails these are; they can open them too. */
  readonly sender: Recipient
  readonly random: RandomBytes
  readonly clock: ClientClock
}

interface Encapsulation {
  readonly keys: Promise<SenderMailKeys>
  readonly madeMs: number
  mails: number
}

/** What a mail's seals are bound to: its sender, its command and its recipients, in order. */
export const boundToMail = (account: AccountId, command: CommandId, to: readonly AccountId[]): Uint8Array =>
  concat([account, command, ...to].map(fromBase64Url))

/**
 * Seals one person's mails. An encapsulation (HPKE's expensive half) is made once per recipient and kept for a while:
 * `limits.encapsulationMails` mails or `limits.encapsulationMs`, so that a key that leaks opens no more than those.
 */
export class MailSealer {
  readonly #options: SealerOptions
  readonly #info: Uint8Array
  readonly #encapsulations = new LRUCache<AccountId, Encapsulation>({ max: limits.cachedKeys })

  constructor(options: SealerOptions) {
    this.#options = options
    this.#info = mailInfo(options.groupId, options.sender.account)
  }

  /** The payload that the sender signs. Subject, body and recipients are within their limits already. */
  async seal(mail: OpenMail): Promise<Uint8Array> {
    const { command, to, conversation, files } = mail
    const { sender, random, clock } = this.#options
    const writtenAt = Math.max(0, clock.nowMs())
    const header = encodeHeader({ ...mail, writtenAt, attachmentCount: files.length })
    const contentKey = random(aesKeyBytes)
    const accounts = to.map(({ account }) => account)
    const bound = boundToMail(sender.account, command, accounts)
    const [plainBody, ...wraps] = await Promise.all([
      encodeBody(mail),
      ...[sender, ...to].map((recipient) => this.#wrap(recipient, command, contentKey)),
    ])
    return encodeMailPayload({
      account: sender.account,
      command,
      to: accounts,
      conversation,
      wraps,
      sealedHeader: aesSeal(contentKey, headerNonce, header, bound),
      sealedBody: aesSeal(contentKey, bodyNonce, plainBody, bound),
    })
  }

  async #wrap(recipient: Recipient, command: CommandId, contentKey: Uint8Array): Promise<KeyWrap> {
    const keys = await this.#keysFor(recipient)
    return { enc: keys.enc, wrappedKey: aesSeal(keys.wrappingKey(command), wrapNonce, contentKey, unbound) }
  }

  #keysFor({ account, sealKey }: Recipient): Promise<SenderMailKeys> {
    const nowMs = this.#options.clock.nowMs()
    const known = this.#encapsulations.get(account)
    const isFresh = known && known.mails < limits.encapsulationMails && nowMs - known.madeMs < limits.encapsulationMs
    if (isFresh === true) {
      known.mails += 1
      return known.keys
    }
    const keys = senderMailKeys(this.#info, sealKey)
    this.#encapsulations.set(account, { keys, madeMs: nowMs, mails: 1 })
    return keys
  }
}
