import type { DocumentId, ServerId, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientContext } from './client-context.ts'
import { hearingOf, isCaughtUp, reachOf, unheardSince, unreachableOf, type Hearing } from './reach.ts'
import type { Session } from './session.ts'

/** Why what waits may have been taken back elsewhere. */
export interface Doubt {
  /** Which servers may know of that; none: what they hold is on its way. */
  readonly servers: readonly ServerId[]
  /** Until when they are waited for: milliseconds since 1970. */
  readonly until: number
}

/** A mail does not leave yet. */
export class InDoubt extends Error {
  readonly doubt: Doubt

  constructor(doubt: Doubt) {
    super('It may have been taken back elsewhere.')
    this.doubt = doubt
  }
}

/**
 * Whether a mail that waits can have been taken back without this client's server having heard of it. One that was written since the log-in here can only be taken
 * back here, unless its person logs in elsewhere, of which this client is told as far as servers can reach each other. For any other one all servers in use
 * have to be heard first, from when it was asked for; those that are not heard for long are waited for no longer.
 */
export class LeaveDoubts {
  readonly #context: ClientContext
  /** Which may leave, and since when that is known. */
  readonly #cleared = new Map<DocumentId, number>()
  #sinceMs: number | null = null
  /** Whom the server had heard when this client began to ask; kept for who has a long sync interval, whose heartbeats are not waited for at once. */
  #before: Hearing | null = null

  constructor(context: ClientContext) {
    this.#context = context
    context.listen({
      loggedOut: () => {
        this.#cleared.clear()
        this.#sinceMs = null
        this.#before = null
      },
      // Another server has heard others at other times.
      connected: () => {
        this.#before = null
      },
    })
  }

  /** It was written here, or is still there after nobody was left who could have taken it back. */
  clear(document: DocumentId): void {
    if (!this.#cleared.has(document)) this.#cleared.set(document, this.#nowMs())
  }

  isCleared(document: DocumentId): boolean {
    return this.#cleared.has(document)
  }

  /** Null: what is still waiting after this was answered may leave. */
  async doubt(session: Session): Promise<Doubt | null> {
    this.#sinceMs ??= this.#nowMs()
    const until = this.#sinceMs + limits.takenBackElsewhereMs
    if (this.#nowMs() >= until) return null
    this.#before ??= await hearingOf(this.#context, session)
    const servers = await unheardSince(this.#context, session, this.#before)
    if (servers.length > 0 || (await reachOf(this.#context)) === 'less') return { servers, until }
    this.#before = null
    return null
  }

  /**
   * Whether it leaves from nowhere any more after it was taken back by `update`: it has waited for this client alone, or all servers in use have heard of that,
   * and nothing of what they hold is still to come.
   */
  async isOver(session: Session, document: DocumentId, update: UpdateId): Promise<boolean> {
    const clearedMs = this.#cleared.get(document)
    // By then another log-in, which servers could not tell of, may have stopped waiting.
    if (clearedMs !== undefined && this.#nowMs() - clearedMs < limits.takenBackElsewhereMs) return true
    for (let tries = 0; tries < limits.catchUpTries; tries += 1) {
      const { waitingFor } = await this.#context.ask(session, (api) => api.spread({ update }))
      if (waitingFor.length === 0) return isCaughtUp(this.#context, session)
      const unreachable = await unreachableOf(this.#context, session)
      if (waitingFor.some((server) => unreachable.includes(server))) return false
      await new Promise<void>((over) => this.#context.ports.clock.after(limits.catchUpLookMs, over))
    }
    return false
  }

  #nowMs(): number {
    return this.#context.ports.clock.nowMs()
  }
}
