import type { OriginId, PeerId, Sequence, UpdateId } from './model/ids.ts'
import { updateId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { MailRequestMessage, MailsMessage } from './model/messages.ts'
import type { Update } from './model/updates.ts'

/** When nobody had what is wanted, all are asked again only after this. */
const retryMs = 5_000
const mailsPerRequest = 100
/** Ids of repair requests begin here, so that their answers are told from a state transfer's. */
const firstId = 1_000_000_000

/** Live updates whose stored content is broken or missing here, fetched again from whoever has them. */
export class Repairs {
  readonly #wanted = new Map<OriginId, Set<Sequence>>()
  readonly #inFlight = new Map<
    number,
    {
      readonly peer: PeerId
      readonly origin: OriginId
      readonly asked: readonly Sequence[]
      readonly askedMs: number
      deadlineMs: number
    }
  >()
  /** How often an origin's next holder had to be asked because one had nothing. */
  readonly #turns = new Map<OriginId, number>()
  /** Who was asked for it in vain. */
  readonly #missed = new Map<UpdateId, Set<PeerId>>()
  #nextMs = 0
  #lastId = firstId

  get size(): number {
    let size = 0
    for (const sequences of this.#wanted.values()) size += sequences.size
    return size
  }

  /** What is wanted, per origin. */
  get wanted(): ReadonlyMap<OriginId, ReadonlySet<Sequence>> {
    return this.#wanted
  }

  want(origin: OriginId, sequences: Iterable<Sequence>): void {
    const wanted = this.#wanted.get(origin) ?? new Set()
    for (const sequence of sequences) wanted.add(sequence)
    if (wanted.size > 0) this.#wanted.set(origin, wanted)
    this.#nextMs = 0
  }

  /** Requests to send now. A holder is asked as long as it has something, then the next; `isLive` drops what has been deleted meanwhile. */
  plan(
    nowMs: number,
    peers: readonly PeerId[],
    isLive: (origin: OriginId, sequence: Sequence) => boolean,
  ): readonly { to: PeerId; message: MailRequestMessage }[] {
    this.#expire(nowMs)
    if (this.#wanted.size === 0 || peers.length === 0 || this.#inFlight.size > 0 || nowMs < this.#nextMs) return []
    const isRoundOver = [...this.#turns.values()].some((turn) => turn >= peers.length)
    if (isRoundOver) {
      this.#turns.clear()
      this.#nextMs = nowMs + retryMs
      return []
    }
    const requests: { to: PeerId; message: MailRequestMessage }[] = []
    for (const [origin, wanted] of this.#wanted) {
      for (const sequence of wanted) if (!isLive(origin, sequence)) this.#drop(origin, wanted, sequence)
      if (wanted.size === 0) {
        this.#forget(origin)
        continue
      }
      const peer = peers[this.#turns.get(origin) ?? 0]
      if (peer === undefined) continue
      this.#lastId += 1
      const sequences = [...wanted].sort((left, right) => left - right).slice(0, mailsPerRequest)
      this.#inFlight.set(this.#lastId, { peer, origin, asked: sequences, askedMs: nowMs, deadlineMs: nowMs + retryMs })
      requests.push({ to: peer, message: { kind: 'mailRequest', id: this.#lastId, origin, sequences } })
    }
    return requests
  }

  /** Whether these mails were asked for. */
  isWaitingFor(peer: PeerId, message: MailsMessage): boolean {
    return this.#inFlight.get(message.id)?.peer === peer
  }

  /** Whether this one was asked for by the request that the message answers, and is still wanted. */
  isAskedIn({ id, origin }: MailsMessage, sequence: Sequence): boolean {
    const request = this.#inFlight.get(id)
    return request?.origin === origin && request.asked.includes(sequence) && this.wants(origin, sequence)
  }

  wants(origin: OriginId, sequence: Sequence): boolean {
    return this.#wanted.get(origin)?.has(sequence) === true
  }

  /** Whether this member was asked for it, and did not have it either. */
  isMissedBy(peer: PeerId, origin: OriginId, sequence: Sequence): boolean {
    return this.#missed.get(updateId(origin, sequence))?.has(peer) === true
  }

  /** Mails came; the caller stores them in the same step. */
  mails(message: MailsMessage): void {
    this.#noteMissed(message)
    this.#inFlight.delete(message.id)
    if (message.updates.length === 0) this.#turn(message.origin)
    this.found(message.origin, message.updates)
  }

  /** These are stored in the same step. */
  found(origin: OriginId, updates: readonly Update[]): void {
    const wanted = this.#wanted.get(origin)
    if (wanted === undefined) return
    for (const { sequence } of updates) this.#drop(origin, wanted, sequence)
    if (wanted.size === 0) this.#forget(origin)
  }

  /** A part of something long has come from this peer: on a slow line an answer takes more than the usual time. */
  arriving(nowMs: number, peer: PeerId): void {
    for (const request of this.#inFlight.values()) {
      const isAwaited = request.peer === peer && nowMs - request.askedMs < limits.arrivingMs
      if (isAwaited) request.deadlineMs = nowMs + retryMs
    }
  }

  disconnected(peer: PeerId): void {
    for (const [id, request] of this.#inFlight) if (request.peer === peer) this.#inFlight.delete(id)
  }

  #drop(origin: OriginId, wanted: Set<Sequence>, sequence: Sequence): void {
    wanted.delete(sequence)
    this.#missed.delete(updateId(origin, sequence))
  }

  #noteMissed({ id, updates }: MailsMessage): void {
    const request = this.#inFlight.get(id)
    // An answer may be cut short: only one that is empty says that there is nothing.
    if (request === undefined || updates.length > 0) return
    for (const sequence of request.asked) {
      const name = updateId(request.origin, sequence)
      this.#missed.set(name, new Set([...(this.#missed.get(name) ?? []), request.peer]))
    }
  }

  #expire(nowMs: number): void {
    for (const [id, { origin, deadlineMs }] of this.#inFlight) {
      if (deadlineMs > nowMs) continue
      this.#inFlight.delete(id)
      this.#turn(origin)
    }
  }

  #forget(origin: OriginId): void {
    this.#wanted.delete(origin)
    this.#turns.delete(origin)
  }

  #turn(origin: OriginId): void {
    this.#turns.set(origin, (this.#turns.get(origin) ?? 0) + 1)
  }
}
