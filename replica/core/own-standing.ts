import { formerInstalls } from './door.ts'
import type { Identity } from './membership.ts'
import { namesOf, type OriginId, type PeerId, type ServerId } from './model/ids.ts'
import type { RefusalMessage } from './model/messages.ts'
import type { PeerSession } from './peers.ts'
import type { GroupState } from './state/group-state.ts'

/** Retirements by machines that are not known here are remembered of so many of these for each member that shows them. */
const shownAtMost = 8

/**
 * How this machine stands with the others: whether they have retired it, as the log says or as they say at the door, because they do not give
 * it the log; and who does not know it.
 */
export class OwnStanding {
  readonly #identity: Identity
  readonly #state: GroupState
  /** A member said so, before the update that says so came. */
  isSaidRetired = false
  /** A member said so of what this machine was before it started over. */
  #isSaidOfFormer = false
  readonly #saidRetiredBy = new Set<ServerId>()
  readonly #notAdmittedBy = new Map<PeerId, ServerId>()
  /** Per member by whom, not known here, this install was retired, as it has shown. It could make up as many as it likes: the last ones count. */
  readonly #byUnknown = new Map<OriginId, readonly OriginId[]>()

  constructor(identity: Identity, state: GroupState) {
    this.#identity = identity
    this.#state = state
  }

  /** This install, or the machine that it goes on for. */
  get isRetired(): boolean {
    return this.isRetiredItself || this.#isSaidOfFormer
  }

  /** For good. */
  get isRetiredItself(): boolean {
    return this.isSaidRetired || this.#state.seats.isRetired(this.#identity.origin)
  }

  /** Servers that said so, and showed nothing for it that means anything here; ascending. */
  get saidRetiredBy(): readonly ServerId[] {
    return [...this.#saidRetiredBy].sort((left, right) => left - right)
  }

  /** Servers that said last that this machine was not let into the group; ascending. Not of machines that have no seat any more. */
  get notAdmittedBy(): readonly ServerId[] {
    const { seats } = this.#state
    const holders = new Set(seats.holders().map(({ peer }) => peer))
    const said = [...this.#notAdmittedBy].filter(([peer]) => seats.isUnknown || holders.has(peer))
    return [...new Set(said.map(([, server]) => server))].sort((left, right) => left - right)
  }

  /** Who refuses this machine as a stranger may know it a moment later: as soon as it has heard how that was let in. */
  notAdmitted({ peer, server }: PeerSession): void {
    if (server !== null) this.#notAdmittedBy.set(peer, server)
  }

  /**
   * A member speaks to this machine, as to a member: it may not have heard that the machine that this one goes on for was retired. Then those who say so
   * will let this one in, too.
   */
  admitted(peer: PeerId): void {
    this.#isSaidOfFormer = false
    this.#notAdmittedBy.delete(peer)
  }

  /**
   * A member says that this machine was retired. Believed when it is shown, signed by somebody who is known here as a member: the one who says so, if need be, one who
   * was let in by members who were, or anybody to who knows nobody yet. Of somebody else two members have to show it. Otherwise people are
   * told who says so. The word of one that was retired here counts no more: where two sides of a split have retired each other, both go on.
   */
  retired({ origin, server }: PeerSession, { retirement }: RefusalMessage): void {
    const { seats } = this.#state
    const isFormer = retirement !== null && this.#isFormer(retirement.retired)
    const told = retirement !== null && (isFormer || this.#isOwn(retirement.retired)) ? retirement : null
    const by = told?.proof.by
    const shown = told === null ? [] : [told.proof, ...told.vouchers]
    // Whoever was let in by members, and retired since, is not vouched for by them any more.
    const firstKnown = shown.find(
      ({ by: install }) => install === origin || seats.isRetired(install) || seats.claimOf(install) !== undefined,
    )
    const isByMember = firstKnown !== undefined && !seats.isRetired(firstKnown.by)
    const isKnown = told !== null && (seats.group === null || isByMember)
    if (isKnown || (by !== undefined && this.#showMany(by, origin))) {
      if (isFormer) this.#isSaidOfFormer = true
      else this.isSaidRetired = true
    } else if (server !== null) this.#saidRetiredBy.add(server)
  }

  /** Whether it is this machine, under its present seat or a former one. */
  #isOwn(origin: OriginId): boolean {
    const { peer, origin: own } = this.#identity
    return origin === own || this.#state.seats.claimOf(origin)?.peer === peer
  }

  /** Whether it is what this machine was before it started over, under whatever seat. */
  #isFormer(origin: OriginId): boolean {
    const { admission, vouchers } = this.#identity
    const former = formerInstalls([admission ?? [], vouchers].flat())
    return former.some((install) => namesOf(install).includes(origin))
  }

  #showMany(by: OriginId, member: OriginId | null): boolean {
    const { seats } = this.#state
    if (member === null || seats.claimOf(member) === undefined || seats.isRetired(member)) return false
    const others = (this.#byUnknown.get(member) ?? []).filter((shown) => shown !== by)
    this.#byUnknown.set(member, [...others, by].slice(-shownAtMost))
    return [...this.#byUnknown].some(([other, shown]) => other !== member && shown.includes(by))
  }
}
