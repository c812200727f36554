import { type Failure, QuintetError, toError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { ClockPort, FrameStream } from '../host/ports.ts'
import { apiVersion, decodeApiFrame, encodeApiMessage, type ApiMessage } from '../wire/api-codec.ts'
import { eventShape } from '../wire/api-values.ts'
import type { ReplicaApi, ReplicaEvent } from './contract.ts'
import { asUnreachable, MessageWriter } from './message-writer.ts'
import { methodTable, type AnswerOf, type ApiMethod, type RequestOf } from './method-table.ts'

export interface RemoteReplicaOptions {
  readonly stream: FrameStream
  /** Proves the right to the data directory; null for everyone else. */
  readonly adminToken: Uint8Array | null
  readonly clock: ClockPort
}

/** How often a silent replica is asked for a sign of life, and after how long without any it counts as lost. */
const pingIntervalMs = 5_000
const silenceMs = 15_000

/**
 * The replica at the other end of a stream. When the stream is lost, what is in flight rejects with UNREACHABLE and the
 * listener is told `closed`. More than `limits.requestsInFlight` unanswered requests are BUSY.
 */
export const connectReplica = (options: RemoteReplicaOptions): ReplicaApi => new RemoteReplica(options)

interface PendingCall {
  readonly take: (value: unknown) => void
  readonly reject: (error: QuintetError) => void
}

class RemoteReplica implements ReplicaApi {
  readonly #stream: FrameStream
  readonly #writer: MessageWriter
  readonly #pending = new Map<number, PendingCall>()
  readonly #clock: ClockPort
  readonly #stopPings: () => void
  #lastId = 0
  #lastHeardMs: number
  #listener: ((event: ReplicaEvent) => void) | null = null
  #untold: ReplicaEvent[] = []
  #failure: QuintetError | null = null

  constructor({ stream, adminToken, clock }: RemoteReplicaOptions) {
    this.#stream = stream
    this.#clock = clock
    this.#writer = new MessageWriter(stream)
    this.#lastHeardMs = clock.nowMs()
    stream.onSilence?.((forMs) => this.#tell(forMs === null ? { event: 'heard' } : { event: 'silent', forMs }))
    this.#stopPings = clock.every(pingIntervalMs, () => this.#ping())
    this.#post({ kind: 'hello', version: apiVersion, adminToken })
    void this.#listen()
  }

  group() {
    return this.#call('group')
  }

  view() {
    return this.#call('view')
  }

  status() {
    return this.#call('status')
  }

  lookUp(query: RequestOf<'lookUp'>) {
    return this.#call('lookUp', query)
  }

  people(query: RequestOf<'people'>) {
    return this.#call('people', query)
  }

  members() {
    return this.#call('members')
  }

  groupKey() {
    return this.#call('groupKey')
  }

  challenge() {
    return this.#call('challenge')
  }

  logIn(request: RequestOf<'logIn'>) {
    return this.#call('logIn', request)
  }

  logOut() {
    return this.#call('logOut')
  }

  submit(submission: RequestOf<'submit'>) {
    return this.#call('submit', submission)
  }

  list(query: RequestOf<'list'>) {
    return this.#call('list', query)
  }

  fetch(query: RequestOf<'fetch'>) {
    return this.#call('fetch', query)
  }

  fetchMany(query: RequestOf<'fetchMany'>) {
    return this.#call('fetchMany', query)
  }

  mailNames(query: RequestOf<'mailNames'>) {
    return this.#call('mailNames', query)
  }

  counts() {
    return this.#call('counts')
  }

  conversation(query: RequestOf<'conversation'>) {
    return this.#call('conversation', query)
  }

  tags(query: RequestOf<'tags'>) {
    return this.#call('tags', query)
  }

  trashed(query: RequestOf<'trashed'>) {
    return this.#call('trashed', query)
  }

  forgettable(query: RequestOf<'forgettable'>) {
    return this.#call('forgettable', query)
  }

  documents(query: RequestOf<'documents'>) {
    return this.#call('documents', query)
  }

  document(query: RequestOf<'document'>) {
    return this.#call('document', query)
  }

  safeties(query: RequestOf<'safeties'>) {
    return this.#call('safeties', query)
  }

  spread(query: RequestOf<'spread'>) {
    return this.#call('spread', query)
  }

  posts(query: RequestOf<'posts'>) {
    return this.#call('posts', query)
  }

  profile(query: RequestOf<'profile'>) {
    return this.#call('profile', query)
  }

  followed() {
    return this.#call('followed')
  }

  safety(query: RequestOf<'safety'>) {
    return this.#call('safety', query)
  }

  invite() {
    return this.#call('invite')
  }

  pause(query: RequestOf<'pause'>) {
    return this.#call('pause', query)
  }

  resume(query: RequestOf<'resume'>) {
    return this.#call('resume', query)
  }

  network() {
    return this.#call('network')
  }

  invites() {
    return this.#call('invites')
  }

  revokeInvite(request: RequestOf<'revokeInvite'>) {
    return this.#call('revokeInvite', request)
  }

  retire(request: RequestOf<'retire'>) {
    return this.#call('retire', request)
  }

  letIn(request: RequestOf<'letIn'>) {
    return this.#call('letIn', request)
  }

  shutOut(request: RequestOf<'shutOut'>) {
    return this.#call('shutOut', request)
  }

  renameGroup(request: RequestOf<'renameGroup'>) {
    return this.#call('renameGroup', request)
  }

  renameMachine(request: RequestOf<'renameMachine'>) {
    return this.#call('renameMachine', request)
  }

  rotateKey() {
    return this.#call('rotateKey')
  }

  setSyncInterval(request: RequestOf<'setSyncInterval'>) {
    return this.#call('setSyncInterval', request)
  }

  takeSeat(request: RequestOf<'takeSeat'>) {
    return this.#call('takeSeat', request)
  }

  onEvent(listener: (event: ReplicaEvent) => void): void {
    this.#listener = listener
    const untold = this.#untold
    this.#untold = []
    for (const event of untold) listener(event)
  }

  async close(): Promise<void> {
    this.#listener = () => undefined
    await this.#writer.drained()
    this.#end({ code: 'UNREACHABLE', message: 'The connection has been closed.' })
  }

  #call<Method extends ApiMethod>(method: Method, request?: RequestOf<Method>): Promise<AnswerOf<Method>> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#pending.size >= limits.requestsInFlight) {
      const message = `${limits.requestsInFlight} requests are waiting for an answer already: wait for some of them.`
      return Promise.reject(new QuintetError('BUSY', message))
    }
    const id = ++this.#lastId
    const { answer } = methodTable[method]
    const bytes = encodeApiMessage({ kind: 'call', id, method, request })
    if (bytes.length > limits.frameBytes) {
      return Promise.reject(new QuintetError('TOO_LARGE', `A request has at most ${limits.frameBytes} bytes.`))
    }
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { take: (value) => resolve(answer(value, `the answer to ${method}`)), reject })
      this.#writer.send(bytes).catch((error: unknown) => this.#end(asUnreachable(error).failure))
    })
  }

  #post(message: ApiMessage): void {
    this.#writer.send(encodeApiMessage(message)).catch((error: unknown) => this.#end(asUnreachable(error).failure))
  }

  async #listen(): Promise<void> {
    try {
      for await (const frame of this.#stream.frames) {
        this.#lastHeardMs = this.#clock.nowMs()
        const messages = decodeApiFrame(frame)
        if (!messages.ok) throw new Error(messages.failure.message)
        for (const message of messages.value) this.#take(message)
      }
      this.#end({ code: 'UNREACHABLE', message: 'The replica closed the connection.' })
    } catch (error) {
      this.#end(asUnreachable(error).failure)
    }
  }

  #take(message: ApiMessage): void {
    switch (message.kind) {
      case 'answer':
      case 'failure':
        this.#settle(message)
        return
      case 'event':
        this.#tell(eventShape(message.event, 'an event'))
        return
      case 'hello':
      case 'call':
        throw new Error('a replica sent what only clients send')
    }
  }

  #settle(message: Extract<ApiMessage, { kind: 'answer' | 'failure' }>): void {
    const call = this.#pending.get(message.id)
    if (call === undefined) return
    this.#pending.delete(message.id)
    if (message.kind === 'failure') {
      call.reject(toError(message.failure))
      return
    }
    try {
      call.take(message.value)
    } catch (error) {
      call.reject(new QuintetError('INTERNAL', `The replica gave an answer of a wrong form: ${String(error)}.`))
    }
  }

  #tell(event: ReplicaEvent): void {
    if (event.event === 'closed') {
      this.#end(event.failure)
      return
    }
    if (this.#listener !== null) this.#listener(event)
    else if (this.#untold.length < limits.callsInFlight) this.#untold.push(event)
  }

  #ping(): void {
    if (this.#clock.nowMs() - this.#lastHeardMs > silenceMs) {
      this.#end({ code: 'UNREACHABLE', message: `The replica has not answered for ${silenceMs / 1_000} s.` })
      return
    }
    this.view().catch(() => undefined)
  }

  #end(failure: Failure): void {
    if (this.#failure !== null) return
    this.#failure = new QuintetError('UNREACHABLE', failure.message)
    this.#stopPings()
    this.#writer.stop(this.#failure)
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of calls) reject(this.#failure)
    this.#stream.close().catch(() => undefined)
    const event: ReplicaEvent = { event: 'closed', failure }
    if (this.#listener !== null) this.#listener(event)
    else this.#untold.push(event)
  }
}
