import { LRUCache } from 'lru-cache'

import type { OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { MailView } from '../host/queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { listedMail } from '../wire/header-proof.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import type { MailContent, SealedMail } from './contract.ts'

/** What of a mail its sender has sealed and signed. */
type Signed = Pick<SealedMail, 'payload' | 'signature' | 'leaf'>

type Named = Pick<MailView, 'origin' | 'sequence'>

/** Read whole to show their headers: a page of mails with files would be a gigabyte. */
const mailsAtATime = 64
const nothing = new Uint8Array()
const lost: Signed = { payload: nothing, signature: nothing, leaf: null }

/** Mails as clients see them. */
export class SealedMails {
  readonly #groupId: Uint8Array
  readonly #host: Pick<ReplicaHost, 'readUpdates'>
  /** What lists show of long mails: each time the whole would have to be read and hashed. */
  readonly #heads = new LRUCache<UpdateId, Signed>({
    maxSize: limits.cachedHeadBytes,
    sizeCalculation: ({ payload, signature }) => payload.length + signature.length,
  })

  constructor(groupId: Uint8Array, host: Pick<ReplicaHost, 'readUpdates'>) {
    this.#groupId = groupId
    this.#host = host
  }

  /** In the order given; what storage has lost is shown without content and fetched again. */
  async seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]> {
    const sealed: SealedMail[] = []
    while (sealed.length < mails.length) {
      const some = mails.slice(sealed.length, sealed.length + mailsAtATime)
      const heads = some.map(({ mail }) => (content === 'header' ? this.#heads.get(mail) : undefined))
      const stored = await this.contents(some.filter((_, index) => heads[index] === undefined))
      const signed = some.map(({ mail }, index) => heads[index] ?? this.#signed(mail, stored.get(mail), content))
      sealed.push(...some.map((view, index) => sealedMail(view, signed[index] ?? lost)))
    }
    return sealed
  }

  /** What a list shows of a mail that has just come. */
  header(view: MailView, updateBytes: Uint8Array): SealedMail {
    return sealedMail(view, this.#heads.get(view.mail) ?? this.#signed(view.mail, updateBytes, 'header'))
  }

  /** What storage holds of these updates. */
  async contents(updates: readonly Named[]): Promise<ReadonlyMap<UpdateId, Uint8Array>> {
    const wanted = new Map<OriginId, Sequence[]>()
    for (const { origin, sequence } of updates) {
      const sequences = wanted.get(origin) ?? []
      sequences.push(sequence)
      wanted.set(origin, sequences)
    }
    const found = new Map<UpdateId, Uint8Array>()
    const reads = [...wanted].map(async ([origin, sequences]) => {
      for (const { sequence, bytes } of await this.#host.readUpdates(origin, sequences))
        found.set(updateId(origin, sequence), bytes)
    })
    await Promise.all(reads)
    return found
  }

  #signed(mail: UpdateId, updateBytes: Uint8Array | undefined, content: MailContent): Signed {
    const parts = updateBytes === undefined ? null : signedPartsOf(updateBytes)
    if (parts?.ok !== true) return lost
    const { payload, signature } = parts.value
    if (content === 'whole' || payload.length === 0) return { payload, signature, leaf: null }
    const listed = listedMail(this.#groupId, payload, signature)
    if (listed.payload === payload) return { ...listed, signature }
    // Copies: what they are parts of is larger.
    const head = { ...listed, payload: new Uint8Array(listed.payload), signature: new Uint8Array(signature) }
    this.#heads.set(mail, head)
    return head
  }
}

const sealedMail = (
  { mail, from, fromName, to, toNames, sentAt, read, markedUnread, starred, inTrash, conversation }: MailView,
  signed: Signed,
): SealedMail => ({
  mail,
  from,
  fromName,
  to,
  toNames,
  sentAt,
  read,
  markedUnread,
  starred,
  inTrash,
  conversation,
  ...signed,
})
