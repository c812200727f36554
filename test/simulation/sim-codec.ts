import { hash as digestOf } from 'node:crypto'
import type {
  AccountId,
  CommandId,
  Hash,
  InviteId,
  OriginId,
  PeerId,
  Sequence,
  ServerId,
} from '../../replica/core/model/ids.ts'
import { accountId, commandId, hash, inviteId } from '../../replica/core/model/ids.ts'
import type { Batch, Draft, MakeBatch, PersonChange, SignedChange, Update } from '../../replica/core/model/updates.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { encodeForgettingPayload, encodeMarksPayload } from '../../replica/wire/mailbox-payloads.ts'
import {
  encodeAccountKeysPayload,
  encodeAccountPayload,
  encodeDeletionPayload,
  encodeReadPayload,
} from '../../replica/wire/payload-codec.ts'
import { encodePostDeletionPayload } from '../../replica/wire/social-payloads.ts'
import { encodeUpdate } from '../../replica/wire/update-codec.ts'
import type { Random } from './random.ts'

const keyBytes = 32
const commandBytes = 12
const unsigned = new Uint8Array(64)

export interface SimIdentity {
  readonly peer: PeerId
  readonly origin: OriginId
}

/** A new install's peer id, and its origin on the seat. */
export const newIdentity = (random: Random, server: ServerId): SimIdentity => {
  const peer = peerIdOf(random.bytes(keyBytes))
  return { peer, origin: originOf(server, peer) }
}

export const newAccountId = (random: Random): AccountId => accountId(idText(random, keyBytes))
export const newCommandId = (random: Random): CommandId => commandId(idText(random, commandBytes))
export const newInviteId = (random: Random): InviteId => inviteId(idText(random, keyBytes))

/** The chain value before an origin's first update. */
export const firstHash = (origin: OriginId): Hash => hash(digestOf('sha256', `log ${origin}`, 'base64url'))

/** Batches with a true hash chain and true encodings of what others decode; nobody signs in a simulation. */
export const makeBatchOf =
  (origin: OriginId): MakeBatch =>
  (first, previousHash, drafts) => {
    const updates = drafts.map((draft, index) => toUpdate(origin, first + index, draft))
    const bytes = Buffer.concat([
      Buffer.from(`${previousHash} ${origin}:${first} `),
      ...updates.map((update) => update.bytes),
    ])
    const lastHash = hash(digestOf('sha256', bytes, 'base64url'))
    const batch: Batch = {
      origin,
      first,
      last: first + drafts.length - 1,
      previousHash,
      lastHash,
      updates: Object.freeze(updates),
      bytes,
    }
    return Object.freeze(batch)
  }

/** As a client would sign it; `content` stands for what is sealed. */
export const sign = (change: PersonChange, content: string): SignedChange => {
  const payload = payloadOf(change, content)
  return Object.freeze({ change: Object.freeze(change), payload, signature: unsigned })
}

/** What is read again is encoded as it is; all else is named. */
export const payloadOf = (change: PersonChange, content: string): Uint8Array => {
  switch (change.kind) {
    case 'account':
      return encodeAccountPayload(change)
    case 'accountKeys':
      return encodeAccountKeysPayload(change)
    // What starts over reads again what a mark was about.
    case 'read':
      return encodeReadPayload(change)
    case 'deletion':
      return encodeDeletionPayload(change)
    case 'marks':
      return encodeMarksPayload(change)
    case 'postDeletion':
      return encodePostDeletionPayload(change)
    case 'forgetting':
      return encodeForgettingPayload(change)
    default:
      return new Uint8Array(Buffer.from(`${content} ${JSON.stringify(change)}`))
  }
}

/** Frozen, so that nothing leaks from one replica into another through what they share. */
export const toUpdate = (origin: OriginId, sequence: Sequence, draft: Draft): Update => {
  const change = 'payload' in draft.change ? draft.change.change : draft.change
  if ('to' in change) Object.freeze(change.to)
  if ('mails' in change) Object.freeze(change.mails)
  if ('tags' in change) Object.freeze(change.tags)
  if ('documents' in change) Object.freeze(change.documents)
  return Object.freeze({
    origin,
    sequence,
    clock: draft.clock,
    change: Object.freeze(change),
    bytes: encodeUpdate(draft),
  })
}

const idText = (random: Random, bytes: number): string => Buffer.from(random.bytes(bytes)).toString('base64url')
