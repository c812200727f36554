import type { Hash, OriginId, Sequence } from '../model/ids.ts'
import { hashPrefix } from '../model/ids.ts'
import type { CheckpointRecord, StateImage } from '../model/image.ts'
import { limits } from '../model/limits.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'

/** How one copy of a log stands to another one that is longer; `unknown` when it ends before all that is known of that one. */
export type Fit = 'same' | 'fork' | 'unknown'

/**
 * Chain values at the ends of batches, for the newest part of each log, discarded or not: whoever holds less than others, and can
 * be brought up to date only by a state, still finds out whether what it holds is of the same log, because every copy of a log
 * ends where a batch of it does.
 */
export class LogChains {
  /** Ascending, without gaps (between two of them no batch ended), and the last one is where what is held ends. */
  readonly #byOrigin = new Map<OriginId, Map<Sequence, string>>()
  /** Of each log the signature of where what is held ends, as far as it is known. */
  readonly #signatures = new Map<OriginId, Uint8Array>()

  /** The origin's signature of where what is held of its log ends; undefined where it is not known. */
  get signatures(): ReadonlyMap<OriginId, Uint8Array> {
    return this.#signatures
  }

  /** A batch was applied that ends here, on top of what was held. `signature`: the origin's; null when it has not been looked at. */
  add(origin: OriginId, last: Sequence, hash: Hash, signature: Uint8Array | null = null): void {
    this.#sign(origin, signature ?? undefined)
    const checkpoints = this.#byOrigin.get(origin) ?? new Map<Sequence, string>()
    this.#byOrigin.set(origin, checkpoints.set(last, hashPrefix(hash)))
    forgetOldest(checkpoints)
  }

  /** Whether a log that has `hash` after `sequence`, which is before the end of what is held, is the one that is held. */
  fit(origin: OriginId, sequence: Sequence, hash: Hash): Fit {
    return fitOf(this.#byOrigin.get(origin), sequence, hash)
  }

  /** The newest end of a batch that both remember alike; null when they remember none. */
  newestCommon(other: LogChains, origin: OriginId): Sequence | null {
    const theirs = other.#byOrigin.get(origin)
    let common: Sequence | null = null
    for (const [sequence, prefix] of this.#byOrigin.get(origin) ?? []) {
      if (theirs?.get(sequence) === prefix) common = sequence
    }
    return common
  }

  /** Takes over an image's for the origins of which it holds more than `held`; what is held ends with `hashes`. */
  join(
    { vector, checkpoints, signatures }: StateImage,
    held: VersionVector,
    hashes: ReadonlyMap<OriginId, Hash>,
  ): void {
    const grouped = byOrigin(checkpoints)
    for (const [origin, sequence] of vector) {
      const end = heldFrom(held, origin)
      if (sequence <= end) continue
      this.#sign(origin, signatures.get(origin))
      const theirs = grouped.get(origin) ?? new Map<Sequence, string>()
      const mine = this.#byOrigin.get(origin)
      const hash = hashes.get(origin)
      const isSame = mine !== undefined && hash !== undefined && fitOf(theirs, end, hash) === 'same'
      const checkpoints = isSame ? mine : theirs
      if (isSame) for (const [later, prefix] of theirs) if (later > end) mine.set(later, prefix)
      forgetOldest(checkpoints)
      this.#byOrigin.set(origin, checkpoints)
    }
  }

  #sign(origin: OriginId, signature: Uint8Array | undefined): void {
    if (signature === undefined) this.#signatures.delete(origin)
    else this.#signatures.set(origin, signature)
  }

  records(): CheckpointRecord[] {
    return [...this.#byOrigin].flatMap(([origin, checkpoints]) =>
      [...checkpoints].map(([sequence, prefix]) => ({ origin, sequence, prefix })),
    )
  }
}

/** What a state holds of logs, and where they end. */
interface HeldLogs {
  readonly vector: VersionVector
  readonly hashes: ReadonlyMap<OriginId, Hash>
  readonly chains: LogChains
}

/** How a log that has `hash` after `sequence`, which is not beyond what is held, stands to that. */
export const fitOfHeld = (
  { vector, hashes, chains }: HeldLogs,
  origin: OriginId,
  sequence: Sequence,
  hash: Hash,
): Fit => {
  if (sequence < heldFrom(vector, origin)) return chains.fit(origin, sequence, hash)
  return hashes.get(origin) === hash ? 'same' : 'fork'
}

/** The origins of which another log is held than the one that the image is of, whichever of the two is longer. */
export const forkedIn = (image: StateImage, { vector, hashes, chains }: HeldLogs): readonly OriginId[] => {
  const grouped = byOrigin(image.checkpoints)
  return [...hashes].flatMap(([origin, hash]) => {
    const [end, imageEnd] = [heldFrom(vector, origin), heldFrom(image.vector, origin)]
    const imageHash = image.hashes.get(origin)
    if (imageHash === undefined) return []
    if (end === imageEnd) return hash === imageHash ? [] : [origin]
    const fit = end < imageEnd ? fitOf(grouped.get(origin), end, hash) : chains.fit(origin, imageEnd, imageHash)
    return fit === 'fork' ? [origin] : []
  })
}

/** The origins whose logs, as `former` had them, are not known to be the beginning of those that a later image is of. */
export const abandonedIn = (
  image: StateImage,
  former: Pick<StateImage, 'vector' | 'hashes'>,
): ReadonlySet<OriginId> => {
  const grouped = byOrigin(image.checkpoints)
  const abandoned = [...former.hashes].filter(([origin, hash]) => {
    const [was, is] = [heldFrom(former.vector, origin), heldFrom(image.vector, origin)]
    return was === is ? image.hashes.get(origin) !== hash : was > is || fitOf(grouped.get(origin), was, hash) !== 'same'
  })
  return new Set(abandoned.map(([origin]) => origin))
}

const oldestOf = (checkpoints: ReadonlyMap<Sequence, string>): Sequence | undefined => checkpoints.keys().next().value

/** Who was away for long, again and again, took over so many each time. */
const forgetOldest = (checkpoints: Map<Sequence, string>): void => {
  for (const sequence of checkpoints.keys()) {
    if (checkpoints.size <= limits.checkpointsPerOrigin) return
    checkpoints.delete(sequence)
  }
}

/** Of a log that goes on after `sequence`. */
const fitOf = (checkpoints: ReadonlyMap<Sequence, string> | undefined, sequence: Sequence, hash: Hash): Fit => {
  const oldest = checkpoints && oldestOf(checkpoints)
  if (oldest === undefined || sequence < oldest) return 'unknown'
  return checkpoints?.get(sequence) === hashPrefix(hash) ? 'same' : 'fork'
}

const byOrigin = (records: readonly CheckpointRecord[]): ReadonlyMap<OriginId, Map<Sequence, string>> => {
  const grouped = new Map<OriginId, Map<Sequence, string>>()
  for (const { origin, sequence, prefix } of records) {
    const checkpoints = grouped.get(origin) ?? new Map<Sequence, string>()
    grouped.set(origin, checkpoints.set(sequence, prefix))
  }
  return grouped
}
