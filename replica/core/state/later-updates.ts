import type { OriginId, Sequence } from '../model/ids.ts'
import { updateId } from '../model/ids.ts'
import type { LaterRecord } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import type { SetDigest } from './digest.ts'
import type { LiveSource } from './live-updates.ts'

/**
 * Updates of kinds that only a later version understands. They have no effect here, but their bytes are kept and handed on, so that
 * nothing is lost when this replica is older than the one that wrote them; after an upgrade they are understood.
 */
export class LaterUpdates implements LiveSource {
  readonly #byOrigin = new Map<OriginId, Map<Sequence, LaterRecord>>()

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#byOrigin.get(origin)?.has(sequence) ?? false
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return new Map([...this.#byOrigin].map(([origin, records]) => [origin, records.keys()]))
  }

  add(record: LaterRecord): void {
    const records = this.#byOrigin.get(record.origin)
    if (records === undefined) this.#byOrigin.set(record.origin, new Map([[record.sequence, record]]))
    else records.set(record.sequence, record)
  }

  /** It is understood now. Tells whether it was here. */
  remove(origin: OriginId, sequence: Sequence): boolean {
    const records = this.#byOrigin.get(origin)
    const wasHere = records?.delete(sequence) === true
    if (records?.size === 0) this.#byOrigin.delete(origin)
    return wasHere
  }

  /** The other half of a join. What `mine` covers and is not here was understood. */
  join(records: readonly LaterRecord[], mine: VersionVector): void {
    for (const record of records) if (record.sequence > heldFrom(mine, record.origin)) this.add(record)
  }

  records(): LaterRecord[] {
    return [...this.#byOrigin.values()].flatMap((records) => [...records.values()])
  }

  digest(digest: SetDigest): void {
    for (const { origin, sequence } of this.records()) digest.addRecord(['later', updateId(origin, sequence)])
  }
}
