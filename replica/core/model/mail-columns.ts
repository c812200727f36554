import type { AccountId, Clock, OriginId, Sequence, Tag } from './ids.ts'
import { anyTag, tag } from './ids.ts'

/**
 * What is kept of a mail in memory. `marks[0]` are the sender's `markBits`, `marks[i + 1]` those of `to[i]`.
 * The sealed content is in the log, under `origin` and `sequence`.
 */
export interface MailRecord {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  /** `anyTag` for one that came from an image without tags. */
  readonly tag: Tag
  readonly from: AccountId
  readonly to: readonly AccountId[]
  readonly marks: readonly number[]
}

/**
 * The mails of one origin as columns, ascending by sequence: a million mails are then a few arrays instead of millions of
 * objects. Mail `i` has the copies from `copyStarts[i]` up to `copyStarts[i + 1]`, the sender's first.
 */
export interface OriginMails {
  readonly origin: OriginId
  readonly sequences: Float64Array
  readonly clocks: Float64Array
  readonly tags: Uint32Array
  /** One more than there are mails. */
  readonly copyStarts: Uint32Array
  /** Whose copy it is: places in `people`. */
  readonly owners: Uint32Array
  /** `markBits` of each copy. */
  readonly marks: Uint8Array
}

/** Mails as columns, ascending by origin, then sequence. */
export interface MailColumns {
  readonly people: readonly AccountId[]
  readonly origins: readonly OriginMails[]
}

export const mailCount = ({ origins }: MailColumns): number =>
  origins.reduce((sum, { sequences }) => sum + sequences.length, 0)

/** The mails one by one. */
export function* mailRecords({ people, origins }: MailColumns): Generator<MailRecord> {
  for (const mails of origins) {
    for (let row = 0; row < mails.sequences.length; row += 1) yield recordAt(people, mails, row)
  }
}

export const recordAt = (people: readonly AccountId[], mails: OriginMails, row: number): MailRecord => {
  const { origin, sequences, clocks, tags, copyStarts, owners, marks } = mails
  const start = copyStarts[row] ?? 0
  const end = copyStarts[row + 1] ?? start
  // Made at its full length: one that grows takes room for 16 more.
  const to = new Array<AccountId>(Math.max(0, end - start - 1))
  for (let copy = start + 1; copy < end; copy += 1) to[copy - start - 1] = personAt(people, owners, copy)
  return {
    origin,
    sequence: sequences[row] ?? 0,
    clock: clocks[row] ?? 0,
    tag: tag(tags[row] ?? anyTag),
    from: personAt(people, owners, start),
    to,
    marks: Array.from(marks.subarray(start, end)),
  }
}

const personAt = (people: readonly AccountId[], owners: Uint32Array, copy: number): AccountId => {
  const person = people[owners[copy] ?? -1]
  if (person === undefined) throw new RangeError('a copy of a mail has no owner')
  return person
}

/** Columns of records that ascend by origin, then sequence. */
export const mailColumns = (records: readonly MailRecord[]): MailColumns => {
  const places = new Map<AccountId, number>()
  const placeOf = (account: AccountId): number => {
    const place = places.get(account) ?? places.size
    places.set(account, place)
    return place
  }
  const byOrigin = Map.groupBy(records, ({ origin }) => origin)
  const origins = [...byOrigin].map(([origin, mails]): OriginMails => {
    const starts = [0]
    for (const { to } of mails) starts.push((starts.at(-1) ?? 0) + to.length + 1)
    return {
      origin,
      sequences: Float64Array.from(mails, ({ sequence }) => sequence),
      clocks: Float64Array.from(mails, ({ clock }) => clock),
      tags: Uint32Array.from(mails, (mail) => mail.tag),
      copyStarts: Uint32Array.from(starts),
      owners: Uint32Array.from(mails.flatMap(({ from, to }) => [placeOf(from), ...to.map(placeOf)])),
      marks: Uint8Array.from(mails.flatMap(({ marks }) => marks)),
    }
  })
  return { people: [...places.keys()], origins }
}
