import type { Command } from '../core/effects.ts'
import type { OriginId, Sequence, Tag, UpdateId } from '../core/model/ids.ts'
import { anyTag, splitUpdateId, tagOf, tagsAgree, updateId } from '../core/model/ids.ts'
import type { Aims } from '../core/model/mailbox-changes.ts'
import { aimedAt, type Meant, meantBy } from '../core/model/meant.ts'
import type { PersonChange, SignedChange, Update } from '../core/model/updates.ts'
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
  readonly #gone: ReadonlySet<UpdateId>
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
      const reason = this.#gone.has(id) ? 'to know its name' : 'to have it'
      return changeOf(update).map((change) => ({ id, wish: { kind: 'reissue', change, clock: update.clock, reason } }))
    })
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
    const ofFork = own.flatMap((update) => this.#aimed(update, (meant) => (isThere(meant) ? meant.id : null)))
    // What else such a mark of another log is about has got it already.
    return [...ofFork, ...elsewhere.flatMap((update) => this.#aimed(update, () => null))]
  }

  /** `aimElse`: what is not of the fork is called now. Nothing where no name is left, or one that means any mail is of the fork. */
  #aimed(update: Update, aimElse: (meant: Meant) => UpdateId | null): readonly Reissued[] {
    const { change, bytes, clock } = update
    const meant = meantBy(change)
    const parts = signedPartsOf(bytes)
    if (!parts.ok || meant.some(({ id, tag }) => tag === anyTag && this.#isBeyond({ id, tag }))) return []
    const now = new Map<UpdateId, UpdateId | null>()
    for (const one of meant) {
      const aim = this.#isOfFork(one) ? this.#nameNow(one) : aimElse(one)
      if (aim !== one.id) now.set(one.id, aim)
    }
    const { payload, signature, aims: before } = parts.value
    const signed = before === undefined ? (change as PersonChange) : signedChange(change as PersonChange, payload)
    const aims = before === undefined || signed === null ? now : onTopOf(before, now, signed)
    // What is called as before, because the others have it by this name, needs no aim.
    if (signed !== null && aims.size === 0)
      return [{ kind: 'reissue', change: { change: signed, payload, signature }, clock, reason: 'to have it' }]
    const aimed = signed && aimedAt(signed, aims)
    return aimed === null
      ? []
      : [{ kind: 'reissue', change: { change: aimed, payload, signature, aims }, clock, reason: 'to have it' }]
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
      clock: update.clock,
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

/**
 * Mails of the forks that everybody who had a copy has deleted in them, and posts that were taken back in them. They are not written
 * anew; but where one was given to another server, too, it is there under another name, and is to be deleted there.
 */
const deletedByAll = (updates: readonly Update[]): ReadonlySet<UpdateId> => {
  const deletions = updates.filter(
    ({ change }) =>
      change.kind === 'deletion' ||
      change.kind === 'postDeletion' ||
      (change.kind === 'marks' && change.mark === 'delete'),
  )
  const deleters = new Map<UpdateId, { readonly account: string; readonly tag: Tag }[]>()
  for (const { change } of deletions) {
    if (!('account' in change)) continue
    for (const { id, tag } of meantBy(change))
      deleters.set(id, [...(deleters.get(id) ?? []), { account: change.account, tag }])
  }
  const gone = new Set<UpdateId>()
  for (const { origin, sequence, change } of updates) {
    if (change.kind !== 'mail' && change.kind !== 'post') continue
    const id = updateId(origin, sequence)
    const owners = change.kind === 'mail' ? [change.account, ...change.to] : [change.account]
    const isDeletedBy = (owner: string): boolean =>
      deleters.get(id)?.some(({ account, tag }) => account === owner && tagsAgree(tag, tagOf(change.command))) ?? false
    if (owners.every(isDeletedBy)) gone.add(id)
  }
  return gone
}
