import { maxDriftMs } from './hybrid-clock.ts'
import { msToClock } from './model/clock.ts'
import type { AccountId, Clock, ServerId, SessionId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { SessionClaim } from './model/messages.ts'
import type { LogInVerdict, SessionPlace } from './model/session-place.ts'

interface Latest extends SessionPlace {
  readonly session: SessionId
  readonly clock: Clock
}

/**
 * One active session per account, without a word of it in the log. Servers tell each other who is logged in; of two
 * sessions of an account the later log-in stands, wherever the two are and whenever their servers meet. A client that comes
 * back, here or at another server, carries its session on and takes over nobody.
 */
export class Sessions {
  readonly #self: ServerId
  /** The latest session seen of each account, also when it is over. */
  readonly #latest = new Map<AccountId, Latest>()
  readonly #told = new Set<SessionId>()
  /** Sessions that a later one is known to have taken over; the newest of them. */
  readonly #past = new Set<SessionId>()
  #own: readonly SessionClaim[] = []
  /** What each server said last. */
  readonly #open = new Map<ServerId, ReadonlySet<SessionId>>()

  constructor(self: ServerId) {
    this.#self = self
  }

  /** Those that are open here. */
  get own(): readonly SessionClaim[] {
    return this.#own
  }

  /** `offered` is the time of the log-in of a session that is carried on; null for a new log-in. `now`: as most clocks have it. */
  judge(account: AccountId, session: SessionId, offered: Clock | null, now: Clock): LogInVerdict {
    const latest = this.#latest.get(account)
    if (latest?.session === session) return { kind: 'taken', clock: latest.clock }
    if (offered === null) return { kind: 'taken', clock: Math.max(now, (latest?.clock ?? 0) + 1) }
    if (latest === undefined || isLater({ clock: offered, session }, latest)) return { kind: 'taken', clock: offered }
    // One that is over shuts nobody out of whom it is not known to have taken over: a clock was wrong when either was opened.
    const isWrong = latest.clock > now + msToClock(maxDriftMs) || !this.#past.has(session)
    if (isWrong && !this.#isOpen(latest)) return { kind: 'taken', clock: latest.clock + 1 }
    return { kind: 'superseded', by: { server: latest.server, machine: latest.machine } }
  }

  setOwn(sessions: readonly SessionClaim[]): void {
    this.#own = sessions
    this.heard(this.#self, sessions)
  }

  heard(server: ServerId, sessions: readonly SessionClaim[]): void {
    this.#open.set(server, new Set(sessions.map(({ session }) => session)))
    for (const { account, session, clock, machine } of sessions) {
      const latest = this.#latest.get(account)
      if (latest !== undefined && latest.session !== session) {
        const isSuperseded = !isLater({ clock, session }, latest)
        this.#pass(isSuperseded ? session : latest.session)
        if (isSuperseded) continue
      }
      this.#latest.delete(account)
      this.#latest.set(account, { session, clock, server, machine })
      if (this.#latest.size <= limits.onlineAccounts) continue
      const [oldest] = this.#latest.keys()
      if (oldest !== undefined) this.#latest.delete(oldest)
    }
  }

  #pass(session: SessionId): void {
    this.#past.add(session)
    const [oldest] = this.#past
    if (this.#past.size > limits.onlineAccounts && oldest !== undefined) this.#past.delete(oldest)
  }

  #isOpen({ server, session }: Latest): boolean {
    return this.#open.get(server)?.has(session) ?? false
  }

  /** Sessions open here that later ones have taken over and that were not told so yet. */
  takenOver(): readonly { readonly session: SessionId; readonly by: SessionPlace }[] {
    const found = this.#own.flatMap(({ account, session }) => {
      const latest = this.#latest.get(account)
      if (latest === undefined || latest.session === session || this.#told.has(session)) return []
      return [{ session, by: { server: latest.server, machine: latest.machine } }]
    })
    const open = new Set(this.#own.map(({ session }) => session))
    for (const session of this.#told) if (!open.has(session)) this.#told.delete(session)
    for (const { session } of found) this.#told.add(session)
    return found
  }
}

const isLater = (one: Pick<Latest, 'clock' | 'session'>, two: Pick<Latest, 'clock' | 'session'>): boolean =>
  one.clock > two.clock || (one.clock === two.clock && one.session > two.session)
