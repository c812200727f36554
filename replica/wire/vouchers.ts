import { limits } from '../core/model/limits.ts'
import type { OriginId } from '../core/model/ids.ts'
import type { Voucher } from '../core/model/proofs.ts'
import type { Batch, SeatChange } from '../core/model/updates.ts'
import { readBatch } from './batch-codec.ts'
import { attempt, type CborReader, type CborValue } from './cbor.ts'
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

/** `[batch...]`. */
export const voucherFields = (vouchers: readonly Voucher[]): CborValue => vouchers.map(({ bytes }) => bytes)

/**
 * Those that follow on `install` without a gap, each verified: the first lets that one in, the next whom the first is by. What comes
 * after one that does not hold says nothing.
 */
export function readVouchersOf(context: GroupContext, reader: CborReader, install: OriginId): readonly Voucher[] {
  const encoded: Uint8Array[] = []
  for (let rest = reader.list(0, limits.vouchers, 'vouchers'); rest > 0; rest--)
    encoded.push(reader.bytesUpTo(limits.voucherBytes, 'voucher').slice())
  const linked: Voucher[] = []
  let subject = install
  for (const bytes of encoded) {
    const by = voucherBy(context, bytes, subject)
    if (by === null) break
    linked.push({ by, bytes })
    subject = by
  }
  return linked
}

/** Whose word a batch is for this install to be let in; null when it is not, or does not hold. */
export const voucherBy = (context: GroupContext, bytes: Uint8Array, install: OriginId): OriginId | null => {
  const batch = attempt(() => readBatch(context, bytes, () => 'check'))
  if (!batch.ok || !letsIn(batch.value, install)) return null
  return batch.value.origin === install ? subjectOf(batch.value) : batch.value.origin
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
