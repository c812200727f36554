import type { Command } from '../core/effects.ts'
import type { OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import type { Batch, Change, SignedChange, SystemChange, Update } from '../core/model/updates.ts'
import { GroupState } from '../core/state/group-state.ts'
import { sameBytes } from '../wire/bytes.ts'
import { decodeImage } from '../wire/image-decode.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'

export type Reissued = Extract<Command, { kind: 'reissue' }>

/**
 * How a log in an older copy stands to what this install has of it: the beginning of the same (or the same and more), another one
 * from some update on (`forkedAfter`, the last end of a batch that both have), or not known, but for what was told of it.
 */
export type Relation = 'same' | 'forked' | 'not known to be forked' | { readonly forkedAfter: Sequence }

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
  if (fit === 'same') return 'same'
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
  readonly snapshot: { readonly chunks: readonly string[] } | null
  readonly suffix: readonly Batch[]
}

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
  /** Of the fork if another content is found further down. */
  #undecided: Update[] = []
  #alike = 0
  #isProven: boolean
  /** Both have the same up to here. */
  readonly #shared: Sequence

  /** That a log is forked may not be known: a copy that is set aside because of one may hold others. */
  constructor(log: Relation, held: Sequence) {
    this.#held = held
    this.#isProven = log === 'forked' || typeof log === 'object'
    this.#shared = typeof log === 'object' ? log.forkedAfter : log === 'same' ? held : 0
  }

  /** The copy has `mine`; `theirs` is what this install has under the same name. `end`: go down no further. */
  meet(mine: Update, theirs: Uint8Array | undefined): 'end' | 'on' {
    if (mine.sequence > this.#held) {
      this.#beyond.push(mine)
      return 'on'
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

  /** What only the copy had, ascending: what is beyond all that is held here, and the fork if an update shows that there is one. */
  updates(): readonly Update[] {
    return [...this.#beyond, ...(this.#isProven ? this.#found : [])].toReversed()
  }
}

/** What of these updates of forked logs is worth being written anew, in the order in which it was written. */
export const reissued = (updates: readonly Update[]): readonly Reissued[] => {
  const firsts = new Map<OriginId, Sequence>()
  for (const { origin, sequence } of updates)
    firsts.set(origin, Math.min(sequence, firsts.get(origin) ?? Number.POSITIVE_INFINITY))
  const gone = deletedByAll(updates)
  return updates
    .toSorted((left, right) => left.clock - right.clock)
    .flatMap((update) => {
      // A mark on a mail of a fork would hit the mail that has this name now.
      if (meantBy(update.change).some((id) => isBeyond(id, firsts))) return []
      if (gone.has(updateId(update.origin, update.sequence))) return []
      return changeOf(update).map((change) => ({ kind: 'reissue', change, clock: update.clock }) satisfies Reissued)
    })
}

const changeOf = ({ change, bytes }: Update): readonly Reissued['change'][] => {
  switch (change.kind) {
    case 'unknown':
    case 'forged':
      return []
    case 'group':
    case 'seat':
    case 'invite':
    case 'admission':
    case 'clientAdmission':
    case 'retirement':
    case 'revocation':
    case 'machineName':
      return [change satisfies SystemChange]
    default: {
      const parts = signedPartsOf(bytes)
      return parts.ok ? [{ change, ...parts.value } satisfies SignedChange] : []
    }
  }
}

/** The mails or the post that a person's change is about. */
const meantBy = (change: Change): readonly UpdateId[] => {
  if ('mails' in change) return change.mails
  if ('post' in change) return [change.post]
  return 'mail' in change ? [change.mail] : []
}

const isBeyond = (id: UpdateId, firsts: ReadonlyMap<OriginId, Sequence>): boolean => {
  const { origin, sequence } = splitUpdateId(id)
  return sequence >= (firsts.get(origin) ?? Number.POSITIVE_INFINITY)
}

/** Mails of the forks that everybody who had a copy has deleted in them, and posts that were taken back in them. */
const deletedByAll = (updates: readonly Update[]): ReadonlySet<UpdateId> => {
  const deleters = new Map<UpdateId, Set<string>>()
  for (const { change } of updates) {
    const isDeletion =
      change.kind === 'deletion' ||
      change.kind === 'postDeletion' ||
      (change.kind === 'marks' && change.mark === 'delete')
    if (!isDeletion) continue
    for (const id of meantBy(change)) deleters.set(id, (deleters.get(id) ?? new Set<string>()).add(change.account))
  }
  const gone = new Set<UpdateId>()
  for (const { origin, sequence, change } of updates) {
    const id = updateId(origin, sequence)
    if (change.kind !== 'mail' && change.kind !== 'post') continue
    const owners = change.kind === 'mail' ? [change.account, ...change.to] : [change.account]
    if (owners.every((owner) => deleters.get(id)?.has(owner) ?? false)) gone.add(id)
  }
  return gone
}
