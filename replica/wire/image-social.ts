import type { OriginId, Sequence } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import type { FollowRecord, PostDeletionRecord, PostRecord } from '../core/model/image.ts'
import type { VersionVector } from '../core/model/messages.ts'
import { damaged, type ItemReader } from './image-items.ts'
import type { ImagePlaces, ImageTables } from './image-mailbox.ts'

const followsCode = 1
const notCode = 0

/** Author, origin, sequence, clock, tag. */
export const postRow = ({ account, origin, sequence, clock, tag }: PostRecord, places: ImagePlaces): number[] => [
  places.person(account),
  places.origin(origin),
  sequence,
  clock,
  tag,
]

export const readPostRow = (items: ItemReader, { format, origins, people }: ImageTables): PostRecord => ({
  account: items.pick(people),
  origin: items.pick(origins),
  sequence: items.positive(),
  clock: items.number(),
  tag: items.tag(format),
})

/** The post's origin, sequence and tag, and who takes it back. */
export const postDeletionRow = ({ post, tag, account }: PostDeletionRecord, places: ImagePlaces): number[] => {
  const { origin, sequence } = splitUpdateId(post)
  return [places.origin(origin), sequence, tag, places.person(account)]
}

export const readPostDeletionRow = (
  items: ItemReader,
  { format, origins, people }: ImageTables,
): PostDeletionRecord => ({
  post: updateId(items.pick(origins), items.positive()),
  tag: items.tag(format),
  account: items.pick(people),
})

/** Account, whom, origin, sequence, clock, whether it follows. */
export const followRow = (record: FollowRecord, places: ImagePlaces): number[] => [
  places.person(record.account),
  places.person(record.whom),
  places.origin(record.origin),
  record.sequence,
  record.clock,
  record.state === 'follows' ? followsCode : notCode,
]

export const readFollowRow = (items: ItemReader, { origins, people }: ImageTables): FollowRecord => ({
  account: items.pick(people),
  whom: items.pick(people),
  origin: items.pick(origins),
  sequence: items.positive(),
  clock: items.number(),
  state: items.number(followsCode) === followsCode ? 'follows' : 'not',
})

/** The row, unless it is beyond `vector`, which is damage. */
export const notBeyond = <Row extends { readonly origin: OriginId; readonly sequence: Sequence }>(
  row: Row,
  vector: VersionVector,
): Row => (row.sequence <= (vector.get(row.origin) ?? 0) ? row : damaged('an entry is beyond the version vector'))
