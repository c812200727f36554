import { hash as digestOf } from 'node:crypto'
import type { OriginId, PeerId, Sequence, ServerId } from '../../replica/core/model/ids.ts'
import type { Batch, MakeBatch, PersonChange, SignedChange } from '../../replica/core/model/updates.ts'
import { follow } from '../../replica/wire/batch-codec.ts'
import { concat, fromBase64Url, sameBytes, utf8 } from '../../replica/wire/bytes.ts'
import { CborReader, encodeCbor } from '../../replica/wire/cbor.ts'
import type { GroupContext } from '../../replica/wire/group-context.ts'
import {
  groupContext,
  groupIdBytes,
  signedByFormer,
  signedByOrigin,
  signedByPerson,
  startOfChain,
} from '../../replica/wire/group-context.ts'
import { publicKeyOfPeer } from '../../replica/wire/keys.ts'
import { encodeDocumentPayload } from '../../replica/wire/mailbox-payloads.ts'
import { encodeAccountDeletionPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import type { Claim, Verifier } from '../../replica/wire/signatures.ts'
import { encodeFollowPayload, encodePostPayload } from '../../replica/wire/social-payloads.ts'
import { encodeUpdate, highestType } from '../../replica/wire/update-codec.ts'
import { payloadOf as namedPayloadOf, toUpdate } from './sim-codec.ts'

const batchFormat = 1
const unsigned = new Uint8Array(64)
const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }
const signer = utf8('signed by')

/** A signature that whoever plays by the rules makes with the own key only. True ones would take most of a history's time. */
const signatureBy = (publicKey: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(digestOf('sha512', concat([signer, publicKey, bytes]), 'buffer'))

const holds = ({ publicKey, bytes, signature }: Claim): boolean => sameBytes(signature, signatureBy(publicKey, bytes))

const verifier: Verifier = { holds, holdsForMany: holds }

/** The group of every history. */
export const context: GroupContext = { ...groupContext(new Uint8Array(groupIdBytes)), verifier }

export const firstHash = (origin: OriginId): Batch['previousHash'] => startOfChain(context, origin)

/** The batches of an install, as the program encodes and signs them, frozen. */
export const makeBatchOf = (origin: OriginId, peer: PeerId): MakeBatch => {
  const publicKey = keyOf(peer)
  return (first, previousHash, drafts) => {
    const updates = Object.freeze(drafts.map((draft, index) => toUpdate(origin, first + index, draft)))
    const encoded = updates.map(({ bytes }) => bytes)
    const last: Sequence = first + drafts.length - 1
    const lastHash = follow(previousHash, encoded)
    const signature = signatureBy(publicKey, signedByOrigin(context, origin, last, lastHash))
    const head = [batchFormat, origin, publicKey, first, fromBase64Url(previousHash)]
    return Object.freeze({
      origin,
      first,
      last,
      previousHash,
      lastHash,
      updates,
      bytes: encodeCbor([...head, encoded, signature]),
    })
  }
}

/** As the install `former` signs that the one with the id `peer` goes on in its seat. */
export const signSuccession = (former: { readonly peer: PeerId; readonly seat: ServerId }, peer: PeerId): Uint8Array =>
  signatureBy(keyOf(former.peer), signedByFormer(context, former.seat, peer))

/** As a client signs it; `content` stands for what is sealed. */
export const sign = (change: PersonChange, content: string): SignedChange => {
  const payload = payloadOf(change, content)
  const type = typeIn(encodeUpdate({ clock: 1, change: { change, payload, signature: unsigned } }))
  const signature = signatureBy(fromBase64Url(change.account), signedByPerson(context, type, payload))
  return Object.freeze({ change: Object.freeze(change), payload, signature })
}

/** The number of its kind, which is signed, too. */
const typeIn = (update: Uint8Array): number => {
  const reader = new CborReader(update)
  reader.list(2, update.length, 'fields')
  return reader.uint(highestType)
}

const keyOf = (peer: PeerId): Uint8Array => {
  const key = publicKeyOfPeer(peer)
  if (key === null) throw new Error(`${peer} is no peer id`)
  return key
}

/** Nothing is sealed: `content` stands for it. */
const payloadOf = (change: PersonChange, content: string): Uint8Array => {
  switch (change.kind) {
    case 'accountDeletion':
      return encodeAccountDeletionPayload(change)
    case 'mail': {
      const sealed = utf8(content)
      const wraps = [wrap, ...change.to.map(() => wrap)]
      return encodeMailPayload({ ...change, wraps, sealedHeader: sealed, sealedBody: sealed })
    }
    case 'document':
      return encodeDocumentPayload({ ...change, sealed: change.state === 'written' ? utf8(content) : null })
    case 'post':
      return encodePostPayload({ ...change, text: content })
    case 'follow':
      return encodeFollowPayload(change)
    default:
      return namedPayloadOf(change, content)
  }
}
