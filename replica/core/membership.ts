import { AgreedLogs } from './agreed-logs.ts'
import { refusalOf } from './door.ts'
import type { EffectsDraft } from './effects.ts'
import { maxDriftMs } from './hybrid-clock.ts'
import type { KnowledgeMatrix } from './knowledge.ts'
import type { Told } from './knowledge-telling.ts'
import { KnowledgeTelling } from './knowledge-telling.ts'
import type { AccountId, Hash, OriginId, PeerId, Sequence, ServerId } from './model/ids.ts'
import type { SeatClaim } from './model/image.ts'
import { limits } from './model/limits.ts'
import type { HelloMessage, KnowledgeMessage, KnowledgeRows, SessionClaim, VersionVector } from './model/messages.ts'
import type { Batch } from './model/updates.ts'
import type { GreetedPeer, PeerSession } from './peers.ts'
import { Peers } from './peers.ts'
import { Sessions } from './sessions.ts'
import type { Audience } from './spreading.ts'
import type { GroupState } from './state/group-state.ts'
import { heldFrom } from './version-vector.ts'

/** Who this install is. */
export interface Identity {
  readonly origin: OriginId
  readonly server: ServerId
  readonly peer: PeerId
  /** The batch of the member that let it in; null for the group's first install. */
  readonly admission: Batch | null
  /** The admissions of the member that admitted it, of that one's, and so on: for those who met none of them. */
  readonly vouchers: readonly Batch[]
}

/** How often knowledge is told when nothing happens, unless people choose another interval. */
const usualSyncIntervalMs = 1_000
/** Who is online is told at most this often. */
const peopleNewsMs = 500
/** What has changed is given to the people here before the others are told of it, together with what comes soon after it. */
const newsAfterMs = 100
/** Such news goes out so often at most: safety marks follow quickly, without a flood. */
const newsEveryMs = 500
/** Who is logged in here is told again so often, also when that has not changed. */
const sessionsEveryMs = 10_000

/**
 * Membership views from connections and hellos, and what members tell each other about themselves: what they know,
 * where they can be dialled, who is logged in there.
 */
export class Membership {
  readonly peers: Peers
  readonly agreed: AgreedLogs
  readonly sessions: Sessions
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #matrix: KnowledgeMatrix
  readonly #paused = new Set<ServerId>()
  readonly #addresses = new Map<PeerId, readonly string[]>()
  readonly #clockFlagged = new Set<PeerId>()
  readonly #telling: KnowledgeTelling
  #addressNews = new Map<PeerId, readonly string[]>()
  /** As others say, of peers that are not connected here and were last seen elsewhere. */
  #whereabouts = new Map<PeerId, readonly string[]>()
  #hasPeopleNews = false
  #peopleToldMs = 0
  #peopleRevision = 0
  #denied = ''
  #members = ''
  /** What the members were last told from; null when addresses have changed since. */
  #toldHolders: readonly SeatClaim[] | null = null
  #toldMs = 0
  /** When the others' rows and the ends of logs went along: not later for the news in between. */
  #roundMs = 0
  /** Whether what is held of others' logs is told: there is a state here, and it is not about to be given up. */
  tellsAll: boolean
  /** How many updates the copy covers that could be taken up again. */
  aside = 0
  syncIntervalMs = usualSyncIntervalMs
  readonly #seenMs = new Map<ServerId, number>()
  #toldRevision = -1
  /** Since when there has been something to tell; null: there is nothing. */
  #newsSinceMs: number | null = null

  constructor(identity: Identity, state: GroupState, matrix: KnowledgeMatrix) {
    this.#identity = identity
    this.#state = state
    this.#matrix = matrix
    this.agreed = new AgreedLogs(state)
    this.peers = new Peers(identity.server)
    this.sessions = new Sessions(identity.server)
    this.#telling = new KnowledgeTelling(identity.origin)
    this.tellsAll = !state.seats.isUnknown
    this.#noteVouchers(identity)
  }

  get paused(): readonly ServerId[] {
    return [...this.#paused].sort((left, right) => left - right)
  }

  /** Where members can be dialled, as far as is known. */
  get addresses(): ReadonlyMap<PeerId, readonly string[]> {
    return this.#addresses
  }

  /** When each server was last heard, in milliseconds since 1970. */
  get seenMs(): ReadonlyMap<ServerId, number> {
    return this.#seenMs
  }

  /** Every connection that ends has this said: where nobody was logged in by it there is nothing to tell. */
  setSessions(sessions: readonly SessionClaim[]): void {
    if (textOf(sessions) === textOf(this.sessions.own)) return
    this.sessions.setOwn(sessions)
    this.#toldRevision = -1
    this.#hasPeopleNews = true
  }

  /** At which servers each account is logged in now, ascending. */
  online(): ReadonlyMap<AccountId, readonly ServerId[]> {
    const online = new Map<AccountId, Set<ServerId>>()
    const note = (server: ServerId, sessions: readonly SessionClaim[]): void => {
      for (const { account } of sessions) online.set(account, (online.get(account) ?? new Set()).add(server))
    }
    note(this.#identity.server, this.sessions.own)
    for (const { server, sessions } of this.peers.allGreeted()) note(server, sessions)
    return new Map([...online].map(([account, servers]) => [account, [...servers].sort((left, right) => left - right)]))
  }

  pause(servers: readonly ServerId[]): void {
    for (const server of servers) if (server !== this.#identity.server) this.#paused.add(server)
  }

  resume(servers: readonly ServerId[]): void {
    for (const server of servers) this.#paused.delete(server)
  }

  setAddresses(addresses: ReadonlyMap<PeerId, readonly string[]>): void {
    for (const [peer, known] of addresses) this.#learnAddresses(peer, known)
  }

  /** Addresses that were learnt since this was last asked: others may not know them either. */
  takeAddressNews(): ReadonlyMap<PeerId, readonly string[]> {
    const news = this.#addressNews
    this.#addressNews = new Map()
    return news
  }

  hello(clock: number, rows: KnowledgeRows, addresses: HelloMessage['addresses'], keyMadeAt: number): HelloMessage {
    const { origin, server, admission, vouchers } = this.#identity
    return { kind: 'hello', origin, server, clock, rows, admission, vouchers, addresses, keyMadeAt, end: null }
  }

  /** Null when the hello is accepted; otherwise why it is not. */
  refuses(session: PeerSession, hello: HelloMessage): string | null {
    if (this.#paused.has(hello.server)) return 'paused'
    return refusalOf(this.#state.seats, session, hello)
  }

  accept(session: PeerSession, hello: HelloMessage, nowMs: number): void {
    session.origin = hello.origin
    session.server = hello.server
    session.keyMadeAt = hello.keyMadeAt
    this.#noteVouchers(hello)
    this.#seenMs.set(hello.server, nowMs)
    this.peers.noteClock(session, hello.clock, nowMs)
    for (const [peer, known] of hello.addresses) {
      if (peer === this.#identity.peer || known.length === 0) continue
      const isNews = !this.#addresses.has(peer) && this.#addresses.size < limits.dialledPeers
      if (peer === session.peer || isNews) this.#learnAddresses(peer, known)
      // Who says so may have met it there since it moved, or may not have met it for longer.
      else if (this.peers.get(peer) === undefined) this.#whereabouts.set(peer, known)
    }
  }

  heard(session: GreetedPeer, message: KnowledgeMessage, nowMs: number): void {
    this.#seenMs.set(session.server, nowMs)
    session.aside = message.aside ?? 0
    session.mayShorten = message.mayShorten === true
    if (message.sessions !== 'as before') {
      if (textOf(session.sessions) !== textOf(message.sessions)) this.#hasPeopleNews = true
      session.sessions = message.sessions
      this.sessions.heard(session.server, message.sessions)
    }
    this.peers.noteClock(session, message.clock, nowMs)
  }

  /** Who is here, but for retired machines, which hand over what they have and get nothing. */
  served(): readonly GreetedPeer[] {
    return this.peers.allGreeted().filter((session) => !this.#state.seats.isRetiredPeer(session))
  }

  /** Whom a step that ends now can tell of what is new here, and whether it tells them anyway what is held here. */
  audience(nowMs: number): Audience {
    return {
      peers: this.served(),
      holders: this.#state.seats.holders().map((claim) => claim.origin),
      isTold: this.#isRoundDue(nowMs) || this.#isNewsDue(nowMs),
    }
  }

  /** What every step ends with: view, pauses, members and knowledge are told where they changed. */
  conclude(nowMs: number, clock: number, effects: EffectsDraft): void {
    const view = this.peers.refreshView()
    if (view !== null) effects.notify.push({ kind: 'view', ...view })
    this.#tellDenied(effects)
    if (effects.groupKey !== null) this.#cutStrangers(effects)
    this.#tellMembers(effects)
    this.#tellWhereabouts(effects)
    this.#flagClocks(effects)
    if (view !== null) this.#hasPeopleNews = true
    this.#tellSessions(nowMs, effects)
    const isDue = this.#isRoundDue(nowMs)
    if (view === null && !isDue && !this.#isNewsDue(nowMs)) return
    const occasion = view !== null || isDue ? 'round' : 'news'
    this.#toldMs = nowMs
    if (occasion === 'round') this.#roundMs = nowMs
    this.#toldRevision = this.#state.revision
    this.#newsSinceMs = null
    const all = (): Told => ({ rows: this.toldRows(), hashes: this.#toldHashes() })
    const news = this.#telling.next(nowMs, occasion, all, this.toldRow())
    let whole: Told | null = null
    const messages = new Map<string, KnowledgeMessage>()
    for (const session of this.served()) {
      const told = session.isTold ? news : (whole ??= all())
      const sessions = this.#sessionsFor(session, nowMs)
      // One that is for several is encoded once.
      const key = `${session.isTold} ${sessions === 'as before'}`
      const message = messages.get(key) ?? this.#knowledge(clock, told, sessions)
      messages.set(key, message)
      session.isTold = true
      effects.send.push({ to: session.peer, message, urgency: 'ordinary' })
    }
  }

  #knowledge(clock: number, { rows, hashes }: Told, sessions: KnowledgeMessage['sessions']): KnowledgeMessage {
    const aside = this.#state.seats.isUnknown && this.aside > 0 ? { aside: this.aside } : {}
    return { kind: 'knowledge', clock, rows, hashes: new Map(hashes), sessions, mayShorten: true, ...aside }
  }

  /** Where many are logged in, they are most of what is said, every second: they are told when they have changed, and now and then. */
  #sessionsFor(session: PeerSession, nowMs: number): KnowledgeMessage['sessions'] {
    const { own } = this.sessions
    const { toldSessions: told, mayShorten } = session
    if (mayShorten && told?.own === own && nowMs - told.atMs < sessionsEveryMs) return 'as before'
    session.toldSessions = { own, atMs: nowMs }
    return own
  }

  /** Whether nobody who is here could take up a copy that covers more; of those that cover as much the first by name counts. */
  get isFirstToTakeUp(): boolean {
    const { origin: own } = this.#identity
    return this.peers
      .allGreeted()
      .every(({ origin, aside }) => aside < this.aside || (aside === this.aside && own < origin))
  }

  /** Servers whose present install holds this update durably, as far as is known here, ascending. `lacks`: it has lost the content. */
  holdersOf(origin: OriginId, sequence: Sequence, lacks: (peer: PeerId) => boolean): readonly ServerId[] {
    const rows = this.rows()
    const holds = (claim: SeatClaim): boolean =>
      heldFrom(rows.get(claim.origin) ?? new Map(), origin) >= sequence && !lacks(claim.peer)
    return this.#state.seats.holders().flatMap((claim) => (holds(claim) ? [claim.server] : []))
  }

  /** The rows of the seats' holders and our own, which is exactly what we hold. */
  rows(): KnowledgeRows {
    const holders = this.#state.seats.holders().map((claim) => claim.origin)
    return new Map([...this.#matrix.rowsOf(holders), [this.#identity.origin, new Map(this.#state.vector)]])
  }

  /** What is told of the holders of seats: of others what they hold of the logs that are held here. */
  toldRows(): KnowledgeRows {
    const told = this.#state.seats.holders().map(({ origin }) => [origin, this.agreed.row(origin)] as const)
    return new Map([...told, [this.#identity.origin, this.toldRow()]])
  }

  /**
   * What is told of what is held here. Who has never yet had all that the others have tells of its own log only, so that nobody asks it
   * for any other: newcomers could go on handing each other a log that went another way than those who have a state hold it. Nor does
   * who is about to give its state up.
   */
  toldRow(): VersionVector {
    const { origin } = this.#identity
    if (this.tellsAll) return new Map(this.#state.vector)
    return new Map([[origin, this.#state.held(origin)]])
  }

  /** Where the logs end that are told of: when more of them are, those ends are news. */
  #toldHashes(): ReadonlyMap<OriginId, Hash> {
    const told = this.toldRow()
    return new Map([...this.#state.hashes].filter(([origin]) => told.has(origin)))
  }

  /** An install shows how it was let in; what the log had of that may have been discarded before it was kept. */
  #noteVouchers({ admission, vouchers }: Pick<Identity, 'admission' | 'vouchers'>): void {
    for (const batch of [admission ?? [], vouchers].flat()) this.#state.seats.vouchBy(batch)
  }

  #isRoundDue(nowMs: number): boolean {
    return nowMs - this.#roundMs >= this.syncIntervalMs
  }

  #isNewsDue(nowMs: number): boolean {
    if (this.#toldRevision === this.#state.revision) return false
    this.#newsSinceMs ??= nowMs
    return nowMs - this.#newsSinceMs >= newsAfterMs && nowMs - this.#toldMs >= newsEveryMs
  }

  #tellSessions(nowMs: number, effects: EffectsDraft): void {
    for (const { session, by } of this.sessions.takenOver()) effects.notify.push({ kind: 'takenOver', session, by })
    const { revision } = this.#state.accounts
    if (revision !== this.#peopleRevision) this.#hasPeopleNews = true
    this.#peopleRevision = revision
    if (!this.#hasPeopleNews || nowMs - this.#peopleToldMs < peopleNewsMs) return
    this.#hasPeopleNews = false
    this.#peopleToldMs = nowMs
    effects.notify.push({ kind: 'people' })
  }

  #learnAddresses(peer: PeerId, known: readonly string[]): void {
    if (this.#addresses.get(peer)?.join() === known.join()) return
    this.#addresses.set(peer, known)
    this.#addressNews.set(peer, known)
    this.#toldHolders = null
  }

  #tellDenied(effects: EffectsDraft): void {
    const denied = new Set<PeerId>()
    if (this.#paused.size > 0) {
      for (const claim of this.#state.seats.claims()) if (this.#paused.has(claim.server)) denied.add(claim.peer)
      for (const session of this.peers.allGreeted()) if (this.#paused.has(session.server)) denied.add(session.peer)
    }
    for (const peer of this.#state.seats.shutOut()) denied.add(peer)
    denied.delete(this.#identity.peer)
    const told = [...denied].sort().join()
    if (told === this.#denied) return
    this.#denied = told
    effects.deny = denied
  }

  /** Who has not shown that it is a member may have nothing but the former key; a member comes back. */
  #cutStrangers(effects: EffectsDraft): void {
    const strangers = this.peers.allConnected().filter(({ peer }) => this.peers.greeted(peer) === undefined)
    effects.disconnect.push(...strangers.map(({ peer }) => peer))
  }

  #tellMembers(effects: EffectsDraft): void {
    const holders = this.#state.seats.holders()
    if (this.#toldHolders === holders) return
    this.#toldHolders = holders
    const members = new Map<PeerId, readonly string[]>()
    const peers = this.#state.seats.group === null ? [...this.#addresses.keys()] : holders.map((claim) => claim.peer)
    for (const peer of peers) if (peer !== this.#identity.peer) members.set(peer, this.#addresses.get(peer) ?? [])
    const former = this.#former()
    const known = this.#state.seats.knownPeers()
    const places = [...members, ...former].map(([peer, seen]) => `${peer} ${seen.join()}`)
    const told = `${members.size} ${places.join(';')} ${[...known].join()}`
    if (told === this.#members) return
    this.#members = told
    effects.notify.push({ kind: 'members', addresses: members, former, known })
  }

  /**
   * Machines that were retired, where they were last seen. One that comes back looks for the others by itself, unless it has retired them, too: then
   * nobody would ever hear of the other side.
   */
  #former(): ReadonlyMap<PeerId, readonly string[]> {
    const { seats } = this.#state
    const { peer: own } = this.#identity
    const isFormer = ({ origin, peer }: SeatClaim): boolean =>
      peer !== own && seats.isRetired(origin) && !seats.isShutOut(origin)
    const former = seats.claims().filter(isFormer).slice(-limits.dialledFormer)
    return new Map(former.map(({ peer }) => [peer, this.#addresses.get(peer) ?? []]))
  }

  #tellWhereabouts(effects: EffectsDraft): void {
    if (this.#whereabouts.size === 0) return
    effects.notify.push({ kind: 'whereabouts', addresses: this.#whereabouts })
    this.#whereabouts = new Map()
  }

  #flagClocks(effects: EffectsDraft): void {
    for (const session of this.peers.allGreeted()) {
      if (Math.abs(session.clockOffsetMs) <= maxDriftMs) {
        this.#clockFlagged.delete(session.peer)
      } else if (!this.#clockFlagged.has(session.peer)) {
        this.#clockFlagged.add(session.peer)
        effects.notify.push({ kind: 'clockOff', server: session.server, offsetMs: session.clockOffsetMs })
      }
    }
  }
}

const textOf = (sessions: readonly SessionClaim[]): string =>
  sessions.map(({ session, clock }) => `${session} ${clock}`).join()
