import { createHash, timingSafeEqual } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

import { QuintetError, type Failure } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { FrameStream, LoggerPort } from '../host/ports.ts'
import { apiVersion, decodeApiFrame, encodeApiMessage, type ApiMessage } from '../wire/api-codec.ts'
import { ShapeError } from '../wire/api-shapes.ts'
import type { ReplicaApi, ReplicaEvent } from './contract.ts'
import { MessageWriter } from './message-writer.ts'
import { isApiMethod, methodTable, type ApiRight } from './method-table.ts'

/** Calls that are begun before everything else gets its turn: heartbeats and other clients must not wait for one's bulk. */
const callsATurn = 32

export interface ServedConnection {
  readonly stream: FrameStream
  /** Makes the api of this connection. It need not know what the first message proved: nothing is asked of it without the right to that. */
  readonly open: () => ReplicaApi
  /** Compares in constant time: `adminTokenCheck`. */
  readonly isAdminToken: (token: Uint8Array) => boolean
  /** Who does not prove this right is not served on this stream. */
  readonly requires: ApiRight
  /** Called whenever something that the client asked for was done. */
  readonly onAnswer?: () => void
  /** Is told what nobody has foreseen. */
  readonly logger?: LoggerPort
}

/** Whether a token is `expected`, in a time that does not depend on how much of it is right. */
export const adminTokenCheck = (expected: Uint8Array): ((token: Uint8Array) => boolean) => {
  const digest = digestOf(expected)
  return (token) => timingSafeEqual(digestOf(token), digest)
}

/**
 * Serves one client on a stream until either side closes it; fulfilled when that is over, never rejected. Requests are
 * begun in the order given, so that submissions keep theirs, and answered as they are done.
 */
export const serveReplica = async (connection: ServedConnection): Promise<void> => {
  const server = new ConnectionServer(connection)
  await server.run()
}

const digestOf = (token: Uint8Array): Buffer => createHash('sha256').update(token).digest()

class ConnectionServer {
  readonly #connection: ServedConnection
  readonly #writer: MessageWriter
  #api: ReplicaApi | null = null
  #right: ApiRight = 'person'
  #isTrusted = false
  #calls = 0
  #callBytes = 0
  #callsThisTurn = 0
  #closed = false
  #wakeReader: (() => void) | null = null

  constructor(connection: ServedConnection) {
    this.#connection = connection
    this.#writer = new MessageWriter(connection.stream)
  }

  async run(): Promise<void> {
    try {
      for await (const frame of this.#connection.stream.frames) {
        if (!(await this.#take(frame)) || this.#closed) break
      }
    } catch {
      // A lost stream is an ordinary end: the client comes back by itself.
    }
    await this.#end()
  }

  async #nextTurn(): Promise<void> {
    await setImmediate()
    this.#callsThisTurn = 0
  }

  #isFull(): boolean {
    const mostBytes = this.#isTrusted ? limits.callBytesInFlight : limits.earlyFrameBytes
    return !this.#closed && (this.#calls >= limits.callsInFlight || this.#callBytes >= mostBytes)
  }

  /** The other side has shown who it is. */
  #trust(): void {
    this.#isTrusted = true
    this.#connection.stream.trust?.()
  }

  /** False when the connection cannot go on. A frame may hold more calls than may be begun at once. */
  async #take(frame: Uint8Array): Promise<boolean> {
    const messages = decodeApiFrame(frame)
    if (!messages.ok) return false
    const share = frame.length / messages.value.length
    for (const message of messages.value) {
      if (!this.#takeMessage(message, share)) return false
      if (this.#callsThisTurn >= callsATurn) await this.#nextTurn()
      while (this.#isFull()) await new Promise<void>((wake) => (this.#wakeReader = wake))
      if (this.#closed) return false
    }
    return true
  }

  #takeMessage(message: ApiMessage, bytes: number): boolean {
    if (message.kind === 'hello') return this.#greet(message.version, message.adminToken)
    if (message.kind !== 'call' || this.#api === null) return false
    void this.#answer(this.#api, message.id, message.method, message.request, bytes)
    return true
  }

  #greet(version: number, adminToken: Uint8Array | null): boolean {
    if (this.#api !== null) return false
    if (version !== apiVersion) {
      this.#tell({ event: 'closed', failure: { code: 'NEWER_FORMAT', message: versionMessage(version) } })
      return false
    }
    this.#right = adminToken !== null && this.#connection.isAdminToken(adminToken) ? 'admin' : 'person'
    if (this.#connection.requires === 'admin' && this.#right !== 'admin') return false
    if (this.#right === 'admin') this.#trust()
    this.#api = this.#connection.open()
    this.#api.onEvent((event) => this.#tell(event))
    return true
  }

  async #answer(api: ReplicaApi, id: number, name: string, request: unknown, bytes: number): Promise<void> {
    this.#calls += 1
    this.#callsThisTurn += 1
    this.#callBytes += bytes
    const message = await this.#carryOut(api, id, name, request)
    this.#connection.onAnswer?.()
    // Nothing more is begun for a client that does not take its answers.
    this.#callBytes += message.length
    await this.#writer.send(message).catch(() => this.#wake())
    this.#calls -= 1
    this.#callBytes -= bytes + message.length
    this.#wake()
  }

  async #carryOut(api: ReplicaApi, id: number, name: string, request: unknown): Promise<Uint8Array> {
    try {
      if (!isApiMethod(name)) throw new QuintetError('BAD_REQUEST', `This replica has no method "${name}".`)
      const entry = methodTable[name]
      if (entry.right === 'admin' && this.#right !== 'admin') {
        throw new QuintetError('NOT_ALLOWED', `"${name}" needs the right to the replica's data directory.`)
      }
      const value = await entry.carryOut(api, request)
      // Who has logged in elsewhere since may still ask what became of what it sent.
      if (name === 'logIn') this.#trust()
      const answer = encodeApiMessage({ kind: 'answer', id, value })
      if (answer.length <= limits.frameBytes) return answer
      throw new QuintetError(
        'TOO_LARGE',
        `The answer has more than the ${limits.frameBytes} bytes of a frame. Ask for less.`,
      )
    } catch (error) {
      const failure = failureOf(error)
      if (failure.code === 'INTERNAL') {
        const stack = error instanceof Error ? error.stack : String(error)
        this.#connection.logger?.error('a request of a client failed', { method: name, error: stack })
      }
      return encodeApiMessage({ kind: 'failure', id, failure })
    }
  }

  #tell(event: ReplicaEvent): void {
    if (this.#writer.waitingBytes > limits.sendQueueBytes) {
      this.#hangUp()
      return
    }
    const sent = this.#writer.send(encodeApiMessage({ kind: 'event', event }))
    sent.then(
      () => (event.event === 'closed' ? this.#hangUp() : undefined),
      () => this.#hangUp(),
    )
  }

  #hangUp(): void {
    this.#closed = true
    this.#wake()
    this.#connection.stream.close().catch(() => undefined)
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = null
  }

  async #end(): Promise<void> {
    this.#closed = true
    await this.#api?.close().catch(() => undefined)
    await this.#writer.drained()
    await this.#connection.stream.close().catch(() => undefined)
  }
}

const versionMessage = (version: number): string =>
  `The client speaks version ${version} of the client protocol, this replica ${apiVersion}: update the older of the two.`

const failureOf = (error: unknown): Failure => {
  if (error instanceof QuintetError) return error.failure
  if (error instanceof ShapeError) return { code: 'BAD_REQUEST', message: `${error.message}.` }
  return { code: 'INTERNAL', message: 'The replica failed at this request; its log tells more.' }
}
