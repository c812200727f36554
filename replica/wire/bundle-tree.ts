import { concat, hashBytes, sameBytes, sha256 } from './bytes.ts'
import { type SharedClaim, sharedClaim } from './signatures.ts'

export const mostPathHashes = 4

const nodeMark = new Uint8Array([1])

export const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(nodeMark, left, right)

interface Node {
  readonly left: Uint8Array
  readonly right: Uint8Array
  readonly hash: Uint8Array
}

/**
 * What has been computed of one bundle, and no more than that: of 16 updates whose paths lead to one root each node is hashed once
 * instead of 64 times in all. It believes nothing: a path that leads elsewhere gets the root that it leads to.
 */
export class BundleTree {
  readonly #publicKey: Uint8Array
  readonly #signature: Uint8Array
  /** By their depth and place from the leaves up: the root of a full tree is the first. */
  readonly #nodes: (Node | undefined)[] = []
  #root: Uint8Array | null = null
  #bundle: Uint8Array | null = null
  #claim: SharedClaim | null = null

  constructor(publicKey: Uint8Array, signature: Uint8Array) {
    this.#publicKey = publicKey
    this.#signature = signature
  }

  isOf(signature: Uint8Array): boolean {
    return sameBytes(this.#signature, signature)
  }

  /** The root to which a path leads from the leaf at `index`: the other child at each depth, from the leaf up. */
  climb(leaf: Uint8Array, index: number, path: Uint8Array): Uint8Array {
    let hash = leaf
    for (let depth = 0; depth * hashBytes < path.length; depth += 1) {
      const sibling = path.subarray(depth * hashBytes, (depth + 1) * hashBytes)
      const place = (index & (2 ** mostPathHashes - 1)) >> depth
      const pair = 2 ** (mostPathHashes - 1 - depth) + (place >> 1)
      hash = (place & 1) === 1 ? this.#node(pair, sibling, hash) : this.#node(pair, hash, sibling)
    }
    return hash
  }

  /** What the person's signature says of that root, in the group of this prefix. */
  claimOf(bundle: Uint8Array, root: Uint8Array): SharedClaim {
    const known = this.#claim
    if (known !== null && this.#root === root && this.#bundle === bundle) return known
    const bytes = concat([bundle, root])
    const claim = sharedClaim({ publicKey: this.#publicKey, bytes, signature: this.#signature })
    this.#claim = claim
    this.#root = root
    this.#bundle = bundle
    return claim
  }

  #node(place: number, left: Uint8Array, right: Uint8Array): Uint8Array {
    const known = this.#nodes[place]
    if (known !== undefined && isSame(known.left, left) && isSame(known.right, right)) return known.hash
    const hash = nodeOf(left, right)
    // Copies: what comes in is a part of a large message, which would be kept with it.
    this.#nodes[place] = { left: left.slice(), right: right.slice(), hash }
    return hash
  }
}

const isSame = (left: Uint8Array, right: Uint8Array): boolean => left === right || sameBytes(left, right)
