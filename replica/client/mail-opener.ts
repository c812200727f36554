import { LRUCache } from 'lru-cache'

import type { SealedMail } from '../api/contract.ts'
import { QuintetError, toError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { sha256, toBase64Url } from '../wire/bytes.ts'
import { provesHead, provesWhole } from '../wire/header-proof.ts'
import { decodeMailPayload, headOf, type MailPayload } from '../wire/payload-codec.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import { aesKeyBytes, aesOpen } from './aes.ts'
import { mailInfo, recipientMailKeys, type MailKeys } from './hpke.ts'
import { decodeBody, decodeHeader, type BodyContent, type HeaderContent } from './mail-content.ts'
import { bodyNonce, boundToMail, headerNonce, unbound, wrapNonce } from './mail-sealer.ts'
import type { PersonKeys } from './person-keys.ts'

/** `isProven`: that the sender signed it. */
export interface OpenedHeader {
  readonly content: HeaderContent
  readonly isProven: boolean
}

interface Unwrapped {
  readonly payload: MailPayload
  readonly contentKey: Uint8Array
  readonly bound: Uint8Array
}

/** Opens the mails of one person. What the replica says of a mail is held against what its sender signed. */
export class MailOpener {
  readonly #groupId: Uint8Array
  readonly #keys: PersonKeys
  /** Payloads, mostly without the body, by their hashes. */
  readonly #proven = new LRUCache<string, true>({ max: limits.cachedHeaders })
  readonly #encapsulations = new LRUCache<string, Promise<MailKeys>>({ max: limits.cachedEncapsulations })

  constructor(groupId: Uint8Array, keys: PersonKeys) {
    this.#groupId = groupId
    this.#keys = keys
  }

  /**
   * What a list shows, from a mail with or without its body, and whether it is proven to be the sender's: a header of before there was a proof of it
   * is when its mail has been opened. CANNOT_OPEN, also when the whole mail is here and not the sender's.
   */
  async openHeader(mail: SealedMail): Promise<OpenedHeader> {
    const unwrapped = await this.#unwrap(mail)
    return { content: this.#headerOf(unwrapped), isProven: this.#proves(mail, unwrapped.payload) }
  }

  /** Header and body, verified to be the sender's. CANNOT_OPEN, with what is wrong. */
  async open(mail: SealedMail): Promise<HeaderContent & BodyContent> {
    this.#verifyWhole(mail)
    const unwrapped = await this.#unwrap(mail)
    const { payload, contentKey, bound } = unwrapped
    const content = aesOpen(contentKey, bodyNonce, payload.sealedBody, bound)
    if (content === null) throw cannotOpen('its body was changed')
    const body = await decodeBody(content)
    if (!body.ok) throw toError(body.failure)
    const header = this.#headerOf(unwrapped)
    // A list gives a shorter one whole.
    if (payload.sealedBody.length > limits.listedBodyBytes) this.noteProven(mail)
    return { ...header, ...body.value }
  }

  #headerOf({ payload, contentKey, bound }: Unwrapped): HeaderContent {
    const content = aesOpen(contentKey, headerNonce, payload.sealedHeader, bound)
    const header = content && decodeHeader(content)
    if (header?.ok !== true) throw cannotOpen('its subject was changed')
    return header.value
  }

  /** The header of this mail, which is here whole and proven, is so when it comes without the body, too. */
  noteProven({ payload }: SealedMail): void {
    const found = headOf(payload)
    if (found.ok) this.#proven.set(payloadName(found.value.head), true)
  }

  #proves({ payload, signature, leaf }: SealedMail, { account, sealedBody }: MailPayload): boolean {
    const name = payloadName(payload)
    if (this.#proven.has(name)) return true
    if (sealedBody.length > 0) {
      if (!provesWhole(this.#groupId, account, payload, signature)) throw notItsSenders()
    } else if (leaf === null || !provesHead(this.#groupId, account, payload, { leaf, signature })) return false
    this.#proven.set(name, true)
    return true
  }

  #verifyWhole({ payload, signature }: SealedMail): void {
    if (!verifySubmission(this.#groupId, 'mail', payload, signature).ok) throw notItsSenders()
  }

  async #unwrap(mail: SealedMail): Promise<Unwrapped> {
    const decoded = decodeMailPayload(mail.payload)
    if (!decoded.ok) throw cannotOpen('it is not a mail')
    const payload = decoded.value
    if (payload.account !== mail.from) throw cannotOpen('it is not from whom the replica says')
    if (!isSame(payload.to, mail.to)) throw cannotOpen('it is not to whom the replica says')
    if (payload.conversation !== mail.conversation)
      throw cannotOpen('it is not in the conversation that the replica says')
    const wrap = payload.wraps[this.#placeIn(payload)]
    if (wrap === undefined) throw cannotOpen('it is not sealed to this account')
    const wrappingKey = await this.#wrappingKey(payload, wrap.enc)
    const contentKey = wrappingKey && aesOpen(wrappingKey, wrapNonce, wrap.wrappedKey, unbound)
    if (contentKey?.length !== aesKeyBytes) throw cannotOpen('its key does not fit this account')
    return { payload, contentKey, bound: boundToMail(payload.account, payload.command, payload.to) }
  }

  /** The sender's wrap comes first, then one for each recipient. */
  #placeIn({ account, to }: MailPayload): number {
    if (account === this.#keys.account) return 0
    const place = to.indexOf(this.#keys.account)
    return place < 0 ? -1 : place + 1
  }

  async #wrappingKey({ account, command }: MailPayload, enc: Uint8Array): Promise<Uint8Array | null> {
    const name = `${account}${toBase64Url(enc)}`
    try {
      const known = this.#encapsulations.get(name)
      const keys = known ?? recipientMailKeys(mailInfo(this.#groupId, account), this.#keys.sealPair, enc)
      if (known === undefined) this.#encapsulations.set(name, keys)
      return (await keys).wrappingKey(command)
    } catch {
      this.#encapsulations.delete(name)
      return null
    }
  }
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, index) => value === right[index])

const cannotOpen = (reason: string): QuintetError =>
  new QuintetError('CANNOT_OPEN', `This mail cannot be opened: ${reason}. It may have been forged or damaged.`)

const notItsSenders = (): QuintetError => cannotOpen('its signature is not that of its sender')

/** By what it is remembered what is known of a payload. */
export const payloadName = (payload: Uint8Array): string => toBase64Url(sha256(payload))
