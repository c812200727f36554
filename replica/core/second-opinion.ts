import type { Opinion } from './effects.ts'
import type { Identity } from './membership.ts'
import type { OriginId, PeerId, ServerId } from './model/ids.ts'
import { updateId } from './model/ids.ts'
import type { SeatClaim, StateImage } from './model/image.ts'
import type { MailsMessage, StateChunkMessage, VersionVector } from './model/messages.ts'
import type { Update } from './model/updates.ts'
import type { GroupState } from './state/group-state.ts'
import { goneBy } from './state/gone-by.ts'
import type { LeftOut } from './state/left-out.ts'
import {
  contentsOf,
  countOf,
  isContentOf,
  isLiveIn,
  keptBackOf,
  leftOutOf,
  restored,
  shownOf,
  understandsAll,
} from './state/left-out.ts'
import { abandonedIn } from './state/log-chains.ts'
import type { TransferStep } from './state-transfer.ts'
import { allOf, StateTransfer } from './state-transfer.ts'
import type { Witness } from './testimonies.ts'
import { covers, heldFrom } from './version-vector.ts'

/** How long the others have to take in what a received state covers: what is new gets about within a second. */
const patienceMs = 5_000
/** An opinion that takes longer than this is done without. */
const longestMs = 60_000
/** Ids of requests begin here, so that their answers are told from a state transfer's. */
const lastId = 500_000_000

/** A member, and what it is known to hold. */
export interface Member {
  readonly peer: PeerId
  readonly origin: OriginId
  readonly server: ServerId
  readonly row: VersionVector
}

/** Whose state it is. */
export type Source = Pick<Member, 'peer' | 'server'>

/** What is to be done about the state that has come. */
export type Verdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'ask'; readonly peer: PeerId; readonly messages: TransferStep['ask'] }
  /** Nobody who could confirm it is here, and there is a state here to go on with. */
  | { readonly kind: 'abandon' }
  /** Nobody confirms it in time: another member's state is to be taken. */
  | { readonly kind: 'instead'; readonly source: Source }
  /** `opinion`: null when there was nobody to ask. */
  | {
      readonly kind: 'join'
      readonly image: StateImage
      readonly opinion: Opinion | null
      readonly witnesses: readonly Witness[]
    }

interface Inquiry {
  readonly witness: Source
  readonly begunMs: number
  /** Null until its image has come. */
  found: {
    readonly image: StateImage
    readonly leftOut: LeftOut
    readonly isContent: (update: Update) => boolean
  } | null
  readonly shown: Set<string>
}

/** A state that has come with all its mails, and is not joined yet. */
interface Received {
  /** With what others have shown to be missing in it. */
  image: StateImage
  /** Null until somebody has confirmed it. */
  opinion: Opinion | null
  readonly source: Source
  readonly sinceMs: number
  readonly asked: Set<PeerId>
  readonly witnesses: Witness[]
}

const wait: Verdict = { kind: 'wait' }

/**
 * A state that is joined has everything as gone that it does not list, and nothing proves what is absent. So another member that has
 * seen all that it has seen is asked for its state, too: what is gone in one of them and not in the other was left out, and is taken
 * from there, with the contents, that persons have signed. Where there is nobody else the word of one is enough to begin with; who has a
 * state and is not alone in the group with that one waits for another one.
 */
export class SecondOpinion {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #transfer = new StateTransfer({ roundsAtMost: 1, lastId })
  #received: Received | null = null
  #inquiry: Inquiry | null = null
  /** Somebody has confirmed it, and shown all that was left out. */
  #isSettled = false
  /** Whose states nobody confirmed: the next time they are taken, and people are told. */
  readonly #doubted = new Set<PeerId>()
  /** It has never yet had a state: it may know the group and its seats all the same, by some of the logs. */
  isNewcomer: boolean

  constructor(identity: Identity, state: GroupState) {
    this.#identity = identity
    this.#state = state
    this.isNewcomer = state.seats.isUnknown
  }

  /** Whose state it is that waits. */
  get source(): PeerId | null {
    return this.#received?.source.peer ?? null
  }

  /** Whether the state of this member may be taken: somebody can confirm it, or nobody ever could, or there is none here to spoil. */
  isWorthIt(source: Source, members: readonly Member[]): boolean {
    return this.#othersThan(source, members).length > 0 || !this.#canWait(source)
  }

  begin(nowMs: number, image: StateImage, source: Source): void {
    this.#received = { image, opinion: null, source, sinceMs: nowMs, asked: new Set(), witnesses: [] }
  }

  /** To be asked for in each step; null when no state waits. */
  verdict(nowMs: number, members: readonly Member[]): Verdict | null {
    const received = this.#received
    if (received === null) return null
    if (this.#inquiry !== null) return wait
    if (this.#isSettled) return this.#join(received)
    const others = this.#othersThan(received.source, members)
    const unasked = others.filter(({ peer }) => !received.asked.has(peer))
    const next = unasked.find(({ row }) => this.hasSeenAll(row, received.image))
    if (next !== undefined) return this.#ask(nowMs, received, next)
    if (received.opinion !== null) return this.#join(received)
    if (others.length === 0 && this.#canWait(received.source)) {
      this.#received = null
      return { kind: 'abandon' }
    }
    if (unasked.length > 0 && nowMs - received.sinceMs < patienceMs) return wait
    const isAgain = this.#doubted.has(received.source.peer)
    // Where nobody else is nobody could confirm it.
    if (others.length > 0) this.#doubted.add(received.source.peer)
    const source = isAgain ? undefined : others.find(({ peer }) => !this.#doubted.has(peer))
    if (source !== undefined) {
      this.#received = null
      return { kind: 'instead', source }
    }
    // It may be the last one that has some of it: then the others never cover it before they have taken it from there.
    if (others.length > 0) {
      const gone = goneBy(received.image, this.#state)
      received.opinion = { server: received.source.server, witness: null, leftOut: 0, gone }
    }
    return this.#join(received)
  }

  /** Whether the logs of a witness's image go on from those of another one, as far as that can be known, and are understood. */
  canJudge(witness: StateImage, image: StateImage): boolean {
    if (!this.hasSeenAll(witness.vector, image) || !understandsAll(witness, image)) return false
    return abandonedIn(witness, image).size === 0
  }

  /** Whether what this vector covers includes all that the image covers. */
  hasSeenAll(vector: VersionVector, image: StateImage): boolean {
    return covers(vector, image.vector)
  }

  isAskedOf(peer: PeerId): boolean {
    return this.#inquiry?.witness.peer === peer
  }

  chunk(nowMs: number, peer: PeerId, message: StateChunkMessage): TransferStep {
    return this.#transfer.chunk(nowMs, peer, message)
  }

  /** The image that was asked to be decoded; null when it was not valid, or not of the logs that are held here. */
  decoded(nowMs: number, peer: PeerId, image: StateImage | null): TransferStep['ask'] {
    const [inquiry, received] = [this.#inquiry, this.#received]
    if (inquiry === null || received === null || inquiry.witness.peer !== peer) return []
    if (image === null || !this.canJudge(image, received.image)) {
      this.#end()
      return []
    }
    const leftOut = leftOutOf(received.image, image, this.#state)
    inquiry.found = { image, leftOut, isContent: isContentOf(leftOut) }
    const { findMissing } = this.#transfer.decoded(nowMs, peer, contentsOf(leftOut, image), this.#state.vector)
    // What is stored of it already is asked for as well: it has to be looked at.
    return findMissing === null ? [] : this.#proceed(this.#transfer.missing(nowMs, allOf(findMissing)))
  }

  isWaitingFor(peer: PeerId, message: MailsMessage): boolean {
    return this.#transfer.isWaitingFor(peer, message)
  }

  /** Contents came. Returns those that are to be stored, and what to ask for next. */
  mails(
    nowMs: number,
    message: MailsMessage,
  ): { readonly store: readonly Update[]; readonly ask: TransferStep['ask'] } {
    const inquiry = this.#inquiry
    const found = inquiry?.found ?? null
    const store = found === null ? [] : message.updates.filter(found.isContent)
    for (const { origin, sequence } of store) inquiry?.shown.add(updateId(origin, sequence))
    return { store, ask: this.#proceed(this.#transfer.mails(nowMs, message)) }
  }

  /** Does without an opinion that does not come. */
  tick(nowMs: number): void {
    if (this.#inquiry === null) return
    const isLate = nowMs - this.#inquiry.begunMs > longestMs
    if (isLate || this.#transfer.abandonIfStalled(nowMs) !== null) this.#end()
  }

  arriving(nowMs: number, peer: PeerId): void {
    this.#transfer.arriving(nowMs, peer)
  }

  disconnected(peer: PeerId): void {
    if (this.isAskedOf(peer)) this.#end()
  }

  #ask(nowMs: number, received: Received, { peer, server }: Source): Verdict {
    received.asked.add(peer)
    this.#inquiry = { witness: { peer, server }, begunMs: nowMs, found: null, shown: new Set() }
    const { ask } = this.#transfer.begin(nowMs, peer)
    return { kind: 'ask', peer, messages: ask }
  }

  #proceed({ ask, complete }: TransferStep): TransferStep['ask'] {
    const [inquiry, received] = [this.#inquiry, this.#received]
    if (complete === null || received === null || !inquiry?.found) return ask
    const { image, leftOut } = inquiry.found
    const shown = shownOf(leftOut, (entry) =>
      entry.sequence <= this.#state.held(entry.origin)
        ? isLiveIn(this.#state, entry)
        : inquiry.shown.has(updateId(entry.origin, entry.sequence)),
    )
    const before = received.opinion?.leftOut ?? 0
    received.opinion = {
      server: received.source.server,
      witness: inquiry.witness.server,
      leftOut: before + keptBackOf(received.image, shown),
      gone: 0,
    }
    received.witnesses.push(image)
    received.image = restored(received.image, image, shown, this.#state)
    // Of what it cannot show another one may have the contents.
    this.#isSettled = countOf(shown) === countOf(leftOut)
    this.#end()
    return ask
  }

  #join({ image, opinion, source, witnesses }: Received): Verdict {
    this.#received = null
    this.#isSettled = false
    if (opinion !== null && opinion.witness !== null) this.#doubted.delete(source.peer)
    return { kind: 'join', image, opinion, witnesses }
  }

  #end(): void {
    this.#inquiry = null
    this.#transfer.abandon()
  }

  #othersThan({ peer }: Source, members: readonly Member[]): readonly Member[] {
    return members.filter((member) => member.peer !== peer && this.#canTell(member))
  }

  /** Whether there is a state here, and somebody besides the source who will come again. */
  #canWait({ server }: Source): boolean {
    const { seats } = this.#state
    // On these two seats others may have been before, which will not come again: that they were replaced may not be known here.
    const isAnother = (claim: SeatClaim): boolean => claim.server !== this.#identity.server && claim.server !== server
    return !this.isNewcomer && seats.holders().some(isAnother)
  }

  /** Whether it has a state. Who has none here goes by what is not here, besides its own log: others may only just be coming in, too. */
  #canTell({ origin, row }: Member): boolean {
    const { seats } = this.#state
    const founder = seats.group === null ? null : seats.founder()
    if (founder !== null) return heldFrom(row, founder) > 0
    for (const [of, sequence] of row) if (of !== origin && sequence > this.#state.held(of)) return true
    return false
  }
}
