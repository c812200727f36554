import type { OriginId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { SegmentContext } from './nedb-segment.ts'
import { Segment } from './nedb-segment.ts'

/**
 * The segments of one origin's log, in a directory of its own. Each begins where its file's name says. A document stands in the
 * segment to which its first sequence belongs: a batch that came over mails of a state transfer may reach into the next.
 */
export class OriginLog {
  readonly origin: OriginId
  readonly directory: string
  readonly #context: SegmentContext
  #segments: Segment[] = []

  constructor(context: SegmentContext, origin: OriginId, directory: string) {
    this.#context = context
    this.origin = origin
    this.directory = directory
  }

  /** Ascending. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** The segment to which `sequence` belongs; null when it stands before all of them. */
  at(sequence: Sequence): Segment | null {
    return this.#segments[this.#countUpTo(sequence) - 1] ?? null
  }

  /** Where what holds `sequence` may stand: in the segment to which it belongs, or in one before, within a batch; latest first. */
  reaching(sequence: Sequence): readonly Segment[] {
    const count = this.#countUpTo(sequence)
    let start = Math.max(0, count - 1)
    while (start > 0 && (this.#segments[start]?.first ?? 0) > sequence - limits.batchUpdates + 1) start -= 1
    return this.#segments.slice(start, count).toReversed()
  }

  /** The segments to which something of this stretch belongs, ascending. */
  between(first: Sequence, last: Sequence): readonly Segment[] {
    return this.#segments.slice(Math.max(0, this.#countUpTo(first) - 1), this.#countUpTo(last))
  }

  /** The last sequence that belongs to a segment; null for the last one. */
  endOf(segment: Segment): Sequence | null {
    const next = this.#segments[this.#countUpTo(segment.first)]
    return next === undefined ? null : next.first - 1
  }

  /** Takes a segment in: one that is there (`bytes` long), or, with 0 bytes, one that is made by its first write. */
  add(first: Sequence, bytes: number): Segment {
    const place = { origin: this.origin, first, directory: this.directory, bytes }
    const segment = new Segment(this.#context, place, (of) => this.endOf(of))
    this.#segments = [...this.#segments, segment].sort((left, right) => left.first - right.first)
    return segment
  }

  remove(removed: Segment): void {
    this.#segments = this.#segments.filter((segment) => segment !== removed)
  }

  /** How many segments begin at or before `sequence`. */
  #countUpTo(sequence: Sequence): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#segments[middle]?.first ?? Infinity) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
