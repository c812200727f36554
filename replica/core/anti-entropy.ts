import { originId, type OriginId, type PeerId, type Sequence } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { RequestMessage, VersionVector } from './model/messages.ts'
import { heldFrom } from './version-vector.ts'

/** What is on its way by gossip is given this long before it is asked for. */
const graceMs = 250
/** When a holder has answered nothing for so long, another one is asked. */
const answerLimitMs = 5_000
/** However much else it has answered. */
const longestAnswerMs = 60_000
/** What is asked of a holder at first: more when its answers come quickly, less when they are slow or do not come in time. */
const firstBytes = 65_536
const leastBytes = 16_384
const quickMs = 1_000
const slowMs = 4_000
/** Requests of which one holder's answers are waited for: who comes into view first would be asked for everything otherwise. */
const requestsOfOne = 2
/** How long a holder that failed to answer is not asked for that origin. */
const avoidMs = 5_000
/** A holder that failed so often in a row to answer for an origin does not have what it says. */
const failuresInVain = 2

export interface Holder {
  readonly peer: PeerId
  readonly origin: OriginId
  readonly row: VersionVector
}

interface InFlight {
  readonly id: number
  readonly peer: PeerId
  readonly askedMs: number
}

/** How a holder answers. */
interface Pace {
  readonly bytes: number
  readonly heardMs: number
  /** When a part of something long came last. */
  readonly arrivedMs: number
}

/** `discarded`: it has the state instead. */
interface Failure {
  readonly untilMs: number
  readonly failures: number
  readonly last: 'none' | 'discarded'
}

/** `merge`: somebody has just come into view, so what is missing is not on its way. */
export type Haste = 'ordinary' | 'merge'

/**
 * Decides what to ask of whom. Each missing range is asked of exactly one holder, the one that holds most;
 * several origins are asked of several holders at once. A range that was cut off is asked again from where it stopped.
 */
export class AntiEntropy {
  readonly #inFlight = new Map<OriginId, InFlight>()
  /** Since when nothing has come of an origin of which there is more. */
  readonly #stalled = new Map<OriginId, { readonly sinceMs: number; readonly held: Sequence }>()
  readonly #avoided = new Map<string, Failure>()
  /** Of the present connections. On a slow one a large answer would not come in time, and be asked of others, too. */
  readonly #paces = new Map<PeerId, Pace>()
  /** Origins of which an answer has come and more is known to be there: asked on without grace. */
  readonly #flowing = new Set<OriginId>()
  /** There is no state here yet. */
  isNewcomer = false
  #lastId = 0

  /** Requests to send now. `held` is our own vector. */
  plan(
    nowMs: number,
    held: VersionVector,
    holders: readonly Holder[],
    haste: Haste,
  ): readonly { to: PeerId; message: RequestMessage }[] {
    this.#expire(nowMs)
    const requests: { to: PeerId; message: RequestMessage }[] = []
    const load = new Map<PeerId, number>()
    for (const { peer } of this.#inFlight.values()) load.set(peer, (load.get(peer) ?? 0) + 1)
    for (const origin of this.#behind(held, holders)) {
      const patienceMs = this.#isComing(nowMs, origin, holders) ? limits.arrivingMs : graceMs
      const due = haste === 'merge' || this.#flowing.has(origin) || this.#stalledMs(nowMs, origin, held) >= patienceMs
      if (this.#inFlight.has(origin) || !due) continue
      const holder = this.#best(nowMs, origin, heldFrom(held, origin), holders, load)
      if (holder === null) continue
      this.#lastId += 1
      this.#inFlight.set(origin, { id: this.#lastId, peer: holder.peer, askedMs: nowMs })
      load.set(holder.peer, (load.get(holder.peer) ?? 0) + 1)
      const after = heldFrom(held, origin)
      requests.push({
        to: holder.peer,
        message: { kind: 'request', id: this.#lastId, origin, after, maxBytes: this.#bytesOf(holder.peer) },
      })
    }
    return requests
  }

  /** An answer to one of our requests has come; `progress` tells whether it brought anything. */
  answered(nowMs: number, peer: PeerId, id: number, progress: 'some' | 'none' | 'discarded'): void {
    this.#paces.set(peer, { ...this.#paceOf(peer), heardMs: nowMs })
    for (const [origin, request] of this.#inFlight) {
      if (request.id !== id || request.peer !== peer) continue
      this.#inFlight.delete(origin)
      if (progress === 'some') {
        this.#avoided.delete(avoidKey(origin, peer))
        const tookMs = nowMs - request.askedMs
        if (tookMs <= quickMs) this.#pace(peer, 2)
        else if (tookMs >= slowMs) this.#pace(peer, 1 / 2)
        this.#flowing.add(origin)
      } else {
        this.#flowing.delete(origin)
        this.#avoid(nowMs, origin, peer, progress)
      }
    }
  }

  /** A part of something long has come from this peer. */
  arriving(nowMs: number, peer: PeerId): void {
    this.#paces.set(peer, { ...this.#paceOf(peer), arrivedMs: nowMs })
  }

  /** Whether an answer is on its way, as far as is known. */
  get isFetching(): boolean {
    return this.#inFlight.size > 0
  }

  /** Whether `id` is a request of ours to `peer` that waits for its answer. */
  isWaitingFor(peer: PeerId, id: number): boolean {
    for (const request of this.#inFlight.values()) if (request.id === id && request.peer === peer) return true
    return false
  }

  /** Whether somebody can still be asked for what follows on `held`: who has failed to answer is not, for a while. */
  canBeAsked(nowMs: number, origin: OriginId, held: Sequence, holders: readonly Holder[]): boolean {
    return this.#best(nowMs, origin, held, holders, new Map()) !== null
  }

  /** Whether a holder was asked for what it says that it has of an origin, again and again, and brought nothing. */
  isInVain(origin: OriginId, peer: PeerId): boolean {
    return (this.#avoided.get(avoidKey(origin, peer))?.failures ?? 0) >= failuresInVain
  }

  /** Whether what it says that it has of an origin is to come as a state. */
  hasDiscarded(origin: OriginId, peer: PeerId): boolean {
    return this.#avoided.get(avoidKey(origin, peer))?.last === 'discarded'
  }

  disconnected(peer: PeerId): void {
    this.#paces.delete(peer)
    for (const [origin, request] of this.#inFlight) if (request.peer === peer) this.#inFlight.delete(origin)
    for (const key of this.#avoided.keys()) if (key.endsWith(peer)) this.#avoided.delete(key)
  }

  /** After a state transfer holders that had discarded what we asked for may be asked again. */
  forgive(): void {
    this.#avoided.clear()
  }

  /** Origins of which some holder has more than we. */
  #behind(held: VersionVector, holders: readonly Holder[]): ReadonlySet<OriginId> {
    const behind = new Set<OriginId>()
    for (const { row } of holders) {
      for (const [origin, sequence] of row) if (sequence > heldFrom(held, origin)) behind.add(origin)
    }
    for (const origin of this.#stalled.keys()) if (!behind.has(origin)) this.#stalled.delete(origin)
    for (const origin of this.#flowing) if (!behind.has(origin)) this.#flowing.delete(origin)
    // A holder could claim ever other logs, and have none of them.
    if (this.#avoided.size > limits.vectorEntries)
      for (const key of this.#avoided.keys()) if (!behind.has(originIn(key))) this.#avoided.delete(key)
    return behind
  }

  #stalledMs(nowMs: number, origin: OriginId, vector: VersionVector): number {
    const held = heldFrom(vector, origin)
    const stalled = this.#stalled.get(origin)
    if (stalled?.held === held) return nowMs - stalled.sinceMs
    this.#stalled.set(origin, { sinceMs: nowMs, held })
    return 0
  }

  /**
   * The one that holds most; then the origin itself; then whoever has least to do. A newcomer asks the origin itself only for what nobody
   * else has: it may show newcomers another log than those have, which they would have to give up again.
   */
  #best(
    nowMs: number,
    origin: OriginId,
    held: Sequence,
    holders: readonly Holder[],
    load: ReadonlyMap<PeerId, number>,
  ): Holder | null {
    let best: Holder | null = null
    const rank = (holder: Holder): readonly number[] => [
      heldFrom(holder.row, origin),
      holder.origin === origin ? 1 : 0,
      -(load.get(holder.peer) ?? 0),
    ]
    for (const holder of holders) {
      if (heldFrom(holder.row, origin) <= held) continue
      if ((this.#avoided.get(avoidKey(origin, holder.peer))?.untilMs ?? 0) > nowMs) continue
      if ((load.get(holder.peer) ?? 0) >= requestsOfOne) continue
      if (this.isNewcomer && holder.origin === origin && this.#isHadByAnother(nowMs, origin, held, holders)) continue
      if (best === null || isHigher(rank(holder), rank(best))) best = holder
    }
    return best
  }

  #isHadByAnother(nowMs: number, origin: OriginId, held: Sequence, holders: readonly Holder[]): boolean {
    return holders.some(
      (holder) =>
        holder.origin !== origin &&
        heldFrom(holder.row, origin) > held &&
        (this.#avoided.get(avoidKey(origin, holder.peer))?.untilMs ?? 0) <= nowMs,
    )
  }

  #bytesOf(peer: PeerId): number {
    return this.#paceOf(peer).bytes
  }

  /** Whether it may be its install's own news that is on its way from there: others, who have it already, tell of it before. */
  #isComing(nowMs: number, origin: OriginId, holders: readonly Holder[]): boolean {
    const own = holders.find((holder) => holder.origin === origin)
    return own !== undefined && nowMs - this.#paceOf(own.peer).arrivedMs < answerLimitMs
  }

  #paceOf(peer: PeerId): Pace {
    return this.#paces.get(peer) ?? { bytes: firstBytes, heardMs: 0, arrivedMs: -Infinity }
  }

  #pace(peer: PeerId, factor: number): void {
    const bytes = Math.min(limits.chunkBytes, Math.max(leastBytes, this.#bytesOf(peer) * factor))
    this.#paces.set(peer, { ...this.#paceOf(peer), bytes })
  }

  #expire(nowMs: number): void {
    for (const [origin, request] of this.#inFlight) {
      const { peer, askedMs } = request
      const { heardMs, arrivedMs } = this.#paceOf(peer)
      const isComing = nowMs - arrivedMs < answerLimitMs
      const isHeard = isComing || nowMs - Math.max(askedMs, heardMs) < answerLimitMs
      if (isHeard && nowMs - askedMs < (isComing ? limits.arrivingMs : longestAnswerMs)) continue
      this.#inFlight.delete(origin)
      this.#pace(peer, 1 / 2)
      this.#avoid(nowMs, origin, peer, 'none')
    }
  }

  #avoid(nowMs: number, origin: OriginId, peer: PeerId, last: Failure['last']): void {
    const key = avoidKey(origin, peer)
    const failures = (this.#avoided.get(key)?.failures ?? 0) + 1
    this.#avoided.set(key, { untilMs: nowMs + avoidMs, failures, last })
  }
}

const avoidKey = (origin: OriginId, peer: PeerId): string => `${origin} ${peer}`

const originIn = (key: string): OriginId => originId(key.slice(0, key.indexOf(' ')))

const isHigher = (left: readonly number[], right: readonly number[]): boolean => {
  for (let index = 0; index < left.length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
