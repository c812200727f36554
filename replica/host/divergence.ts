import type { OriginId, Sequence } from '../core/model/ids.ts'
import { type Batch, isForGood, type Update } from '../core/model/updates.ts'
import { GroupState } from '../core/state/group-state.ts'
import { sameBytes } from '../wire/bytes.ts'
import { decodeImage } from '../wire/image-decode.ts'

/**
 * How a log in an older copy stands to what this install has of it: the beginning of the same (or the same and more), another one
 * from some update on (`forkedAfter`, the last end of a batch that both have), or not known, but for what was told of it. `given up`: it
 * is the same, though the copy was set aside because somebody holds another one by its name.
 */
export type Relation = 'same' | 'given up' | 'forked' | 'not known to be forked' | { readonly forkedAfter: Sequence }

/** By the ends of batches that both remember. `told`: this log is why the copy was set aside. */
export const relationOf = (
  aside: GroupState,
  present: GroupState,
  origin: OriginId,
  told: 'forked' | 'not known to be forked',
): Relation => {
  const mine = aside.lastHash(origin)
  const theirs = present.lastHash(origin)
  if (mine === undefined || theirs === undefined) return told
  const [end, held] = [aside.held(origin), present.held(origin)]
  const fit = end > held ? aside.chains.fit(origin, held, theirs) : present.chains.fit(origin, end, mine)
  if (fit === 'same') return told === 'forked' ? 'given up' : 'same'
  const forkedAfter = fit === 'fork' ? aside.chains.newestCommon(present.chains, origin) : null
  return forkedAfter === null ? told : { forkedAfter }
}

/** The state that a recovered copy comes to; an empty one when its snapshot cannot be read. */
export const stateOf = ({ snapshot, suffix }: Recovery): GroupState => {
  const state = new GroupState()
  const image = snapshot === null ? null : decodeImage(snapshot.chunks)
  if (image?.ok === false) return state
  if (image !== null) state.join(image.value)
  for (const batch of suffix) state.applyBatch(batch)
  return state
}

interface Recovery {
  readonly snapshot: { readonly chunks: Iterable<string> } | null
  readonly suffix: readonly Batch[]
}

/** So much of a log that was given up is looked through: the newest. */
const lookedThrough = 10_240
/** So many alike in a row are of the log that both share: a command that was given to both copies may come out alike in both. */
const enoughAlike = 64

/**
 * Walks down one log as an older copy and this install have it, update by update, to where both have the same: what the
 * copy has above it is of a fork. What this install has not got any more may have been deleted, and shows nothing.
 */
export class Divergence {
  readonly #held: Sequence
  /** Beyond what is held here, and too far compacted in the copy to be handed in as it is. */
  readonly #beyond: Update[] = []
  readonly #found: Update[] = []
  /** Of a log that may have to be given up once more. */
  readonly #again: Update[] = []
  /** Of the fork if another content is found further down. */
  #undecided: Update[] = []
  #alike = 0
  #isProven: boolean
  /** Both have the same up to here. */
  readonly #shared: Sequence
  readonly #isGivenUp: boolean

  /** That a log is forked may not be known: a copy that is set aside because of one may hold others. */
  constructor(log: Relation, held: Sequence) {
    this.#held = held
    this.#isGivenUp = log === 'given up'
    this.#isProven = log === 'forked' || typeof log === 'object'
    this.#shared = typeof log === 'object' ? log.forkedAfter : log === 'same' || log === 'given up' ? held : 0
  }

  /** The copy has `mine`; `theirs` is what this install has under the same name. `end`: go down no further. */
  meet(mine: Update, theirs: Uint8Array | undefined): 'end' | 'on' {
    if (mine.sequence > this.#held) {
      this.#beyond.push(mine)
      return 'on'
    }
    if (this.#isGivenUp) {
      if (isForGood(mine.change)) this.#again.push(mine)
      this.#alike += 1
      return this.#alike < lookedThrough ? 'on' : 'end'
    }
    if (mine.sequence <= this.#shared) return 'end'
    if (this.#shared > 0) {
      this.#found.push(mine)
      return 'on'
    }
    if (theirs !== undefined && sameBytes(theirs, mine.bytes)) {
      this.#alike += 1
      return this.#alike < enoughAlike ? 'on' : 'end'
    }
    if (theirs === undefined && this.#alike > 0) {
      this.#undecided.push(mine)
      return 'on'
    }
    if (theirs !== undefined) this.#isProven = true
    this.#found.push(...this.#undecided, mine)
    this.#undecided = []
    this.#alike = 0
    return 'on'
  }

  /**
   * What was done for good in a log that is held here as well, but elsewhere is another one, ascending: should this one not be the one that stays, a state
   * that knows of it shows nobody's word for it.
   */
  again(): readonly Update[] {
    return this.#again.toReversed()
  }

  /** What only the copy had, ascending: what is beyond all that is held here, and the fork if an update shows that there is one. */
  updates(): readonly Update[] {
    return [...this.#beyond, ...(this.#isProven ? this.#found : [])].toReversed()
  }
}
