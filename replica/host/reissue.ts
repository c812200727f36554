import type { Command } from '../core/effects.ts'
import type { OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import type { Change, SignedChange, SystemChange, Update } from '../core/model/updates.ts'
import { sameBytes } from '../wire/bytes.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'

export type Reissued = Extract<Command, { kind: 'reissue' }>['change']

/**
 * Walks down one log as an older copy and this install have it, update by update, to the last one that both have alike:
 * what the copy has above it is of a fork.
 */
export class Divergence {
  readonly #found: Update[] = []
  #isProven: boolean

  /** That a log is forked may not be known: a copy that is set aside because of one may hold others. */
  constructor(log: 'forked' | 'not known to be forked') {
    this.#isProven = log === 'forked'
  }

  /** The copy has `mine`; `theirs` is what this install has under the same name. `same`: go down no further. */
  meet(mine: Update, theirs: Uint8Array | undefined): 'same' | 'other' {
    if (theirs !== undefined && sameBytes(theirs, mine.bytes)) return 'same'
    if (theirs !== undefined) this.#isProven = true
    this.#found.push(mine)
    return 'other'
  }

  /** What only the copy had, ascending; nothing while no update shows that the logs are two. */
  updates(): readonly Update[] {
    return this.#isProven ? this.#found.toReversed() : []
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
      if (mailsMeant(update.change).some((mail) => isBeyond(mail, firsts))) return []
      if (gone.has(updateId(update.origin, update.sequence))) return []
      return changeOf(update)
    })
}

const changeOf = ({ change, bytes }: Update): readonly Reissued[] => {
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

/** The mails that a person's change is about. */
const mailsMeant = (change: Change): readonly UpdateId[] => {
  if ('mails' in change) return change.mails
  return 'mail' in change ? [change.mail] : []
}

const isBeyond = (mail: UpdateId, firsts: ReadonlyMap<OriginId, Sequence>): boolean => {
  const { origin, sequence } = splitUpdateId(mail)
  return sequence >= (firsts.get(origin) ?? Number.POSITIVE_INFINITY)
}

/** Mails of the fork that everybody who had a copy has deleted in it. */
const deletedByAll = (updates: readonly Update[]): ReadonlySet<UpdateId> => {
  const deleters = new Map<UpdateId, Set<string>>()
  for (const { change } of updates) {
    const isDeletion = change.kind === 'deletion' || (change.kind === 'marks' && change.mark === 'delete')
    if (!isDeletion) continue
    for (const mail of mailsMeant(change))
      deleters.set(mail, (deleters.get(mail) ?? new Set<string>()).add(change.account))
  }
  const gone = new Set<UpdateId>()
  for (const { origin, sequence, change } of updates) {
    const id = updateId(origin, sequence)
    if (change.kind !== 'mail') continue
    if ([change.account, ...change.to].every((owner) => deleters.get(id)?.has(owner) ?? false)) gone.add(id)
  }
  return gone
}
