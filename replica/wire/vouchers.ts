import { limits } from '../core/model/limits.ts'
import type { OriginId } from '../core/model/ids.ts'
import type { Batch, SeatChange } from '../core/model/updates.ts'
import { readBatch } from './batch-codec.ts'
import type { CborReader } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { originOf } from './keys.ts'

/** Batches with admissions, each checked by itself. */
export function readVouchers(context: GroupContext, reader: CborReader): readonly Batch[] {
  const vouchers: Batch[] = []
  for (let rest = reader.list(0, limits.vouchers, 'vouchers'); rest > 0; rest--)
    vouchers.push(readBatch(context, reader.bytesUpTo(limits.batchFrameBytes, 'batch'), () => 'check'))
  return vouchers
}

/**
 * Those that follow on `admission` without a gap: each lets in the install that wrote the one before it, or, where that one is
 * the first update of an install that started over, the install that it was before.
 */
export function linkedVouchers(admission: Batch | null, vouchers: readonly Batch[]): readonly Batch[] {
  let proof = admission
  const linked: Batch[] = []
  for (const voucher of vouchers) {
    if (proof === null || !letsIn(voucher, subjectOf(proof))) break
    linked.push(voucher)
    proof = voucher
  }
  return linked
}

const successionIn = ({ updates }: Batch): SeatChange | null => {
  const change = updates[0]?.change
  return change?.kind === 'seat' && change.succession !== undefined ? change : null
}

/** Whose admission is to be shown next. */
const subjectOf = (proof: Batch): OriginId => successionIn(proof)?.replaces ?? proof.origin

const letsIn = (voucher: Batch, install: OriginId): boolean =>
  (voucher.origin === install && successionIn(voucher) !== null) ||
  voucher.updates.some(({ change }) => change.kind === 'admission' && originOf(change.server, change.peer) === install)
