import type { AccountId, Clock, OriginId, Sequence, Tag, UpdateId } from '../model/ids.ts'
import { anyTag, tag, tagOf, tagsAgree, updateId } from '../model/ids.ts'
import type { StateImage } from '../model/image.ts'
import type { Update } from '../model/updates.ts'
import { countsFrom } from '../model/updates.ts'

/** A table of the state whose entries' contents are in the log only, in the updates that brought them. */
export interface LiveSource {
  /** Whether this update's bytes are needed. */
  has(origin: OriginId, sequence: Sequence): boolean
  /** Per origin the sequences that are needed. */
  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>>
}

/** The tables of a state of which the log keeps something. */
interface LiveTables extends Readonly<Record<'mails' | 'posts' | 'later', LiveSource>> {
  readonly documents: LiveSource & { readonly forgettings: LiveSource }
  readonly follows: Pick<LiveSource, 'liveSequences'>
}

/**
 * The updates whose bytes outlive compaction: what the state shows and does not hold itself. Compaction keeps them,
 * repairs and state transfers fetch them. No two sources share an update.
 */
export class LiveUpdates {
  readonly #sources: readonly LiveSource[]
  readonly #besides: Pick<LiveSource, 'liveSequences'>

  /** Follows the state holds itself, but not as somebody signed them. */
  constructor({ mails, documents, posts, later, follows }: LiveTables) {
    this.#sources = [mails, documents, documents.forgettings, posts, later]
    this.#besides = follows
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#sources.some((source) => source.has(origin, sequence))
  }

  /** Per origin the live sequences, ascending: a copy that later changes do not touch. */
  sequences(): ReadonlyMap<OriginId, Float64Array> {
    return collect(this.#sources)
  }

  /** As `sequences`, for compaction, which leaves something besides as far as it is there: nobody fetches that, so it may be missing. */
  kept(): ReadonlyMap<OriginId, Float64Array> {
    return collect([...this.#sources, this.#besides])
  }
}

const collect = (sources: readonly Pick<LiveSource, 'liveSequences'>[]): ReadonlyMap<OriginId, Float64Array> => {
  const collected = new Map<OriginId, Iterable<Sequence>[]>()
  for (const source of sources) {
    for (const [origin, sequences] of source.liveSequences()) {
      const parts = collected.get(origin)
      if (parts === undefined) collected.set(origin, [sequences])
      else parts.push(sequences)
    }
  }
  return new Map([...collected].map(([origin, parts]) => [origin, ascending(parts)]))
}

/**
 * Tells a live update from one that has its name in another log: both may have been written at one moment, by a clock that was ahead of the
 * machine's; of mails and posts the tag tells them apart then.
 */
export interface LiveUpdate {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  /** Of mails and posts only. */
  readonly tag?: Tag
  /** Whose it is, unless it is of a kind that is not understood. */
  readonly account?: AccountId | undefined
}

/** Whether what is stored by the name of a live update is its contents. */
export const isItself = (
  wanted: Omit<LiveUpdate, 'origin'>,
  { clock, change }: Pick<Update, 'clock' | 'change'>,
): boolean =>
  // A state says of a document when it was said, or when it was written while that was not understood yet.
  (clock === wanted.clock || countsFrom({ clock, change }) === wanted.clock) && isOfItsPerson(wanted, change)

/**
 * As far as its tag and its person tell: a mail that was given to two servers is listed by the time of the earlier. A tag alone tells little,
 * because whoever signs something can choose it.
 */
export const isOfItsPerson = (wanted: Pick<LiveUpdate, 'tag' | 'account'>, change: Update['change']): boolean => {
  if (wanted.account !== undefined && 'account' in change && change.account !== wanted.account) return false
  const storedTag = change.kind === 'mail' || change.kind === 'post' ? tagOf(change.command) : undefined
  return (
    wanted.tag === storedTag ||
    (wanted.tag !== undefined && storedTag !== undefined && tagsAgree(wanted.tag, storedTag))
  )
}

/** The live updates of an image, each once, in no order. */
export function* liveUpdatesOf(image: StateImage): Iterable<LiveUpdate> {
  yield* shownIn(image)
  yield* image.forgettings
  if (image.later.length === 0) return
  // Who holds something without understanding it may have taken the state of a member that does.
  const shown = new Set<UpdateId>()
  for (const { origin, sequence } of shownIn(image)) shown.add(updateId(origin, sequence))
  for (const kept of image.later) if (!shown.has(updateId(kept.origin, kept.sequence))) yield kept
}

function* shownIn(image: StateImage): Iterable<LiveUpdate> {
  const { people, origins } = image.mails
  for (const { origin, sequences, clocks, tags, copyStarts, owners } of origins) {
    for (const [index, sequence] of sequences.entries()) {
      const account = people[owners[copyStarts[index] ?? 0] ?? 0]
      yield { origin, sequence, clock: clocks[index] ?? 0, tag: tag(tags[index] ?? anyTag), account }
    }
  }
  for (const document of image.documents) if (document.state === 'written') yield document
  yield* image.posts
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
