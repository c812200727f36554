import type { GroupInfo, MemberInfo, ReplicaApi, ReplicaEvent } from '../api/contract.ts'
import { QuintetError, type Failure } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientClock } from './client-ports.ts'

/**
 * Opens a connection: to a server, or (null) to the replica that belongs to this machine. `onReached` is told when something answers there,
 * with what the way there and back took: the handshakes follow. UNREACHABLE.
 */
export type ConnectReplica = (server: ServerId | null, onReached: (roundTripMs: number) => void) => Promise<ReplicaApi>

export interface KnownServers {
  /** The server of this machine, which `connect(null)` reaches; it is preferred, and returned to. `none`: a client only. */
  readonly home: ServerId | 'unnamed' | 'none'
  /** `at home`: it was asked for, and nobody is to be served by another one unawares. Left out: anywhere. */
  readonly start?: 'at home' | 'anywhere'
  /** How long a client that finds nobody at its start tries again: what it was started with may be starting, too. Left out: not at all. */
  readonly startingMs?: number
  /** Those that can be dialled, in any order. */
  readonly list: () => Promise<readonly ServerId[]>
  /** Whether the own server, of which nothing is heard, works nevertheless; left out: it may hang. */
  readonly homePulse?: () => Promise<'works' | 'rests'>
  /** Takes note of where servers can be dialled now, as one of them tells. */
  readonly learn?: (members: readonly MemberInfo[]) => void
  /** Takes note of the key by which they are dialled from now on, as one of them tells a person of the group. */
  readonly learnKey?: (groupKey: Uint8Array) => void
}

/** Why there is a new connection: the old one was lost, or the person wants another server. */
export type Occasion = 'return' | 'move'

export type LinkEvent = Exclude<ReplicaEvent, { readonly event: 'closed' | 'silent' | 'heard' }>

export interface LinkListener {
  /** Takes up what a connection needs (the session) before anything else is asked on it; the connection counts when fulfilled. */
  readonly prepare: (api: ReplicaApi, group: GroupInfo, occasion: Occasion) => Promise<void>
  /** Whose session `prepare` takes up now; null: nobody's. */
  readonly who: () => object | null
  readonly event: (event: LinkEvent) => void
  readonly disconnected: (failure: Failure) => void
  readonly connected: (server: ServerId) => void
  /** `at once`: somebody is logged in, and goes on at another server. Otherwise the own replica has `limits.homePatienceMs` to come back. */
  readonly roams: () => 'at once' | 'later'
}

export interface LinkOptions {
  readonly connect: ConnectReplica
  readonly clock: ClientClock
  readonly servers: KnownServers
  readonly listener: LinkListener
}

/** One connection of a client's link. */
export interface Connection {
  readonly api: ReplicaApi
  readonly group: GroupInfo
  /** Which server was asked for; null is the own one. */
  readonly asked: ServerId | null
  lost: Failure | null
  state: 'opening' | 'current' | 'left'
  /** Whose session was taken up on it last; null: nobody's. */
  preparedFor: object | null
  /** Being prepared anew: requests wait for it. */
  ready: Promise<void> | null
  /** Requests that wait for their answers. */
  calls: number
  idle: () => void
}

export const newConnection = (api: ReplicaApi, group: GroupInfo, asked: ServerId | null): Connection => ({
  api,
  group,
  asked,
  lost: null,
  state: 'opening',
  preparedFor: null,
  ready: null,
  calls: 0,
  idle: () => undefined,
})

/** What is asked of a server, with what was told of it when it was connected. */
export type Request<Value> = (api: ReplicaApi, server: GroupInfo) => Promise<Value>

/** Asks, and counts what waits for an answer. */
export const ask = async <Value>(connection: Connection, request: Request<Value>): Promise<Value> => {
  connection.calls += 1
  try {
    return await request(connection.api, connection.group)
  } finally {
    connection.calls -= 1
    if (connection.calls === 0) connection.idle()
  }
}

/** A connection, and a session on it, take so many ways there and back at most, with what is lost and sent again. */
const roundTripsAllowed = 16

/**
 * How long servers have to answer: longer as soon as it is known how long the way there is, as over a satellite; twice as long when none
 * did in time; then twice what it took.
 */
export class Patience {
  readonly #clock: ClientClock
  #ms: number = limits.connectMs
  #farMs = 0

  constructor(clock: ClientClock) {
    this.#clock = clock
  }

  /** Whether the way to a server that was tried is known to be long. */
  get isFar(): boolean {
    return this.#farMs > limits.connectMs
  }

  /** How long a request waits for a connection: at least as long as one may take. */
  get reconnectMs(): number {
    return Math.max(limits.reconnectWaitMs, this.#farMs)
  }

  /**
   * TIMEOUT when it takes too long; what is fulfilled later is given to `late`. `work` may tell, as soon as it knows, what the way there and
   * back takes.
   */
  within<Value>(
    work: (onReached: (roundTripMs: number) => void) => Promise<Value>,
    late: (value: Value) => void,
  ): Promise<Value> {
    const begunMs = this.#clock.nowMs()
    let ms = this.#ms
    let state: 'waiting' | 'given up' | 'done' = 'waiting'
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        state = 'given up'
        this.#set(Math.max(this.#ms, Math.min(limits.connectMostMs, ms * 2)))
        reject(new QuintetError('TIMEOUT', `The server did not answer within ${ms} ms.`))
      }
      let stop = this.#clock.after(ms, giveUp)
      const onReached = (roundTripMs: number): void => {
        this.#farMs = Math.min(limits.connectFarMs, Math.ceil(roundTripMs * roundTripsAllowed))
        if (state !== 'waiting' || this.#farMs <= ms) return
        ms = this.#farMs
        stop()
        stop = this.#clock.after(ms, giveUp)
      }
      work(onReached).then(
        (value) => {
          stop()
          if (state === 'given up') late(value)
          else {
            state = 'done'
            this.#set((this.#clock.nowMs() - begunMs) * 2)
            resolve(value)
          }
        },
        (error: unknown) => {
          stop()
          state = 'done'
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  #set(ms: number): void {
    this.#ms = Math.min(limits.connectFarMs, Math.max(limits.connectMs, ms, this.#farMs))
  }
}

export const closeQuietly = ({ api }: Connection): void => {
  api.close().catch(() => undefined)
}

export const isUnreachable = (error: unknown): boolean => error instanceof QuintetError && error.code === 'UNREACHABLE'
