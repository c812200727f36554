import type { Hash, OriginId, PeerId, Sequence } from './ids.ts'
import type { Batch } from './updates.ts'

/**
 * Where a log ends as somebody holds it, signed by the install whose log it is: that there is a log of its which goes so far, and
 * has this chain value there. Who holds another chain value there holds another log; who holds less of it than its own has lost some.
 */
export interface SignedEnd {
  readonly origin: OriginId
  /** Whose key signed it. */
  readonly peer: PeerId
  readonly sequence: Sequence
  readonly hash: Hash
  readonly signature: Uint8Array
}

/** The batch, as its origin `by` signed it, in which it says that a machine is gone for good. */
export interface RetirementProof {
  readonly by: OriginId
  readonly bytes: Uint8Array
}

/** The batch that let an install in: an admission by the member `by`, or a succession signed by the install `by` that it was before. */
export interface Voucher {
  readonly by: OriginId
  readonly bytes: Uint8Array
}

const signatureBytes = 64

/** With which a batch ends: its origin's, over the chain value after it. A copy, so that the batch need not be kept for it. */
export const signatureOf = ({ bytes }: Batch): Uint8Array => new Uint8Array(bytes.subarray(-signatureBytes))
