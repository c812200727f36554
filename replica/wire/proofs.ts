import type { Hash, OriginId } from '../core/model/ids.ts'
import { hash } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { RetirementNews } from '../core/model/messages.ts'
import type { RetirementProof, SignedEnd } from '../core/model/proofs.ts'
import { readBatch } from './batch-codec.ts'
import { fromBase64Url, hashBytes, toBase64Url } from './bytes.ts'
import { attempt, type CborReader, type CborValue } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { signedByOrigin } from './group-context.ts'
import { isOriginOf, publicKeyOfPeer, signatureBytes } from './keys.ts'
import { readOrigin, readSequence } from './payload-parts.ts'
import { readPeer } from './update-codec.ts'

/** Whether a log's own install signed that it ends there. */
export const holdsEnd = (
  context: GroupContext,
  { origin, peer, sequence, hash: end, signature }: SignedEnd,
): boolean => {
  const publicKey = publicKeyOfPeer(peer)
  if (publicKey === null || !isOriginOf(origin, publicKey)) return false
  return context.verifier.holds({ publicKey, bytes: signedByOrigin(context, origin, sequence, end), signature })
}

/** Whether these bytes are a batch of `by` that says that `retired` is gone for good. */
export const provesRetirement = (context: GroupContext, { by, bytes }: RetirementProof, retired: OriginId): boolean => {
  const batch = attempt(() => readBatch(context, bytes, () => 'check'))
  if (!batch.ok || batch.value.origin !== by) return false
  return batch.value.updates.some(({ change }) => change.kind === 'retirement' && change.retired === retired)
}

/** `[origin, peer id, sequence, hash, signature]`. */
export const endFields = (end: SignedEnd | null): CborValue =>
  end && [end.origin, end.peer, end.sequence, fromBase64Url(end.hash), end.signature]

/** Null for one whose signature does not hold: it says nothing. */
export const readEnd = (context: GroupContext, reader: CborReader): SignedEnd | null => {
  const end = reader.orNull((): SignedEnd => {
    reader.tuple(5)
    const [origin, peer, sequence] = [readOrigin(reader), readPeer(reader), readSequence(reader)]
    const value: Hash = hash(toBase64Url(reader.bytes(hashBytes)))
    return { origin, peer, sequence, hash: value, signature: reader.bytes(signatureBytes).slice() }
  })
  return end !== null && holdsEnd(context, end) ? end : null
}

type Proven = Omit<RetirementNews, 'vouchers'>

/** `[retired, by, batch]`. */
export const retirementFields = (told: RetirementNews | null): CborValue =>
  told && [told.retired, told.proof.by, told.proof.bytes]

/** Null for what does not prove it. */
export const readRetirement = (context: GroupContext, reader: CborReader): Proven | null => {
  const told = reader.orNull((): Proven => {
    reader.tuple(3)
    const [retired, by] = [readOrigin(reader), readOrigin(reader)]
    return { retired, proof: { by, bytes: reader.bytesUpTo(limits.retirementProofBytes, 'proof').slice() } }
  })
  return told !== null && provesRetirement(context, told.proof, told.retired) ? told : null
}
