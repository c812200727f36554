import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Aims } from '../core/model/mailbox-changes.ts'
import type { PersonChange } from '../core/model/updates.ts'
import type { CborReader, CborValue } from './cbor.ts'
import { malformed } from './cbor.ts'
import { readUpdateId, updateFields } from './payload-parts.ts'

/** Updates by which a replica writes a person's mark anew, with what the mails that it means are called now. */
const plainAimedType = 23
/** Of a mark that tells when it was said: of a type of its own, because versions of before those refuse one of them within the other type. */
const saidAimedType = 26
export const aimedTypes: ReadonlySet<number> = new Set([plainAimedType, saidAimedType])

export const aimedType = (mark: PersonChange): number => ('saidAt' in mark ? saidAimedType : plainAimedType)

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
