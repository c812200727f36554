import type { Accepted, ReplicaApi, SayAnew, SessionPlace, Submission } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { AccountDirectory } from './account-directory.ts'
import type { ClientEvent } from './contract/events.ts'
import {
  isUnreachable,
  type ConnectReplica,
  type KnownServers,
  type LinkEvent,
  type LinkListener,
} from './link-connection.ts'
import { ReplicaLink } from './replica-link.ts'
import type { Session, SessionPorts, SignWord } from './session.ts'
import { ShownTags } from './shown-tags.ts'
import { asWish } from './unanswered.ts'

/** More often nobody says something else at the same moment; a server that is not honest may pretend so. */
const mostSayings = 10

/** What the parts of a client listen to. All of them hear everything, in the order in which they were made. */
export interface ContextListener {
  /** Somebody has just logged in, here or over a new connection. */
  readonly loggedIn?: (session: Session) => void
  readonly loggedOut?: () => void
  /** The account of a session was deleted elsewhere; that is over by then. */
  readonly deleted?: (session: Session) => void
  /** Somebody is about to log out: brings to an end what they have begun; null when there is nothing. */
  readonly leaving?: (session: Session) => Promise<void> | null
  readonly event?: (event: LinkEvent) => void
  readonly connected?: () => void
  /** This client has sent a mail. */
  readonly sent?: (mail: UpdateId) => void
}

/** What the parts of a client share: the connection, the session, and whom to tell. */
export class ClientContext {
  readonly ports: SessionPorts
  readonly directory: AccountDirectory
  readonly shownTags: ShownTags
  readonly #listeners: ContextListener[] = []
  #session: Session | null = null
  /** When the last word has been said anew. */
  #saidAnew: Promise<unknown> = Promise.resolve()
  #opened: ReplicaLink | null = null
  #tell: (event: ClientEvent) => void = () => undefined

  constructor(ports: SessionPorts) {
    this.ports = ports
    this.shownTags = new ShownTags((names) => this.link.call((api) => api.tags({ names })))
    this.directory = new AccountDirectory((query) => this.link.call((api) => api.lookUp(query)), ports.clock)
  }

  /** UNREACHABLE when there is nobody to connect to. */
  async open(connect: ConnectReplica, servers: KnownServers): Promise<void> {
    const listener = this.#linkListener(servers)
    this.#opened = await ReplicaLink.open({ connect, clock: this.ports.clock, servers, listener })
    const { learn, learnKey } = servers
    if (learn !== undefined) this.#learnMembers(learn)
    if (learnKey !== undefined) this.#learnKey(learnKey)
  }

  get link(): ReplicaLink {
    if (this.#opened === null) throw new QuintetError('UNREACHABLE', 'The client is not connected yet.')
    return this.#opened
  }

  get groupId(): Uint8Array {
    return this.link.group.groupId
  }

  /** Who is logged in; null when nobody is. */
  get session(): Session | null {
    return this.#session
  }

  /** Who is logged in. NOT_LOGGED_IN. */
  person(): Session {
    if (this.#session === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return this.#session
  }

  /** Whether nobody has logged out, or in, since. */
  isPresent(session: Session): boolean {
    return this.#session === session
  }

  /**
   * Asks for what the person of a session has, over the present connection or the next one. NOT_LOGGED_IN when that session is over:
   * whatever goes on after a wait goes on for who began it, or not at all.
   */
  ask<Value>(session: Session, request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    return this.link.call(this.#heldTo(session, request))
  }

  /** As `ask`, for work that nobody waits for. */
  askBeside<Value>(session: Session, request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    return this.link.callBeside(this.#heldTo(session, request))
  }

  /**
   * What the person of a session has signed. NOT_LOGGED_IN when that session is over. One that ends meanwhile, as by a deletion of the
   * account whose answer was lost, does not keep the answer back: what is signed is carried out for nobody else. `Unanswered`.
   */
  async submit(session: Session, submission: Submission): Promise<Accepted> {
    const answer = await this.#giveIn(session, submission)
    if ('overtaken' in answer) throw new QuintetError('INTERNAL', 'The server wants a wish said anew that has no time.')
    return answer
  }

  /**
   * As `submit`, for a word, which is said anew as long as it would not be the last one. Those of which that is so follow on each other, in the
   * order in which they were said first.
   */
  async say(session: Session, word: SignWord): Promise<Accepted> {
    const answer = await this.#giveIn(session, await word(session.wordClock.now()))
    if (!('overtaken' in answer)) return answer
    const said = this.#saidAnew.then(() => this.#sayAnew(session, word, answer))
    this.#saidAnew = said.catch(() => undefined)
    return said
  }

  async #sayAnew(session: Session, word: SignWord, first: SayAnew): Promise<Accepted> {
    let answer = first
    for (let left = mostSayings; left > 0; left--) {
      const next = await this.#giveIn(session, await word(session.wordClock.after(answer.overtaken)))
      if (!('overtaken' in next)) return next
      answer = next
    }
    throw new QuintetError('BUSY', 'The server keeps saying that this was changed meanwhile. Try again in a moment.')
  }

  async #giveIn(session: Session, submission: Submission): Promise<Accepted | SayAnew> {
    this.#checkPresent(session)
    return this.link.call(asWish((api) => api.submit(submission)))
  }

  /** The server does not know the account: asks it whether that has been deleted, which ends the session. */
  async confirm(session: Session): Promise<void> {
    await this.ask(session, (api) => this.#goOn(session, api)).catch((error: unknown) => {
      if (isGone(error)) this.#gone(session)
    })
  }

  async logInAs(session: Session): Promise<void> {
    if (this.#session !== null) await this.logOut()
    await this.link.call(async (api) => {
      const takenBy = await session.logIn(api)
      if (takenBy !== null) throw new QuintetError('NOT_ALLOWED', `This was just logged in on ${takenBy.machine}.`)
      // Somebody else may have been quicker.
      if (this.#session !== null) this.#endSession()
      // At once, so that a connection that is lost next is taken up with this session.
      this.#session = session
      this.link.loggedInOn(api)
    })
    for (const { loggedIn } of this.#listeners) loggedIn?.(session)
  }

  /**
   * A server that is gone has nobody logged in, and the next connection begins without: then, too, it is done. One that is silent is not
   * waited for long: it hears of it when it is heard again.
   */
  async logOut(): Promise<void> {
    const { session } = this
    const leave = this.leave()
    if (leave !== null) await leave
    // Somebody else may have logged in meanwhile.
    if (this.#session !== session) return
    this.#endSession()
    const told = this.link.call(async (api) => {
      if (this.#session === null) await api.logOut()
    })
    await this.#soon(
      told.catch((error: unknown) => {
        if (!isUnreachable(error)) throw error
      }),
    )
  }

  /** What is still to be brought to an end for who is logged in, for so long at most; null when there is nothing. */
  leave(): Promise<unknown> | null {
    const { session } = this
    const begun = session === null ? [] : this.#listeners.flatMap(({ leaving }) => leaving?.(session) ?? [])
    if (begun.length === 0) return null
    return this.#soon(Promise.allSettled(begun))
  }

  listen(listener: ContextListener): void {
    this.#listeners.push(listener)
  }

  noteSent(session: Session, mail: UpdateId): void {
    if (!this.isPresent(session)) return
    for (const { sent } of this.#listeners) sent?.(mail)
  }

  tell(event: ClientEvent): void {
    this.#tell(event)
  }

  /** Whom events are told from now on. */
  tellTo(listener: (event: ClientEvent) => void): void {
    this.#tell = listener
  }

  async close(): Promise<void> {
    await this.leave()
    this.#endSession()
    await this.link.close()
  }

  #learnMembers(learn: NonNullable<KnownServers['learn']>): void {
    const look = (): void => {
      this.link.call((api) => api.members()).then(learn, () => undefined)
    }
    this.listen({ connected: look, event: ({ event }) => (event === 'view' ? look() : undefined) })
    look()
  }

  /** Who is away when the key is changed, or not logged in, does not get it: who has left the group must not. */
  #learnKey(learn: NonNullable<KnownServers['learnKey']>): void {
    const look = (): void => {
      if (this.#session !== null) this.link.call((api) => api.groupKey()).then(learn, () => undefined)
    }
    this.listen({
      connected: look,
      loggedIn: look,
      event: ({ event }) => (event === 'groupKey' ? look() : undefined),
    })
  }

  #heldTo<Value>(session: Session, request: (api: ReplicaApi) => Promise<Value>): (api: ReplicaApi) => Promise<Value> {
    // Each time that it is given: a connection may have been waited for.
    return async (api) => {
      this.#checkPresent(session)
      return request(api)
    }
  }

  #checkPresent(session: Session): void {
    if (this.isPresent(session)) return
    const message = this.#session === null ? 'Log in first.' : 'Somebody else has logged in meanwhile.'
    throw new QuintetError('NOT_LOGGED_IN', message)
  }

  /** Fulfilled with the work, or without it when that takes longer than somebody waits who leaves. */
  #soon(work: Promise<unknown>): Promise<unknown> {
    let stopTimer = (): void => undefined
    const late = new Promise<void>((resolve) => {
      stopTimer = this.ports.clock.after(limits.leaveMs, resolve)
    })
    return Promise.race([work, late]).finally(() => {
      stopTimer()
    })
  }

  #endSession(): void {
    this.#session = null
    for (const { loggedOut } of this.#listeners) loggedOut?.()
  }

  #takenOver({ server, machine }: SessionPlace): void {
    if (this.#session === null) return
    this.#endSession()
    this.#tell({ event: 'takenOver', server, machine })
  }

  async #goOn(session: Session, api: ReplicaApi): Promise<void> {
    const takenBy = await session.logIn(api)
    if (takenBy !== null && this.isPresent(session)) this.#takenOver(takenBy)
  }

  /** Whoever has deleted it here knows. */
  #gone(session: Session): void {
    if (!this.isPresent(session)) return
    this.#endSession()
    if (session.hasSignedDeletion) return
    for (const { deleted } of this.#listeners) deleted?.(session)
    this.#tell({ event: 'accountDeleted', name: session.name })
  }

  #linkListener({ home }: KnownServers): LinkListener {
    return {
      prepare: async (api, _group, occasion) => {
        const session = this.#session
        if (session === null) return
        try {
          await this.#goOn(session, api)
        } catch (error) {
          const isRefused = error instanceof QuintetError && error.code === 'BAD_SIGNATURE'
          if (occasion === 'move' || !(isGone(error) || isRefused)) throw error
          if (isGone(error)) this.#gone(session)
          else if (this.isPresent(session)) this.#endSession()
        }
      },
      who: () => this.#session,
      event: (event) => {
        if (event.event === 'takenOver') this.#takenOver(event)
        for (const listener of this.#listeners) listener.event?.(event)
      },
      roams: () => (this.#session !== null || home === 'none' ? 'at once' : 'later'),
      disconnected: (failure) => {
        this.#tell({ event: 'disconnected', failure })
      },
      connected: (server) => {
        this.#session?.wordClock.atAnotherServer()
        for (const { connected } of this.#listeners) connected?.()
        this.#tell({ event: 'connected', server })
      },
    }
  }
}

const isGone = (error: unknown): boolean => error instanceof QuintetError && error.code === 'NO_SUCH_ACCOUNT'
