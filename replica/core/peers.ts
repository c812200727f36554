import type { Clock, OriginId, PeerId, ServerId } from './model/ids.ts'
import type { SessionClaim } from './model/messages.ts'
import { clockToMs } from './model/clock.ts'

/** A clock that is behind by less leaves a mail where people look for it. */
const farBehindMs = 86_400_000

/** A connected replica. It is in the view once its hello was accepted. */
export interface PeerSession {
  readonly peer: PeerId
  origin: OriginId | null
  server: ServerId | null
  sessions: readonly SessionClaim[]
  /** Which of ours it was told last, and when; null before. */
  toldSessions: { readonly own: readonly SessionClaim[]; readonly atMs: number } | null
  /** It need not be told them again as long as they are the same: versions before this one do not know how that is said. */
  mayShorten: boolean
  /** It was told all that is known here, on this connection. */
  isTold: boolean
  /** Our hello has told it of others: it was known to be a member then, or has shown it since. */
  isWelcome: boolean
  /** It has told of all that it holds, and not only of its own log, as who does not know us does at first. */
  hasToldAll: boolean
  /** What its clock said in its last message. */
  clockMs: number
  /** How far that was ahead of ours. */
  clockOffsetMs: number
  /** When the group key that it has was made. */
  keyMadeAt: Clock
  /** How many updates the copy covers that it could take up again, while it has no state. */
  aside: number
}

/** A session whose hello was accepted. */
export type GreetedPeer = PeerSession & { origin: OriginId; server: ServerId }

export interface View {
  readonly number: number
  /** Reachable now, this server included, ascending. */
  readonly servers: readonly ServerId[]
}

/** Who is connected, and the numbered view that follows from it. */
export class Peers {
  readonly #self: ServerId
  readonly #sessions = new Map<PeerId, PeerSession>()
  #view: View

  constructor(self: ServerId) {
    this.#self = self
    this.#view = { number: 1, servers: [self] }
  }

  get view(): View {
    return this.#view
  }

  connected(peer: PeerId): PeerSession {
    const session: PeerSession = {
      peer,
      origin: null,
      server: null,
      sessions: [],
      toldSessions: null,
      mayShorten: false,
      isTold: false,
      isWelcome: false,
      hasToldAll: false,
      clockMs: 0,
      clockOffsetMs: 0,
      keyMadeAt: 0,
      aside: 0,
    }
    this.#sessions.set(peer, session)
    return session
  }

  disconnected(peer: PeerId): void {
    this.#sessions.delete(peer)
  }

  get(peer: PeerId): PeerSession | undefined {
    return this.#sessions.get(peer)
  }

  greeted(peer: PeerId): GreetedPeer | undefined {
    const session = this.#sessions.get(peer)
    return session !== undefined && isGreeted(session) ? session : undefined
  }

  /** Those whose hello has not come yet included. */
  allConnected(): readonly PeerSession[] {
    return [...this.#sessions.values()]
  }

  allGreeted(): readonly GreetedPeer[] {
    return [...this.#sessions.values()].filter(isGreeted)
  }

  noteClock(session: PeerSession, clock: number, nowMs: number): void {
    session.clockMs = clockToMs(clock)
    session.clockOffsetMs = session.clockMs - nowMs
  }

  /**
   * The time as most of those who are connected have it, of two the earlier: what is dated at a machine whose clock is wrong, such as a log-in, must
   * not outlive its end.
   */
  agreedMs(wallMs: number): number {
    return wallMs + middleOf([0, ...this.allGreeted().map(({ clockOffsetMs }) => clockOffsetMs)])
  }

  /** How far our clock is ahead of those of the others. Of two clocks nobody can tell which one is off. */
  get offMs(): number {
    return this.#canTell() ? -this.agreedMs(0) : 0
  }

  /**
   * What time it most likely is, a heartbeat ago, as far as that can be told. By what the others said and not by how far they were ahead: our clock may
   * have been set right since.
   */
  likelyMs(wallMs: number): number {
    return this.#canTell() ? middleOf([wallMs, ...this.allGreeted().map(({ clockMs }) => clockMs)]) : wallMs
  }

  /** What is written now is dated by this: by a clock that is years behind it would stand below what everybody has read long ago. */
  datingMs(wallMs: number): number {
    const likelyMs = this.likelyMs(wallMs)
    return likelyMs - wallMs > farBehindMs ? likelyMs : wallMs
  }

  #canTell(): boolean {
    return this.allGreeted().length >= 2
  }

  /** The new view if the set of reachable servers changed. */
  refreshView(): View | null {
    const greeted = this.allGreeted()
    const { number, servers: before } = this.#view
    const isReachable = (server: ServerId): boolean =>
      server === this.#self || greeted.some((session) => session.server === server)
    if (before.every(isReachable) && greeted.every(({ server }) => before.includes(server))) return null
    const servers = [...new Set([this.#self, ...greeted.map(({ server }) => server)])].sort((a, b) => a - b)
    this.#view = { number: number + 1, servers }
    return this.#view
  }
}

/** Of an even number the earlier one. */
const middleOf = (times: readonly number[]): number =>
  times.toSorted((one, other) => one - other)[(times.length - 1) >> 1] ?? 0

const isGreeted = (session: PeerSession): session is GreetedPeer => session.origin !== null && session.server !== null
