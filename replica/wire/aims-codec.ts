import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Aims } from '../core/model/mailbox-changes.ts'
import type { CborReader, CborValue } from './cbor.ts'
import { malformed } from './cbor.ts'
import { readUpdateId, updateFields } from './payload-parts.ts'

/** An update by which a replica writes a person's mark anew, with what the mails that it means are called now. */
export const aimedType = 23

/** `[[[origin, sequence], [origin, sequence] or null]...]`: as signed, and as it is called now. */
export const aimFields = (aims: Aims): CborValue[] =>
  [...aims].map(([from, to]) => [updateFields(from), to && updateFields(to)])

export const readAims = (reader: CborReader): Aims => {
  const aims = new Map<UpdateId, UpdateId | null>()
  const count = reader.list(1, limits.marksPerUpdate, 'aims')
  while (aims.size < count) {
    reader.tuple(2)
    const from = readUpdateId(reader)
    if (aims.has(from)) malformed('a mail is aimed at twice')
    aims.set(
      from,
      reader.orNull(() => readUpdateId(reader)),
    )
  }
  return aims
}
