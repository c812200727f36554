import type { Serve } from '../core/effects.ts'
import type { OriginId, PeerId, Sequence } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { MailRequestMessage, Message, RequestMessage, StateRequestMessage } from '../core/model/messages.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { encodeMessage } from '../wire/message-codec.ts'
import type { Wire } from '../wire/wire.ts'
import { encodeInTurns } from './image-turns.ts'
import type { LoggerPort, Storage, Transport } from './ports.ts'

interface ServerOptions {
  readonly storage: Storage
  readonly transport: Transport
  readonly wire: Pick<Wire, 'isProven'>
  readonly logger: LoggerPort
}

/** Looks at the core when everything that it shows is durable. */
type ReadCore = <Value>(query: (core: ReplicaCore) => Value) => Promise<Value>

interface KeptImage {
  readonly id: number
  readonly chunks: readonly string[]
}

/** Answers other replicas' requests from the log, beside the event loop, one after the other for each peer. */
export class Server {
  readonly #options: ServerOptions
  readonly #read: ReadCore
  readonly #busy = new Map<PeerId, Promise<void>>()
  readonly #waiting = new Map<PeerId, number>()
  readonly #images = new Map<PeerId, KeptImage>()
  #lastImage = 0

  constructor(options: ServerOptions, read: ReadCore) {
    this.#options = options
    this.#read = read
  }

  /** Whoever asks for more than `limits.requestsServed` at once gets no answer to the rest, and may ask again. */
  serve(task: Serve): void {
    const waiting = this.#waiting.get(task.peer) ?? 0
    if (waiting >= limits.requestsServed) return
    this.#waiting.set(task.peer, waiting + 1)
    const before = this.#busy.get(task.peer) ?? Promise.resolve()
    const work = before
      .then(() => this.#answer(task))
      .then((message) => {
        if (message !== null) this.#options.transport.send(task.peer, encodeMessage(message), 'ordinary')
      })
      .catch((error: unknown) => {
        this.#options.logger.warn('a request could not be answered', { peer: task.peer, error: String(error) })
      })
      .then(() => {
        const left = (this.#waiting.get(task.peer) ?? 1) - 1
        if (left > 0) this.#waiting.set(task.peer, left)
        else this.#waiting.delete(task.peer)
      })
    this.#busy.set(task.peer, work)
  }

  forget(peer: PeerId): void {
    this.#busy.delete(peer)
    this.#images.delete(peer)
  }

  #answer(task: Serve): Promise<Message | null> {
    if ('held' in task) return this.#batches(task.request, task.held)
    if (task.request.kind === 'mailRequest') return this.#mails(task.request)
    return this.#state(task.peer, task.request)
  }

  async #batches({ id, origin, after, maxBytes }: RequestMessage, held: Sequence): Promise<Message> {
    const batches =
      after < held ? await this.#provenBatches(origin, after, Math.min(maxBytes, limits.chunkBytes), held) : []
    const isDiscarded = batches.length === 0 && after < held
    return isDiscarded ? { kind: 'discarded', id, origin } : { kind: 'batches', id, batches }
  }

  /**
   * Batches that end with one whose signature holds: that of the last one of an answer proves those before it. Of a run that came
   * together only the last signature was looked at; where a former holder spoiled one within it, the answer ends elsewhere.
   */
  async #provenBatches(origin: OriginId, after: Sequence, bytes: number, held: Sequence): Promise<readonly Batch[]> {
    for (let room = bytes; ; room = Math.max(room * 2, limits.chunkBytes)) {
      const found = await this.#options.storage.readBatches(origin, after, room)
      // What came after the request was taken may not be durable yet.
      const batches = found.filter(({ last }) => last <= held)
      const end = batches.findLastIndex((batch) => this.#options.wire.isProven(batch))
      if (end >= 0) return batches.slice(0, end + 1)
      if (batches.length === 0 || room > limits.frameBytes) return []
    }
  }

  async #mails({ id, origin, sequences }: MailRequestMessage): Promise<Message> {
    const updates: Update[] = []
    let bytes = 0
    let covered = 0
    // Of files of a megabyte an answer has one: more of them are read only where the first were small.
    let readAtOnce = 1
    for (let start = 0; start < sequences.length && bytes < limits.chunkBytes;) {
      const slice = sequences.slice(start, start + readAtOnce)
      start += slice.length
      readAtOnce = Math.min(readAtOnce * 4, mailsPerRead)
      for (const update of await this.#options.storage.readUpdates(origin, slice)) {
        if (bytes > 0 && bytes + update.bytes.length > limits.chunkBytes)
          return { kind: 'mails', id, origin, covered, updates }
        updates.push(update)
        bytes += update.bytes.length
        covered = update.sequence
      }
      covered = slice.at(-1) ?? covered
    }
    return { kind: 'mails', id, origin, covered, updates }
  }

  async #state(peer: PeerId, { image, index }: StateRequestMessage): Promise<Message> {
    if (index === 0) {
      this.#lastImage += 1
      const id = this.#lastImage
      const chunks = await encodeInTurns(await this.#read((core) => core.state.image()))
      // Who has gone meanwhile begins anew when it is back, which may be never.
      if (this.#busy.has(peer)) this.#images.set(peer, { id, chunks })
    }
    const kept = this.#images.get(peer)
    const chunk = kept?.chunks[index]
    if (kept === undefined || chunk === undefined || (index > 0 && kept.id !== image)) {
      return { kind: 'stateChunk', image: 0, index, count: 0, chunk: '' }
    }
    if (index === kept.chunks.length - 1) this.#images.delete(peer)
    return { kind: 'stateChunk', image: kept.id, index, count: kept.chunks.length, chunk }
  }
}

const mailsPerRead = 64
