import type { MailQuestion, MailSearch } from './effects.ts'
import type { OriginId, PeerId, Sequence } from './model/ids.ts'
import type { StateImage } from './model/image.ts'
import { limits } from './model/limits.ts'
import type {
  MailRequestMessage,
  MailsMessage,
  StateChunkMessage,
  StateRequestMessage,
  VersionVector,
} from './model/messages.ts'
import type { Update } from './model/updates.ts'
import { isOfItsPerson, type LiveUpdate, liveUpdatesOf } from './state/live-updates.ts'
import { heldFrom } from './version-vector.ts'

/** Without progress for this long the transfer is abandoned; anti-entropy will begin another. */
const stallLimitMs = 15_000
/** Mails asked for at once: about one answer's worth. */
const mailsPerRequest = 400
/** When the peer had not all mails of its image, a newer image is asked for after this, some times; then the rest is left to repair. */
const againMs = 1_000
/** So often an image may be gone before all of it has come. */
const goneAtMost = 10
/** Requests under way at once, so that the line is not idle between an answer and the next request. */
const window = 3
/** Chunks of an image that are asked for at once: half a megabyte. */
const chunkWindow = 8

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'image'; readonly peer: PeerId; image: number; readonly chunks: string[]; asked: number }
  | { readonly kind: 'decoding'; readonly peer: PeerId }
  | {
      readonly kind: 'searching'
      readonly peer: PeerId
      readonly search: number
      readonly image: StateImage
      readonly listed: MailQuestion['mails']
    }
  | {
      readonly kind: 'mails'
      readonly peer: PeerId
      readonly image: StateImage
      readonly queue: Listed[]
      readonly inFlight: Map<number, Listed>
      readonly absent: MailsWanted[]
    }
  | { readonly kind: 'waiting'; readonly peer: PeerId; readonly untilMs: number }

interface MailsWanted {
  readonly origin: OriginId
  readonly sequences: readonly Sequence[]
}

/** Of one log, as the image lists them. */
interface Listed {
  readonly origin: OriginId
  readonly updates: readonly Omit<LiveUpdate, 'origin'>[]
}

/** What the transfer wants next. */
export interface TransferStep {
  readonly ask: readonly (StateRequestMessage | MailRequestMessage)[]
  readonly decode: readonly string[] | null
  readonly findMissing: MailQuestion | null
  /** All mails of this image are stored: it may be joined. */
  readonly complete: StateImage | null
  /** Mails of the joined image that the peer never had whole: they must come from another. */
  readonly absent: readonly MailsWanted[]
}

export interface TransferHabits {
  /** So many images are asked for at most until the peer has all mails of one. */
  readonly roundsAtMost: number
  /** Ids of requests begin after this one. */
  readonly lastId: number
}

const usualHabits: TransferHabits = { roundsAtMost: 10, lastId: 0 }

const nothing: TransferStep = { ask: [], decode: null, findMissing: null, complete: null, absent: [] }

/**
 * Takes the live state of another replica: first its image, then the mails that we do not have, and only when
 * they are all stored may the image be joined. Mails that an interrupted transfer brought are not asked for again, if they are still
 * those that the image means: a transfer may have been one of a log that went another way since.
 * What the peer has not got was deleted since, or is damaged there: a newer image tells.
 */
export class StateTransfer {
  #phase: Phase = { kind: 'idle' }
  #progressMs = 0
  /** When a part of something came last. */
  #arrivedMs = -Infinity
  readonly #roundsAtMost: number
  #lastId: number
  #lastSearch = 0
  #round = 1
  #gone = 0

  constructor({ roundsAtMost, lastId }: TransferHabits = usualHabits) {
    this.#roundsAtMost = roundsAtMost
    this.#lastId = lastId
  }

  /** The peer that is being copied from, if any. */
  get peer(): PeerId | null {
    return this.#phase.kind === 'idle' ? null : this.#phase.peer
  }

  begin(nowMs: number, peer: PeerId): TransferStep {
    this.#round = 1
    this.#gone = 0
    return this.#ask(nowMs, peer)
  }

  /** Asks for a newer image when it is time. */
  resume(nowMs: number): TransferStep {
    if (this.#phase.kind !== 'waiting' || nowMs < this.#phase.untilMs) return nothing
    this.#round += 1
    return this.#ask(nowMs, this.#phase.peer)
  }

  /** Ends a transfer that stalled or whose peer went away. Returns its peer when there was one to end. */
  abandonIfStalled(nowMs: number): PeerId | null {
    const limitMs = nowMs - this.#arrivedMs > stallLimitMs ? stallLimitMs : limits.arrivingMs
    return this.#phase.kind !== 'idle' && nowMs - this.#progressMs > limitMs ? this.abandon() : null
  }

  /** A part of something long has come from this peer: on a slow line one answer may take longer than the limit. */
  arriving(nowMs: number, peer: PeerId): void {
    if (peer === this.peer) this.#arrivedMs = nowMs
  }

  abandon(): PeerId | null {
    const peer = this.peer
    this.#phase = { kind: 'idle' }
    return peer
  }

  chunk(nowMs: number, peer: PeerId, message: StateChunkMessage): TransferStep {
    const phase = this.#phase
    if (phase.kind !== 'image' || phase.peer !== peer) return nothing
    if (message.index !== phase.chunks.length) return nothing
    if (message.image === 0) return this.#askAnew(nowMs, peer)
    if (phase.image !== 0 && phase.image !== message.image) return nothing
    this.#progressMs = nowMs
    phase.image = message.image
    phase.chunks.push(message.chunk)
    if (phase.chunks.length < message.count) {
      const ask: StateRequestMessage[] = []
      for (; phase.asked < Math.min(message.count, phase.chunks.length + chunkWindow); phase.asked += 1)
        ask.push({ kind: 'stateRequest', image: message.image, index: phase.asked })
      return { ...nothing, ask }
    }
    this.#phase = { kind: 'decoding', peer }
    return { ...nothing, decode: phase.chunks }
  }

  decoded(nowMs: number, peer: PeerId, image: StateImage, held: VersionVector): TransferStep {
    if (this.#phase.kind !== 'decoding' || this.#phase.peer !== peer) return nothing
    this.#progressMs = nowMs
    const mails = new Map<OriginId, LiveUpdate[]>()
    for (const update of liveUpdatesOf(image)) {
      if (update.sequence <= heldFrom(held, update.origin)) continue
      const wanted = mails.get(update.origin)
      if (wanted === undefined) mails.set(update.origin, [update])
      else wanted.push(update)
    }
    for (const wanted of mails.values()) wanted.sort((left, right) => left.sequence - right.sequence)
    this.#lastSearch += 1
    this.#phase = { kind: 'searching', peer, search: this.#lastSearch, image, listed: mails }
    return { ...nothing, findMissing: { search: this.#lastSearch, mails } }
  }

  /** The answer to `findMissing`; one to an earlier transfer's is passed over. */
  missing(nowMs: number, { search, mails }: MailSearch): TransferStep {
    const phase = this.#phase
    if (phase.kind !== 'searching' || phase.search !== search) return nothing
    this.#progressMs = nowMs
    const queue: Listed[] = []
    for (const [origin, sequences] of mails) {
      const missing = new Set(sequences)
      const updates = (phase.listed.get(origin) ?? []).filter(({ sequence }) => missing.has(sequence))
      for (let start = 0; start < updates.length; start += mailsPerRequest) {
        queue.push({ origin, updates: updates.slice(start, start + mailsPerRequest) })
      }
    }
    queue.reverse()
    this.#phase = { kind: 'mails', peer: phase.peer, image: phase.image, queue, inFlight: new Map(), absent: [] }
    return this.#next(nowMs)
  }

  /** Whether these mails were asked for. */
  isWaitingFor(peer: PeerId, message: MailsMessage): boolean {
    return this.#phase.kind === 'mails' && this.#phase.peer === peer && this.#phase.inFlight.has(message.id)
  }

  /** Which of these contents were asked for, and are what the image lists: who gives them could show others, that somebody has signed as well. */
  contentsIn({ id, origin, updates }: MailsMessage): readonly Update[] {
    const asked = this.#phase.kind === 'mails' ? this.#phase.inFlight.get(id) : undefined
    if (asked?.origin !== origin) return []
    const listed = new Map(asked.updates.map((update) => [update.sequence, update]))
    return updates.filter(({ sequence, change }) => {
      const wanted = listed.get(sequence)
      return wanted !== undefined && isOfItsPerson(wanted, change)
    })
  }

  /** Mails came; the caller stores them in the same step. */
  mails(nowMs: number, message: MailsMessage): TransferStep {
    const phase = this.#phase
    const asked = phase.kind === 'mails' ? phase.inFlight.get(message.id) : undefined
    if (phase.kind !== 'mails' || asked === undefined) return nothing
    this.#progressMs = nowMs
    phase.inFlight.delete(message.id)
    const came = new Set(message.updates.map((update) => update.sequence))
    const absent = asked.updates.filter(({ sequence }) => sequence <= message.covered && !came.has(sequence))
    const rest = asked.updates.filter(({ sequence }) => sequence > message.covered)
    if (rest.length > 0) phase.queue.push({ origin: asked.origin, updates: rest })
    if (absent.length > 0) phase.absent.push({ origin: asked.origin, sequences: sequencesOf(absent) })
    return this.#next(nowMs)
  }

  /** Who says again and again that the image is gone makes no progress. */
  #askAnew(nowMs: number, peer: PeerId): TransferStep {
    if (this.#gone >= goneAtMost) return nothing
    this.#gone += 1
    return this.#ask(nowMs, peer)
  }

  #ask(nowMs: number, peer: PeerId): TransferStep {
    this.#progressMs = nowMs
    this.#phase = { kind: 'image', peer, image: 0, chunks: [], asked: 1 }
    return { ...nothing, ask: [{ kind: 'stateRequest', image: 0, index: 0 }] }
  }

  #next(nowMs: number): TransferStep {
    const phase = this.#phase
    if (phase.kind !== 'mails') return nothing
    const ask: MailRequestMessage[] = []
    while (phase.inFlight.size < window) {
      const wanted = phase.queue.pop()
      if (wanted === undefined) break
      this.#lastId += 1
      phase.inFlight.set(this.#lastId, wanted)
      ask.push({ kind: 'mailRequest', id: this.#lastId, origin: wanted.origin, sequences: sequencesOf(wanted.updates) })
    }
    if (phase.inFlight.size > 0) return { ...nothing, ask }
    const { peer, image, absent } = phase
    const isAgain = absent.length > 0 && this.#round < this.#roundsAtMost
    this.#phase = isAgain ? { kind: 'waiting', peer, untilMs: nowMs + againMs } : { kind: 'idle' }
    return isAgain ? nothing : { ...nothing, complete: image, absent }
  }
}

const sequencesOf = (updates: Listed['updates']): readonly Sequence[] => updates.map(({ sequence }) => sequence)

/** The answer where nothing is stored. */
export const allOf = ({ search, mails }: MailQuestion): MailSearch => ({
  search,
  mails: new Map([...mails].map(([origin, wanted]) => [origin, wanted.map(({ sequence }) => sequence)])),
})
