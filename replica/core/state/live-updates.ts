import type { Clock, OriginId, Sequence } from '../model/ids.ts'
import type { StateImage } from '../model/image.ts'

/** A table of the state whose entries' contents are in the log only, in the updates that brought them. */
export interface LiveSource {
  /** Whether this update's bytes are needed. */
  has(origin: OriginId, sequence: Sequence): boolean
  /** Per origin the sequences that are needed. */
  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>>
}

/**
 * The updates whose bytes outlive compaction: what the state shows and does not hold itself. Compaction keeps them,
 * repairs and state transfers fetch them. No two sources share an update.
 */
export class LiveUpdates {
  readonly #sources: readonly LiveSource[]

  constructor(...sources: readonly LiveSource[]) {
    this.#sources = sources
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#sources.some((source) => source.has(origin, sequence))
  }

  /** Per origin the live sequences, ascending: a copy that later changes do not touch. */
  sequences(): ReadonlyMap<OriginId, Float64Array> {
    const collected = new Map<OriginId, Iterable<Sequence>[]>()
    for (const source of this.#sources) {
      for (const [origin, sequences] of source.liveSequences()) {
        const parts = collected.get(origin)
        if (parts === undefined) collected.set(origin, [sequences])
        else parts.push(sequences)
      }
    }
    return new Map([...collected].map(([origin, parts]) => [origin, ascending(parts)]))
  }
}

/** Tells a live update from one that has its name in another log: nobody writes two at the same moment. */
export interface LiveUpdate {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
}

/** The live updates of an image, each once, in no order. */
export function* liveUpdatesOf(image: StateImage): Iterable<LiveUpdate> {
  for (const { origin, sequences, clocks } of image.mails.origins) {
    for (const [index, sequence] of sequences.entries()) yield { origin, sequence, clock: clocks[index] ?? 0 }
  }
  for (const document of image.documents) if (document.state === 'written') yield document
  yield* image.posts
  yield* image.later
}

const ascending = (parts: readonly Iterable<Sequence>[]): Float64Array => {
  const copies = parts.map((part) => Float64Array.from(part))
  const all = new Float64Array(copies.reduce((length, copy) => length + copy.length, 0))
  let position = 0
  for (const copy of copies) {
    all.set(copy, position)
    position += copy.length
  }
  return all.sort()
}
