import type { GroupInfo, ReplicaApi, ReplicaEvent } from '../api/contract.ts'
import { QuintetError, type Failure } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { sameBytes } from '../wire/bytes.ts'
import type { ClientClock } from './client-ports.ts'

/** Opens a connection: to a server, or (null) to the replica that belongs to this machine. UNREACHABLE. */
export type ConnectReplica = (server: ServerId | null) => Promise<ReplicaApi>

/** Why there is a new connection: the old one was lost, or the person wants another server. */
export type Occasion = 'return' | 'move'

export interface LinkListener {
  /** Takes up what a connection needs (the session) before anything else is asked on it; the connection counts when fulfilled. */
  readonly prepare: (api: ReplicaApi, group: GroupInfo, occasion: Occasion) => Promise<void>
  readonly event: (event: Exclude<ReplicaEvent, { readonly event: 'closed' }>) => void
  readonly disconnected: (failure: Failure) => void
  readonly connected: (server: ServerId) => void
}

interface Connection {
  readonly api: ReplicaApi
  readonly group: GroupInfo
  lost: Failure | null
}

interface Waiter {
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: QuintetError) => void
}

/** Small, so that a client waits for a replica that starts again at most a quarter longer than that takes. */
const backOffGrowth = 1.25

/**
 * The one connection of a client. When it is lost, it is made again to the same server, with a back-off up to
 * `limits.reconnectMostMs`, and requests wait for it, in order, up to `limits.reconnectWaitMs`.
 */
export class ReplicaLink {
  readonly #connect: ConnectReplica
  readonly #clock: ClientClock
  readonly #listener: LinkListener
  readonly #waiters = new Set<Waiter>()
  #target: ServerId | null
  #group: GroupInfo
  #current: Connection | null = null
  #closed = false
  /** Grows with every loss and move: an attempt to connect that belongs to an older one gives up. */
  #generation = 0
  #stopBackOff: () => void = () => undefined

  private constructor(connect: ConnectReplica, clock: ClientClock, listener: LinkListener, first: Opened) {
    this.#connect = connect
    this.#clock = clock
    this.#listener = listener
    this.#target = first.target
    this.#group = first.group
  }

  /** UNREACHABLE when there is nobody to connect to. */
  static async open(connect: ConnectReplica, clock: ClientClock, listener: LinkListener): Promise<ReplicaLink> {
    const api = await connect(null)
    const group = await api.group()
    const link = new ReplicaLink(connect, clock, listener, { target: null, group })
    link.#take(link.#watched(api, group))
    return link
  }

  /** The group and the server of the connection, or of the last one. */
  get group(): GroupInfo {
    return this.#group
  }

  /**
   * Carries out a request that may be given twice, over the present connection or the next one. UNREACHABLE when none
   * comes in time: what was asked may then have been done or not.
   */
  async call<Value>(request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    for (;;) {
      // From the loss on: what has been waiting for its answer for long waits as long for a connection as anything else.
      const connection = this.#current ?? (await this.#next(this.#clock.nowMs() + limits.reconnectWaitMs))
      try {
        return await request(connection.api)
      } catch (error) {
        if (this.#closed || connection === this.#current || !isUnreachable(error)) throw error
      }
    }
  }

  /** Carries out a request that must not be given twice. */
  async callOnce<Value>(request: (api: ReplicaApi) => Promise<Value>): Promise<Value> {
    const connection = this.#current ?? (await this.#next(this.#clock.nowMs() + limits.reconnectWaitMs))
    return request(connection.api)
  }

  /** Goes over to another server; when that fails, the present connection stays. UNREACHABLE, NO_SUCH_SERVER. */
  async moveTo(server: ServerId): Promise<void> {
    const connection = await this.#establish(server, 'move')
    const previous = this.#current
    this.#target = server
    this.#take(connection)
    this.#listener.connected(this.#group.serverId)
    await previous?.api.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#generation += 1
    this.#stopBackOff()
    const connection = this.#current
    this.#current = null
    this.#refuseWaiters('The client has been closed.')
    await connection?.api.close().catch(() => undefined)
  }

  #watched(api: ReplicaApi, group: GroupInfo): Connection {
    const connection: Connection = { api, group, lost: null }
    api.onEvent((event) => {
      if (event.event !== 'closed') this.#listener.event(event)
      else this.#lose(connection, event.failure)
    })
    return connection
  }

  #take(connection: Connection): void {
    this.#generation += 1
    this.#stopBackOff()
    this.#current = connection
    this.#group = connection.group
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const { resolve } of waiters) resolve(connection)
    if (connection.lost !== null) this.#lose(connection, connection.lost)
  }

  #lose(connection: Connection, failure: Failure): void {
    connection.lost = failure
    if (connection !== this.#current || this.#closed) return
    this.#current = null
    this.#listener.disconnected(failure)
    this.#generation += 1
    void this.#reconnect(this.#generation)
  }

  async #reconnect(generation: number): Promise<void> {
    for (
      let delayMs: number = limits.reconnectFirstMs;
      ;
      delayMs = Math.min(delayMs * backOffGrowth, limits.reconnectMostMs)
    ) {
      const connection = await this.#establish(this.#target, 'return').catch(() => null)
      if (generation !== this.#generation) {
        await connection?.api.close().catch(() => undefined)
        return
      }
      if (connection !== null) {
        this.#take(connection)
        this.#listener.connected(this.#group.serverId)
        return
      }
      await this.#backOff(delayMs)
      if (generation !== this.#generation) return
    }
  }

  async #establish(target: ServerId | null, occasion: Occasion): Promise<Connection> {
    const api = await this.#connect(target)
    try {
      const group = await api.group()
      if (!sameBytes(group.groupId, this.#group.groupId)) {
        throw new QuintetError('NO_SUCH_SERVER', 'The replica that answers belongs to another group.')
      }
      const connection = this.#watched(api, group)
      await this.#listener.prepare(api, group, occasion)
      if (connection.lost !== null) throw new QuintetError('UNREACHABLE', connection.lost.message)
      return connection
    } catch (error) {
      await api.close().catch(() => undefined)
      throw error
    }
  }

  #backOff(delayMs: number): Promise<void> {
    return new Promise((over) => {
      const stop = this.#clock.after(delayMs, over)
      this.#stopBackOff = () => {
        stop()
        over()
      }
    })
  }

  #next(giveUpMs: number): Promise<Connection> {
    if (this.#closed) return Promise.reject(new QuintetError('UNREACHABLE', 'The client has been closed.'))
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (connection) => {
          stop()
          resolve(connection)
        },
        reject: (error) => {
          stop()
          reject(error)
        },
      }
      const stop = this.#clock.after(Math.max(0, giveUpMs - this.#clock.nowMs()), () => {
        this.#waiters.delete(waiter)
        const waited = `${limits.reconnectWaitMs / 1_000} s`
        reject(new QuintetError('UNREACHABLE', `The replica could not be reached for ${waited}; it is tried on.`))
      })
      this.#waiters.add(waiter)
    })
  }

  #refuseWaiters(message: string): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const { reject } of waiters) reject(new QuintetError('UNREACHABLE', message))
  }
}

interface Opened {
  readonly target: ServerId | null
  readonly group: GroupInfo
}

const isUnreachable = (error: unknown): boolean => error instanceof QuintetError && error.code === 'UNREACHABLE'
