import type { Result } from '../core/model/errors.ts'
import { assert } from '../core/model/errors.ts'
import type { Hash, OriginId, Sequence } from '../core/model/ids.ts'
import { hash, seatOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Batch, Draft, MakeBatch, Update } from '../core/model/updates.ts'
import { fromBase64Url, hashBytes, sameBytes, sha256, toBase64Url } from './bytes.ts'
import { attempt, CborReader, encodeCbor, malformed, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { signedByFormer, signedByOrigin, startOfChain } from './group-context.ts'
import type { PrivateKey } from './keys.ts'
import { isOriginOf, keyBytes, peerIdOf, publicKeyOfPeer, signatureBytes, signBytes, toPrivateKey } from './keys.ts'
import { readOrigin, readSequence } from './payload-parts.ts'
import type { Claim } from './signatures.ts'
import type { Trust } from './update-codec.ts'
import { encodeUpdate, readUpdate } from './update-codec.ts'

const batchFormat = 1

/** The key of this install, whose public half its peer id holds. */
export interface InstallKey {
  readonly origin: OriginId
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly privateKey: PrivateKey
}

/** Where in a log a batch stands, by its own word. */
export interface BatchSpan {
  readonly origin: OriginId
  readonly first: Sequence
  readonly last: Sequence
}

/** A `MakeBatch` that signs with an install's key. */
export function makeBatchWith(context: GroupContext, key: InstallKey): MakeBatch {
  const privateKey = toPrivateKey(key.privateKey)
  assert(isOriginOf(key.origin, key.publicKey), 'an origin is signed by its own install')
  return (first, previousHash, drafts) => {
    assert(drafts.length > 0 && drafts.length <= limits.batchUpdates, 'a batch has 1 to limits.batchUpdates updates')
    const encoded = drafts.map(encodeUpdate)
    const updates = drafts.map((draft, index) => ownUpdate(context, key.origin, first + index, draft, encoded[index]))
    const last = first + drafts.length - 1
    const lastHash = follow(previousHash, encoded)
    const signature = signBytes(privateKey, signedByOrigin(context, key.origin, last, lastHash))
    const bytes = encodeCbor([
      batchFormat,
      key.origin,
      key.publicKey,
      first,
      fromBase64Url(previousHash),
      encoded,
      signature,
    ])
    assert(bytes.length <= limits.batchFrameBytes, 'a batch fits into a frame')
    return { origin: key.origin, first, last, previousHash, lastHash, updates, bytes }
  }
}

/**
 * Decodes and verifies a batch: its origin against its key, its chain, its signature, then each person's signature;
 * an update that a person did not sign becomes `forged`, and the batch stays valid.
 * BAD_REQUEST, BAD_SIGNATURE, TOO_LARGE, TOO_MANY, BAD_NAME, NEWER_FORMAT.
 */
export const decodeBatch = (context: GroupContext, bytes: Uint8Array): Result<Batch> =>
  attempt(() => readBatch(context, bytes, () => 'check'))

/** As `decodeBatch`, for a batch verified before: `forged` are the updates whose person's signature did not hold then. */
export const decodeStoredBatch = (
  context: GroupContext,
  bytes: Uint8Array,
  forged: readonly Sequence[],
): Result<Batch> =>
  attempt(() => readBatch(context, bytes, (sequence) => (forged.includes(sequence) ? 'forged' : 'genuine')))

/** What a batch says that it is, without believing it: so that one which is held already costs nothing. */
export const peekBatch = (bytes: Uint8Array): Result<BatchSpan> =>
  attempt(() => {
    const { origin, first, count } = readHead(new CborReader(bytes))
    return { origin, first, last: first + count - 1 }
  })

/** As `decodeBatch`, for use within a decoding: refuses instead of answering. */
export function readBatch(context: GroupContext, bytes: Uint8Array, trustOf: (sequence: Sequence) => Trust): Batch {
  const { batch, claim } = readUnproven(context, bytes, trustOf)
  prove(context, batch, claim)
  return batch
}

/** A batch of which all but its own signature has been looked at. */
export interface UnprovenBatch {
  readonly batch: Batch
  /** What its signature says. */
  readonly claim: Claim
}

/**
 * Several batches, as `readBatch` gives each of them. A signature proves its log up to there, so of batches that follow on each other
 * only the last one's is verified.
 */
export function readBatches(context: GroupContext, encoded: readonly Uint8Array[]): Batch[] {
  const unproven = encoded.map((bytes) => readUnproven(context, bytes, () => 'check'))
  return unproven.map(({ batch, claim }, index) => {
    const next = unproven[index + 1]
    if (next !== undefined && isNext(batch, claim, next)) return { ...batch, provenBy: 'next' }
    prove(context, batch, claim)
    return batch
  })
}

/** Whether the batch's own signature holds, of bytes that were decoded before. */
export const isProven = (context: GroupContext, { origin, last, lastHash, bytes }: Batch): boolean => {
  const reader = new CborReader(bytes)
  const { publicKey, count } = readHead(reader)
  for (let rest = count; rest > 0; rest--) reader.bytesUpTo(limits.updateBytes, 'update')
  const signature = reader.bytes(signatureBytes)
  return context.verifier.holds({ publicKey, bytes: signedByOrigin(context, origin, last, lastHash), signature })
}

/** A key is looked at, too: of two that make one origin only that with the signature counts. */
const isNext = (batch: Batch, claim: Claim, next: UnprovenBatch): boolean =>
  next.batch.origin === batch.origin &&
  next.batch.first === batch.last + 1 &&
  next.batch.previousHash === batch.lastHash &&
  sameBytes(next.claim.publicKey, claim.publicKey)

function prove(context: GroupContext, { origin, first, last }: Batch, claim: Claim): void {
  if (context.verifier.holds(claim)) return
  refuse('BAD_SIGNATURE', `the signature of batch ${origin}:${first} to ${last} does not hold`)
}

function readUnproven(context: GroupContext, bytes: Uint8Array, trustOf: (sequence: Sequence) => Trust): UnprovenBatch {
  if (bytes.length > limits.batchFrameBytes) {
    refuse('TOO_LARGE', `a batch has ${bytes.length} bytes; the limit is ${limits.batchFrameBytes}`)
  }
  const reader = new CborReader(bytes)
  const { origin, publicKey, first, previousHash, count } = readHead(reader)
  const encoded: Uint8Array[] = []
  while (encoded.length < count) encoded.push(reader.bytesUpTo(limits.updateBytes, 'update'))
  const signature = reader.bytes(signatureBytes)
  reader.end()

  if (!isOriginOf(origin, publicKey)) refuse('BAD_SIGNATURE', `a batch of ${origin} is signed with another's key`)
  if (first === 1 && previousHash !== startOfChain(context, origin)) {
    refuse('BAD_SIGNATURE', `the log of ${origin} does not begin as one of this group`)
  }
  const last = first + count - 1
  const lastHash = follow(previousHash, encoded)
  const updates = encoded.map((update, index) =>
    readUpdate(context, origin, first + index, update, trustOf(first + index)),
  )
  for (const update of updates) checkSeat(context, update, publicKey)
  const claim = { publicKey, bytes: signedByOrigin(context, origin, last, lastHash), signature }
  return { batch: { origin, first, last, previousHash, lastHash, updates, bytes }, claim }
}

export interface BatchHead {
  readonly origin: OriginId
  readonly publicKey: Uint8Array
  readonly first: Sequence
  readonly previousHash: Hash
  readonly count: number
}

/** What stands in a batch before its updates. For use within a decoding: refuses instead of answering. */
export function readHead(reader: CborReader): BatchHead {
  const fields = reader.list(1, 64, 'fields')
  const format = reader.uint()
  if (format > batchFormat) refuse('NEWER_FORMAT', `a batch has format ${format}; this version knows ${batchFormat}`)
  if (format !== batchFormat || fields !== 7) malformed('a batch has the wrong form')
  const origin = readOrigin(reader)
  const publicKey = reader.bytes(keyBytes)
  const first = readSequence(reader)
  const previousHash = hash(toBase64Url(reader.bytes(hashBytes)))
  const count = reader.list(1, limits.batchUpdates, 'updates in a batch')
  if (first + count - 1 > Number.MAX_SAFE_INTEGER) malformed('a sequence is too large')
  return { origin, publicKey, first, previousHash, count }
}

/** The chain value after `encoded`. */
export function follow(previousHash: Hash, encoded: readonly Uint8Array[]): Hash {
  return hash(toBase64Url(encoded.reduce((link, update) => sha256(link, update), fromBase64Url(previousHash))))
}

function checkSeat(context: GroupContext, { origin, change }: Update, publicKey: Uint8Array): void {
  if (change.kind !== 'seat') return
  if (change.server !== seatOf(origin) || change.peer !== peerIdOf(publicKey)) {
    malformed(`${origin} claims a seat that is not its own`)
  }
  if (change.succession === undefined) return
  const formerKey = publicKeyOfPeer(change.succession.former)
  const signed = signedByFormer(context, change.server, change.peer)
  const { signature } = change.succession
  if (formerKey === null || !context.verifier.holds({ publicKey: formerKey, bytes: signed, signature }))
    refuse('BAD_SIGNATURE', `${origin} goes on for ${String(change.replaces)}, which did not sign that`)
}

function ownUpdate(
  context: GroupContext,
  origin: OriginId,
  sequence: Sequence,
  draft: Draft,
  bytes: Uint8Array | undefined,
): Update {
  assert(bytes !== undefined, 'every draft is encoded')
  // A person's change was validated when it was given in; what the replica itself wishes must be fit to send, too.
  if (!('payload' in draft.change)) return readUpdate(context, origin, sequence, bytes, 'check')
  return { origin, sequence, clock: draft.clock, change: draft.change.change, bytes }
}
