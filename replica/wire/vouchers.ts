import { limits } from '../core/model/limits.ts'
import type { Batch } from '../core/model/updates.ts'
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

/** Those that follow on `admission` without a gap: each admits the install that wrote the one before it. */
export function linkedVouchers(admission: Batch | null, vouchers: readonly Batch[]): readonly Batch[] {
  let writer = admission
  const linked: Batch[] = []
  for (const voucher of vouchers) {
    if (writer === null || !admits(voucher, writer)) break
    linked.push(voucher)
    writer = voucher
  }
  return linked
}

const admits = ({ updates }: Batch, { origin }: Batch): boolean =>
  updates.some(({ change }) => change.kind === 'admission' && originOf(change.server, change.peer) === origin)
