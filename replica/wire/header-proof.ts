import type { AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { sha256 } from './bytes.ts'
import { groupContext } from './group-context.ts'
import { type PrivateKey, signatureBytes } from './keys.ts'
import { headOf } from './payload-codec.ts'
import { holdsBeside, holdsPersonSignature, leafMark, leafOf, signBeside } from './person-signature.ts'
import { typeOf } from './update-codec.ts'

/**
 * What a list shows of a mail is proven without its body. A mail with a short body comes whole, so its signature is proof. One with a long body is
 * signed as a bundle of two: the mail, and a leaf over the same payload with an empty body. The mail's signature then names that second leaf, and
 * whoever is told the first one, 32 bytes, sees that both are signed. Replicas of before verify it as any bundle.
 */
export interface ListedMail {
  /** Whole, or with an empty body. */
  readonly payload: Uint8Array
  /** The leaf of the whole mail; null where `payload` is whole, or nothing is known to be signed beside the mail. */
  readonly leaf: Uint8Array | null
}

const mailType = typeOf({ kind: 'mail' })

/** Of a mail as it was signed, what a list carries. */
export const listedMail = (groupId: Uint8Array, payload: Uint8Array, signature: Uint8Array): ListedMail => {
  const found = headOf(payload)
  if (!found.ok || found.value.bodyBytes <= limits.listedBodyBytes) return { payload, leaf: null }
  const isBundled = signature.length > signatureBytes
  return { payload: found.value.head, leaf: isBundled ? wholeLeaf(groupId, payload) : null }
}

/** The signature of a mail with a long body, which proves its head, too; null for one with a short body. */
export const signedWithHead = (groupId: Uint8Array, payload: Uint8Array, privateKey: PrivateKey): Uint8Array | null => {
  // Most have no long body, as can be seen without looking into them.
  const found = payload.length <= limits.listedBodyBytes ? null : headOf(payload)
  if (found?.ok !== true || found.value.bodyBytes <= limits.listedBodyBytes) return null
  const item = { type: mailType, payload }
  return signBeside(groupContext(groupId), item, headLeaf(groupId, found.value.head), privateKey)
}

/** Whether `signature` proves that `account` signed a mail with this head: the payload with an empty body. */
export const provesHead = (
  groupId: Uint8Array,
  account: AccountId,
  head: Uint8Array,
  { leaf, signature }: { readonly leaf: Uint8Array; readonly signature: Uint8Array },
): boolean => holdsBeside(groupContext(groupId), account, { leaf, beside: headLeaf(groupId, head) }, signature)

/** Whether `signature` proves that `account` signed this mail, of which `payload` is known to be all. */
export const provesWhole = (
  groupId: Uint8Array,
  account: AccountId,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean => holdsPersonSignature(groupContext(groupId), account, { type: mailType, payload }, signature)

const wholeLeaf = (groupId: Uint8Array, payload: Uint8Array): Uint8Array =>
  leafOf(groupContext(groupId), { type: mailType, payload })

const headLeaf = (groupId: Uint8Array, head: Uint8Array): Uint8Array =>
  sha256(leafMark, groupContext(groupId).header, head)
