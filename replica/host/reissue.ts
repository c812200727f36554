import type { Command } from '../core/effects.ts'
import type { AccountId, OriginId, Sequence, Tag, UpdateId } from '../core/model/ids.ts'
import { anyTag, splitUpdateId, tagOf, tagsAgree, updateId } from '../core/model/ids.ts'
import type { Aims } from '../core/model/mailbox-changes.ts'
import { aimedAt, type Meant, meantBy } from '../core/model/meant.ts'
import { countsFrom, type PersonChange, type SignedChange, type Update } from '../core/model/updates.ts'
import { decodePayload } from '../wire/payload-codec.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'

export type Reissued = Extract<Command, { kind: 'reissue' }>

/** What is to be written anew, and what it was called in the fork. */
export interface Anew {
  readonly id: UpdateId
  readonly wish: Reissued
}

/**
 * What of the updates of forked logs is worth being written anew, in the order in which it was written. Marks on mails and posts of
 * the fork come last: they are aimed at the names that these have got by then, which the caller tells by `became`.
 */
export class Reissuing {
  readonly #updates: readonly Update[]
  /** Of each forked log the first update that is of the fork. */
  readonly #firsts: ReadonlyMap<OriginId, Sequence>
  readonly #tags: ReadonlyMap<UpdateId, Tag>
  /** What nobody is to have any more, and the deletions of all that had a copy. */
  readonly #gone: ReadonlyMap<UpdateId, readonly Update[]>
  readonly #isHeld: (id: UpdateId) => boolean
  readonly #names = new Map<UpdateId, UpdateId>()

  /** `isHeld` tells whether a name has a meaning now. */
  constructor(updates: readonly Update[], isHeld: (id: UpdateId) => boolean) {
    this.#updates = updates.toSorted((left, right) => left.clock - right.clock)
    this.#isHeld = isHeld
    const firsts = new Map<OriginId, Sequence>()
    const tags = new Map<UpdateId, Tag>()
    for (const { origin, sequence, change } of updates) {
      firsts.set(origin, Math.min(sequence, firsts.get(origin) ?? Number.POSITIVE_INFINITY))
      if (change.kind === 'mail' || change.kind === 'post') tags.set(updateId(origin, sequence), tagOf(change.command))
    }
    this.#firsts = firsts
    this.#tags = tags
    this.#gone = deletedByAll(updates)
  }

  /** All but the marks on what is of the fork. */
  wishes(): readonly Anew[] {
    return this.#updates.flatMap((update) => {
      const id = updateId(update.origin, update.sequence)
      if (meantBy(update.change).some((meant) => this.#isBeyond(meant))) return []
      const how = this.#howToWrite(id)
      return changeOf(update).map((change) => ({
        id,
        wish: { kind: 'reissue', change, clock: countsFrom(update), ...how },
      }))
    })
  }

  /**
   * What nobody is to have any more is written all the same, with its deletions: whoever was not answered gives the same command again, and
   * it must not be there again.
   */
  #howToWrite(id: UpdateId): Pick<Reissued, 'reason' | 'deletions'> {
    const gone = this.#gone.get(id)
    if (gone === undefined) return { reason: 'to have it' }
    const isAimable = gone.every(({ change }) => meantBy(change).every(({ tag }) => tag !== anyTag))
    if (!isAimable) return { reason: 'to know its name' }
    const deletions = (name: UpdateId): readonly SignedChange[] =>
      gone.flatMap((deletion) => this.#aimed(deletion, (meant) => (meant.id === id ? name : null)) ?? [])
    return { reason: 'to have it', deletions }
  }

  /** What was called `former` in the fork is called so now. */
  became(former: UpdateId, now: UpdateId): void {
    this.#names.set(former, now)
  }

  /** Whether a mark of another log, which has not forked, is about a mail or post of the fork. */
  concerns({ change }: Update): boolean {
    return meantBy(change).some((meant) => this.#isOfFork(meant))
  }

  /** To be asked for when all `wishes` have been carried out. `elsewhere`: those that it `concerns`. */
  marks(elsewhere: readonly Update[]): readonly Reissued[] {
    const own = this.#updates.filter(({ change }) => meantBy(change).some((meant) => this.#isBeyond(meant)))
    const isThere = (meant: Meant): boolean => !this.#isBeyond(meant) || this.#isHeld(meant.id)
    const ofFork = own.flatMap((update) => this.#mark(update, (meant) => (isThere(meant) ? meant.id : null)))
    // What else such a mark of another log is about has got it already.
    return [...ofFork, ...elsewhere.flatMap((update) => this.#mark(update, () => null))]
  }

  /** `nameElse`: what is not of the fork is called now. */
  #mark(update: Update, nameElse: (meant: Meant) => UpdateId | null): readonly Reissued[] {
    const change = this.#aimed(update, (meant) => (this.#isOfFork(meant) ? this.#nameNow(meant) : nameElse(meant)))
    return change === null ? [] : [{ kind: 'reissue', change, clock: countsFrom(update), reason: 'to have it' }]
  }

  /** With the names that `nameOf` gives. Null where no name is left, or one that means any mail is of the fork. */
  #aimed({ change, bytes }: Update, nameOf: (meant: Meant) => UpdateId | null): SignedChange | null {
    const meant = meantBy(change)
    const parts = signedPartsOf(bytes)
    if (!parts.ok || meant.some(({ id, tag }) => tag === anyTag && this.#isBeyond({ id, tag }))) return null
    const now = new Map<UpdateId, UpdateId | null>()
    for (const one of meant) {
      const aim = nameOf(one)
      if (aim !== one.id) now.set(one.id, aim)
    }
    const { payload, signature, aims: before } = parts.value
    const signed = before === undefined ? (change as PersonChange) : signedChange(change as PersonChange, payload)
    const aims = before === undefined || signed === null ? now : onTopOf(before, now, signed)
    // What is called as before, because the others have it by this name, needs no aim.
    if (signed !== null && aims.size === 0) return { change: signed, payload, signature }
    const aimed = signed && aimedAt(signed, aims)
    return aimed && { change: aimed, payload, signature, aims }
  }

  /** What nobody here has by any name may still come by the one that it had: what is of no fork after all, from who is not here. */
  #nameNow({ id }: Meant): UpdateId | null {
    return this.#names.get(id) ?? (this.#isHeld(id) ? null : id)
  }

  #isBeyond({ id }: Meant): boolean {
    const { origin, sequence } = splitUpdateId(id)
    return sequence >= (this.#firsts.get(origin) ?? Number.POSITIVE_INFINITY)
  }

  #isOfFork({ id, tag }: Meant): boolean {
    return tag !== anyTag && this.#tags.get(id) === tag
  }
}

/** What is to be written anew though it is known. */
export const onceMore = (updates: readonly Update[]): readonly Reissued[] =>
  updates.flatMap((update) =>
    changeOf(update).map((change) => ({
      kind: 'reissue',
      change,
      clock: countsFrom(update),
      reason: 'to have it once more',
    })),
  )

/** As the person signed it. */
const signedChange = ({ kind }: PersonChange, payload: Uint8Array): PersonChange | null => {
  const decoded = decodePayload(kind, payload)
  return decoded.ok ? decoded.value : null
}

/** What was aimed before is aimed once more. */
const onTopOf = (before: Aims, now: Aims, signed: PersonChange): Aims => {
  const aims = new Map<UpdateId, UpdateId | null>()
  for (const { id } of meantBy(signed)) {
    const was = before.has(id) ? (before.get(id) ?? null) : id
    const is = was !== null && now.has(was) ? (now.get(was) ?? null) : was
    if (is !== id) aims.set(id, is)
  }
  return aims
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
      return [change]
    default: {
      const parts = signedPartsOf(bytes)
      return parts.ok ? [{ change, ...parts.value } satisfies SignedChange] : []
    }
  }
}

/** Mails of the forks that everybody who had a copy has deleted in them, and posts that were taken back in them, with these deletions. */
const deletedByAll = (updates: readonly Update[]): ReadonlyMap<UpdateId, readonly Update[]> => {
  const deletions = new Map<UpdateId, { readonly by: Update; readonly account: AccountId; readonly tag: Tag }[]>()
  for (const by of updates.filter(isDeletion)) {
    if (!('account' in by.change)) continue
    const { account } = by.change
    for (const { id, tag } of meantBy(by.change))
      deletions.set(id, [...(deletions.get(id) ?? []), { by, account, tag }])
  }
  const gone = new Map<UpdateId, readonly Update[]>()
  for (const { origin, sequence, change } of updates) {
    if (change.kind !== 'mail' && change.kind !== 'post') continue
    const id = updateId(origin, sequence)
    const meant = deletions.get(id)?.filter(({ tag }) => tagsAgree(tag, tagOf(change.command))) ?? []
    const owners = new Set(change.kind === 'mail' ? [change.account, ...change.to] : [change.account])
    const theirs = [...owners].map((owner) => meant.find(({ account }) => account === owner)?.by)
    const all = theirs.filter((deletion) => deletion !== undefined)
    if (all.length === owners.size) gone.set(id, all)
  }
  return gone
}

const isDeletion = ({ change }: Update): boolean =>
  change.kind === 'deletion' || change.kind === 'postDeletion' || (change.kind === 'marks' && change.mark === 'delete')
