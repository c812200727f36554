import type { Clock, OriginId, Sequence } from './model/ids.ts'
import { splitUpdateId, updateId } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import { limits } from './model/limits.ts'
import type { VersionVector } from './model/messages.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

interface Place {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
}

/** What a joined state brought that people are told of, as when it had come update by update: the newest, oldest of them first. */
export interface Brought {
  readonly mails: readonly Place[]
  readonly posts: readonly Place[]
}

/**
 * What of `image` a state at `held` has not got; to be asked for before the join. Nothing when this copy has only just
 * begun: to who reads here for the first time none of it is news.
 */
export const newIn = (image: StateImage, { seats }: GroupState, held: VersionVector): Brought =>
  seats.group === null
    ? { mails: [], posts: [] }
    : { mails: newest(mailPlaces(image), held), posts: newest(image.posts, held) }

/** Those that are there after the join, and were not known by another name. */
export const stillNew = (brought: Brought, state: GroupState, held: VersionVector): Brought => {
  const isNews = ({ origin, sequence }: Place): boolean =>
    state.executions.namesOf(updateId(origin, sequence)).every((name) => !isHeld(splitUpdateId(name), held))
  return {
    mails: brought.mails.filter((mail) => state.mails.has(mail.origin, mail.sequence) && isNews(mail)),
    posts: brought.posts.filter((post) => state.posts.has(post.origin, post.sequence) && isNews(post)),
  }
}

function* mailPlaces({ mails }: StateImage): Iterable<Place> {
  for (const { origin, sequences, clocks } of mails.origins) {
    for (const [row, sequence] of sequences.entries()) yield { origin, sequence, clock: clocks[row] ?? 0 }
  }
}

/** Kept while looking for the newest, so that they are sorted seldom. */
const slack = 10

const newest = (places: Iterable<Place>, held: VersionVector): readonly Place[] => {
  let found: Place[] = []
  for (const place of places) {
    if (isHeld(place, held)) continue
    found.push(place)
    if (found.length > limits.announcedAtOnce * slack) found = latest(found)
  }
  return latest(found)
}

const latest = (places: readonly Place[]): Place[] =>
  places.toSorted((one, two) => one.clock - two.clock).slice(-limits.announcedAtOnce)

const isHeld = ({ origin, sequence }: Pick<Place, 'origin' | 'sequence'>, held: VersionVector): boolean =>
  sequence <= heldFrom(held, origin)
