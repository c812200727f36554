import type { GroupInfo, ReplicaApi, ReplicaEvent } from '../api/contract.ts'
import { QuintetError, reasonOf, type Failure } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { sameBytes } from '../wire/bytes.ts'
import { firstConnection } from './first-connection.ts'
import { HomeWatch } from './home-watch.ts'
import {
  ask,
  closeQuietly,
  isUnreachable,
  newConnection,
  Patience,
  type Connection,
  type LinkOptions,
  type Occasion,
  type Request,
} from './link-connection.ts'
import { LinkWaiters } from './link-waiters.ts'
import { raceServers, type Starter } from './server-race.ts'

const ignore = (): void => undefined

/** Small, so that a client waits for a replica that starts again at most a quarter longer than that takes. */
const backOffGrowth = 1.25

/**
 * The one connection of a client. When its server goes away, it goes on at the nearest live one: requests that were under way
 * are given again, and carried out once (`ExecutionTable`). The own replica is preferred, and returned to when it has caught up.
 * A server that is merely slow is left only when another one answers before it does.
 */
export class ReplicaLink {
  readonly #options: LinkOptions
  readonly #waiters: LinkWaiters<Connection>
  readonly #patience: Patience
  readonly #homeWatch: HomeWatch<Connection>
  /** The server that is wanted: null is the own one, or any where there is none. */
  #wanted: ServerId | null = null
  #group: GroupInfo | null = null
  #current: Connection | null = null
  #closed = false
  /** Grows with every loss and move: an attempt to connect that belongs to an older one gives up. */
  #generation = 0
  /** The race that a silent server has against the others. */
  #doubt: Connection | null = null
  #stopBackOff: () => void = () => undefined
  #askedMs = 0

  private constructor(options: LinkOptions) {
    this.#options = options
    this.#patience = new Patience(options.clock)
    this.#waiters = new LinkWaiters(options.clock, this.#patience)
    this.#homeWatch = new HomeWatch<Connection>(options.clock, {
      open: () => this.#open(null),
      apiOf: ({ api }) => api,
      // Who is not logged in has seen nothing that could vanish, and may have to tell the own replica what keeps it behind.
      standIn: () => (options.listener.roams() === 'later' ? null : (this.#current?.api ?? null)),
      goOver: async (connection) => {
        await this.#prepare(connection, 'return')
        this.#goOver(connection)
      },
      close: closeQuietly,
    })
  }

  /** As `firstConnection`. */
  static async open(options: LinkOptions): Promise<ReplicaLink> {
    const link = new ReplicaLink(options)
    const { servers, clock } = options
    const others = servers.start === 'at home' ? 'none' : limits.connectMs
    const tryOnce = () => link.#race(others, [])
    link.#take(await firstConnection({ tryOnce, servers, clock, patience: link.#patience }))
    return link
  }

  /** The group and the server of the connection, or of the last one. */
  get group(): GroupInfo {
    if (this.#group === null) throw new QuintetError('UNREACHABLE', 'The client is not connected yet.')
    return this.#group
  }

  /** Whether the connection is with the server of this machine; null where this machine has none. */
  get isAtHome(): boolean | null {
    return this.#options.servers.home === 'none' ? null : this.#current?.asked === null
  }

  /**
   * Carries out a request that may be given twice, over the present connection or the next one. UNREACHABLE when none
   * comes in time: what was asked may then have been done or not.
   */
  call<Value>(request: Request<Value>): Promise<Value> {
    this.#askedMs = performance.now()
    return this.#call(request, () => true)
  }

  /** As `call`, for work that nobody waits for. */
  callBeside<Value>(request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    return this.#call(request, () => true)
  }

  /** When something was last asked for that somebody waits for, by `performance.now()`. */
  get askedMs(): number {
    return this.#askedMs
  }

  /** As `call`, for what only the wanted server can do: one that stands in for it is not asked. */
  callWanted<Value>(request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    return this.#call(request, (connection) => this.#isWanted(connection))
  }

  /** Carries out a request that must not be given twice, at the wanted server. */
  async callOnce<Value>(request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    const connection = await this.#connection((found) => this.#isWanted(found))
    if (connection.ready !== null) await connection.ready
    return ask(connection, request)
  }

  /** Somebody has logged in by a request on `api`; when that is not the present connection any more, they are logged in there, too. */
  loggedInOn(api: ReplicaApi): void {
    const current = this.#current
    if (current?.api === api) current.preparedFor = this.#options.listener.who()
    else if (current !== null) this.#prepareAnew(current)
  }

  /** Goes over to another server; when that fails, the present connection stays. UNREACHABLE, TIMEOUT, NO_SUCH_SERVER. */
  async moveTo(server: ServerId): Promise<void> {
    const connection = await this.#openAt(server)
    await this.#prepareToUse(connection)
    this.#wanted = connection.asked
    this.#goOver(connection)
  }

  /** Asks another server besides the present one, as who is logged in here, over a connection of its own. As `moveTo`, and as requests do. */
  async askAt<Value>(server: ServerId, request: Request<Value>): Promise<Value> {
    const connection = await this.#openAt(server)
    // What it tells is told by the present one.
    connection.state = 'left'
    await this.#prepareToUse(connection)
    return ask(connection, request).finally(() => {
      closeQuietly(connection)
    })
  }

  /** Other servers than the present one that can be dialled, as far as this machine knows. */
  async others(): Promise<readonly ServerId[]> {
    return (await this.#options.servers.list()).filter((server) => server !== this.group.serverId)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#generation += 1
    this.#stopBackOff()
    this.#homeWatch.stop()
    const connection = this.#current
    this.#current = null
    this.#waiters.refuse(new QuintetError('UNREACHABLE', 'The client has been closed.'))
    await connection?.api.close().catch(() => undefined)
  }

  async #call<Value>(request: Request<Value>, fits: (connection: Connection) => boolean): Promise<Value> {
    for (;;) {
      // From the loss on: what has been waiting for its answer for long waits as long for a connection as anything else.
      const connection = await this.#connection(fits)
      if (connection.ready !== null) await connection.ready
      try {
        return await ask(connection, request)
      } catch (error) {
        if (this.#closed || connection === this.#current || !isUnreachable(error)) throw error
      }
    }
  }

  #connection(fits: (connection: Connection) => boolean): Connection | Promise<Connection> {
    if (this.#current !== null && fits(this.#current)) return this.#current
    if (this.#closed) throw new QuintetError('UNREACHABLE', 'The client has been closed.')
    return this.#waiters.next(fits)
  }

  /** A client only has no server of its own: any is as good. */
  #isWanted({ asked }: Connection): boolean {
    return asked === this.#wanted || (this.#wanted === null && this.#options.servers.home === 'none')
  }

  #take(connection: Connection): void {
    this.#generation += 1
    this.#stopBackOff()
    connection.state = 'current'
    this.#current = connection
    this.#group = connection.group
    // Somebody has logged in, on another connection, since this one was prepared.
    if (connection.lost === null && connection.preparedFor !== this.#options.listener.who())
      this.#prepareAnew(connection)
    // A server that was chosen and went away is not waited for; the own one is.
    if (!this.#isWanted(connection)) this.#wanted = null
    if (this.#isWanted(connection)) this.#homeWatch.stop()
    else this.#homeWatch.start()
    this.#waiters.offer(connection)
    if (connection.lost !== null) this.#lose(connection, connection.lost)
  }

  /** To another server while the present one may be alive: what was asked of that one is still answered. */
  #goOver(connection: Connection): void {
    const previous = this.#current
    this.#take(connection)
    this.#options.listener.connected(this.group.serverId)
    if (previous !== null) void this.#leave(previous)
  }

  async #leave(connection: Connection): Promise<void> {
    connection.state = 'left'
    if (connection.calls > 0 && connection.lost === null) {
      await new Promise<void>((idle) => {
        connection.idle = idle
        this.#options.clock.after(limits.reconnectWaitMs, idle)
      })
    }
    closeQuietly(connection)
  }

  #heard(connection: Connection, event: ReplicaEvent): void {
    switch (event.event) {
      case 'closed':
        this.#lose(connection, event.failure)
        break
      case 'silent':
        if (connection === this.#current) void this.#doubtIn(connection, event.forMs)
        break
      case 'heard':
        if (this.#doubt === connection) this.#doubt = null
        break
      default:
        if (connection.state !== 'left') this.#options.listener.event(event)
    }
  }

  #lose(connection: Connection, failure: Failure): void {
    connection.lost = failure
    connection.idle()
    if (connection !== this.#current || this.#closed) return
    this.#current = null
    this.#options.listener.disconnected(failure)
    this.#generation += 1
    void this.#reconnect(this.#generation)
  }

  /** The server is silent: whoever answers first, it or another one, is the one to go on with. */
  async #doubtIn(silent: Connection, forMs: number): Promise<void> {
    if (this.#doubt !== null || this.#closed || this.#options.listener.roams() === 'later') return
    this.#doubt = silent
    await this.#whileHomeWorks(silent)
    if (this.#doubt !== silent) return
    if (this.#current !== silent) {
      this.#doubt = null
      return
    }
    const connection = await this.#race(0, [silent.group.serverId], () => this.#doubt === silent).catch(() => null)
    const isStillSilent = this.#doubt === silent && this.#current === silent
    this.#doubt = null
    if (connection === null) return
    if (!isStillSilent) {
      closeQuietly(connection)
      return
    }
    const message = `Server ${silent.group.serverId} has not been heard for ${(forMs / 1_000).toFixed(1)} s.`
    this.#options.listener.disconnected({ code: 'UNREACHABLE', message })
    silent.state = 'left'
    this.#take(connection)
    this.#options.listener.connected(this.group.serverId)
    closeQuietly(silent)
  }

  /** A server of this machine that works is busy, not gone: going elsewhere would only add to what keeps it busy. */
  async #whileHomeWorks(silent: Connection): Promise<void> {
    const { servers, clock } = this.#options
    if (silent.asked !== null || servers.homePulse === undefined) return
    const isSilent = (): boolean => this.#doubt === silent && this.#current === silent
    while (isSilent() && (await servers.homePulse()) === 'works')
      await new Promise<void>((over) => clock.after(limits.pulseMs, over))
  }

  async #reconnect(generation: number): Promise<void> {
    const lostMs = this.#options.clock.nowMs()
    const { reconnectFirstMs, reconnectMostMs } = limits
    for (let delayMs: number = reconnectFirstMs; ; delayMs = Math.min(delayMs * backOffGrowth, reconnectMostMs)) {
      const waitedMs = this.#options.clock.nowMs() - lostMs
      const isPatient = this.#options.listener.roams() === 'later' && waitedMs < limits.homePatienceMs
      const others = isPatient ? 'none' : limits.homeHeadStartMs
      const connection = await this.#race(others, [], () => generation === this.#generation).catch(() => null)
      if (generation !== this.#generation) {
        if (connection !== null) closeQuietly(connection)
        return
      }
      if (connection !== null) {
        this.#take(connection)
        this.#options.listener.connected(this.group.serverId)
        return
      }
      await this.#backOff(delayMs)
      if (generation !== this.#generation) return
    }
  }

  /** The wanted server, and after a head start of so many milliseconds all others but `except` beside each other. */
  async #race(
    headStartMs: number | 'none',
    except: readonly ServerId[],
    isWantedStill: () => boolean = () => true,
  ): Promise<Connection> {
    const { servers, clock } = this.#options
    const wanted = this.#wanted
    const hasFirst = wanted !== null || servers.home !== 'none'
    const first = wanted ?? servers.home
    const isIn = (server: ServerId): boolean => server !== first && !except.includes(server)
    const others = headStartMs === 'none' ? [] : (await servers.list()).filter(isIn)
    const starters: Starter<ServerId | null>[] = []
    if (hasFirst && !except.some((server) => server === first)) starters.push({ server: wanted, afterMs: 0 })
    const afterMs = starters.length === 0 || headStartMs === 'none' ? 0 : headStartMs
    for (const server of others) starters.push({ server: server === servers.home ? null : server, afterMs })
    return raceServers({
      starters,
      clock,
      open: (server) => this.#patience.within((onReached) => this.#open(server, onReached), closeQuietly),
      prepare: (connection) => {
        if (!isWantedStill()) return Promise.reject(new QuintetError('UNREACHABLE', 'Another server was taken.'))
        return this.#patience.within(
          () => this.#prepare(connection, 'return'),
          () => undefined,
        )
      },
      close: closeQuietly,
    })
  }

  async #open(asked: ServerId | null, onReached: (roundTripMs: number) => void = ignore): Promise<Connection> {
    const api = await this.#options.connect(asked, onReached)
    try {
      const group = await api.group()
      if (this.#group !== null && !sameBytes(group.groupId, this.#group.groupId)) {
        throw new QuintetError('NO_SUCH_SERVER', 'The replica that answers belongs to another group.')
      }
      return newConnection(api, group, asked)
    } catch (error) {
      await api.close().catch(() => undefined)
      throw error
    }
  }

  async #prepare(connection: Connection, occasion: Occasion): Promise<void> {
    connection.api.onEvent((event) => this.#heard(connection, event))
    connection.preparedFor = this.#options.listener.who()
    await this.#options.listener.prepare(connection.api, connection.group, occasion)
    if (connection.lost !== null) throw new QuintetError('UNREACHABLE', connection.lost.message)
  }

  /** While requests wait. A server that does not take the session up is as good as gone. */
  #prepareAnew(connection: Connection): void {
    connection.ready = this.#prepare(connection, 'return').catch((error: unknown) => {
      this.#lose(connection, { code: 'UNREACHABLE', message: reasonOf(error) })
      closeQuietly(connection)
    })
  }

  #openAt(server: ServerId): Promise<Connection> {
    const asked = server === this.#options.servers.home ? null : server
    return this.#patience.within((onReached) => this.#open(asked, onReached), closeQuietly)
  }

  async #prepareToUse(connection: Connection): Promise<void> {
    try {
      await this.#patience.within(
        () => this.#prepare(connection, 'move'),
        () => undefined,
      )
    } catch (error) {
      closeQuietly(connection)
      throw error
    }
  }

  #backOff(delayMs: number): Promise<void> {
    return new Promise((over) => {
      const stop = this.#options.clock.after(delayMs, over)
      this.#stopBackOff = () => {
        stop()
        over()
      }
    })
  }
}
