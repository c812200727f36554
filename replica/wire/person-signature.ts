import { assert } from '../core/model/errors.ts'
import type { AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { BundleTree, mostPathHashes, nodeOf } from './bundle-tree.ts'
import { concat, fromBase64Url, hashBytes, sameBytes, sha256 } from './bytes.ts'
import type { GroupContext } from './group-context.ts'
import { partsSignedByPerson, signedByPerson } from './group-context.ts'
import type { PrivateKey } from './keys.ts'
import { signatureBytes, signBytes } from './keys.ts'
import { RecentValues } from './recent-values.ts'

/**
 * A person signs each update by itself, or up to `mostInBundle` at once: one Ed25519 signature over the root of a Merkle
 * tree (as in RFC 6962: leaves and nodes are hashed apart), and in each update the path from its leaf. So bulk costs one
 * signature and one verification a bundle, and each update still proves its author by itself.
 *
 * Bytes: the signature (64), and for a bundle the leaf's index (1) and the path's hashes (32 each), from the leaf up.
 */
export const mostInBundle = 16
export const mostSignatureBytes = signatureBytes + 1 + mostPathHashes * hashBytes
/** Of a bundle of two. */
const besideBytes = signatureBytes + 1 + hashBytes

/** One thing to sign: an update's type code and payload. */
export interface ToSign {
  readonly type: number
  readonly payload: Uint8Array
}

export const leafMark = new Uint8Array([0])
/** Each person's last: the updates of a bundle stand in a log one after the other. */
const recentTrees = new RecentValues<BundleTree>(limits.cachedTrees)

/** The signatures of 1 to `mostInBundle` updates, in order. */
export function signTogether(
  context: GroupContext,
  items: readonly ToSign[],
  privateKey: PrivateKey,
): readonly Uint8Array[] {
  assert(items.length > 0 && items.length <= mostInBundle, 'a bundle has 1 to mostInBundle updates')
  const [only] = items
  if (items.length === 1 && only !== undefined) {
    return [signBytes(privateKey, signedByPerson(context, only.type, only.payload))]
  }
  const levels = treeOver(items.map((item) => leafOf(context, item)))
  const root = levels.at(-1)?.[0]
  assert(root !== undefined, 'a tree has a root')
  const signature = signBytes(privateKey, concat([context.bundle, root]))
  return items.map((_, index) => concat([signature, new Uint8Array([index]), ...pathOf(levels, index)]))
}

/** The signature of an update that is signed together with `beside`, a leaf that no update has: a bundle of these two. */
export function signBeside(
  context: GroupContext,
  item: ToSign,
  beside: Uint8Array,
  privateKey: PrivateKey,
): Uint8Array {
  const root = nodeOf(leafOf(context, item), beside)
  return concat([signBytes(privateKey, concat([context.bundle, root])), new Uint8Array([0]), beside])
}

/** Whether `signature` proves that `account` signed `beside` together with the update that has this leaf. */
export function holdsBeside(
  context: GroupContext,
  account: AccountId,
  { leaf, beside }: { readonly leaf: Uint8Array; readonly beside: Uint8Array },
  signature: Uint8Array,
): boolean {
  const isFirst = signature.length === besideBytes && ((signature[signatureBytes] ?? 1) & 1) === 0
  if (!isFirst || !sameBytes(signature.subarray(signatureBytes + 1), beside)) return false
  const bytes = concat([context.bundle, nodeOf(leaf, beside)])
  const claim = { publicKey: fromBase64Url(account), bytes, signature: signature.subarray(0, signatureBytes) }
  return context.verifier.holds(claim)
}

/** Whether `signature` proves that `account` signed this update. The root of a bundle is verified once. */
export function holdsPersonSignature(
  context: GroupContext,
  account: AccountId,
  item: ToSign,
  signature: Uint8Array,
): boolean {
  if (signature.length === signatureBytes) {
    const bytes = signedByPerson(context, item.type, item.payload)
    return context.verifier.holds({ publicKey: fromBase64Url(account), bytes, signature })
  }
  if (!isSignatureLength(signature.length)) return false
  const tree = treeOf(account, signature.subarray(0, signatureBytes))
  const path = signature.subarray(signatureBytes + 1)
  const root = tree.climb(leafOf(context, item), signature[signatureBytes] ?? 0, path)
  return context.verifier.holdsForMany(tree.claimOf(context.bundle, root))
}

const treeOf = (account: AccountId, signature: Uint8Array): BundleTree => {
  const known = recentTrees.get(account)
  if (known?.isOf(signature) === true) return known
  const tree = new BundleTree(fromBase64Url(account), signature.slice())
  recentTrees.set(account, tree)
  return tree
}

/** Whether a signature can have so many bytes. */
export const isSignatureLength = (length: number): boolean =>
  length === signatureBytes ||
  (length > signatureBytes + 1 && length <= mostSignatureBytes && (length - signatureBytes - 1) % hashBytes === 0)

export const leafOf = (context: GroupContext, { type, payload }: ToSign): Uint8Array =>
  sha256(leafMark, ...partsSignedByPerson(context, type, payload))

/** All levels from the leaves to the root. A node without a sibling is paired with itself. */
const treeOver = (leaves: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] => {
  const levels = [leaves]
  for (let level = leaves; level.length > 1; levels.push(level)) {
    const above: Uint8Array[] = []
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index], level[index + 1]]
      if (left !== undefined) above.push(right === undefined ? nodeOf(left, left) : nodeOf(left, right))
    }
    level = above
  }
  return levels
}

const pathOf = (levels: readonly (readonly Uint8Array[])[], leaf: number): readonly Uint8Array[] =>
  levels.slice(0, -1).flatMap((level, depth) => {
    const index = leaf >> depth
    return level[index ^ 1] ?? level[index] ?? []
  })
