import type { EffectsDraft } from './effects.ts'
import type { OriginId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { Batch } from './model/updates.ts'
import type { GreetedPeer } from './peers.ts'
import { TokenBucket } from './token-bucket.ts'

/** Gossip messages that may go out at once, and how many come back a second: gossip does not keep up with bulk. */
const burstMessages = 8
const messagesPerSecond = 20
/** An install of which others told news so lately is taken to be connected with them still. */
const beyondMs = 10_000

/** When new batches wait for each other before they go out. */
export interface GatheringTuning {
  /** Up to so many updates, of all installs together, each batch goes out by itself: at once, and a second. */
  readonly burst: number
  readonly aSecond: number
  /** For how long after that is exceeded. */
  readonly calmMs: number
  /** Then ours go out so long after those before them, or when they are so many bytes. */
  readonly gatherMs: number
  readonly gatherBytes: number
}

export const usualGathering: GatheringTuning = {
  burst: 25,
  aSecond: 250,
  calmMs: 500,
  gatherMs: 50,
  gatherBytes: 65_536,
}

/** Who is to have our batches. */
export interface Audience {
  /** Those that are connected here. */
  readonly peers: readonly GreetedPeer[]
  /** The installs of all seats in use. */
  readonly holders: readonly OriginId[]
  /** Whether they are told in this step what is held here: then the batches have to come before that. */
  readonly isTold: boolean
}

/**
 * Spreads our own new batches: on the direct streams to all that are connected here, and by gossip, too, while somebody is
 * connected only to others. In a full mesh, which is the usual case, gossip would bring each batch to everybody three more
 * times, which costs more than all the rest of a mail.
 *
 * A mail that comes by itself costs the others many times what it costs together with others: a message, a signature, an append. So
 * while much comes in, our batches wait for each other for a moment. They are durable here, and answered, before that.
 */
export class Spreading {
  readonly #tuning: GatheringTuning
  readonly #rush: TokenBucket
  readonly #gossip = new TokenBucket(burstMessages, messagesPerSecond)
  /** When others last told something new of an install. */
  readonly #newsMs = new Map<OriginId, number>()
  #waiting: Batch[] = []
  #sentMs = -Infinity
  #rushUntilMs = -Infinity
  #isRush = false

  constructor(tuning: GatheringTuning) {
    this.#tuning = tuning
    this.#rush = new TokenBucket(tuning.burst, tuning.aSecond)
  }

  /** Whether so much comes, as of the last step, that they should not be dealt with one by one. */
  get isRush(): boolean {
    return this.#isRush
  }

  /** These have come from others, unasked. */
  arrived(nowMs: number, batches: readonly Batch[]): void {
    this.#rush.drain(updatesIn(batches), nowMs)
    if (this.#rush.isEmpty) this.#rushUntilMs = nowMs + this.#tuning.calmMs
  }

  /** Somebody knows more of what `holder` holds than we did. */
  heardOf(holder: OriginId, nowMs: number): void {
    this.#newsMs.set(holder, nowMs)
  }

  /** `batches` are those of this step. Asks to be woken when some have to wait. */
  spread(nowMs: number, batches: readonly Batch[], audienceOf: () => Audience, effects: EffectsDraft): void {
    this.arrived(nowMs, batches)
    this.#isRush = nowMs < this.#rushUntilMs
    this.#waiting.push(...batches)
    if (this.#waiting.length === 0) return
    const audience = audienceOf()
    const waitMs = audience.isTold ? 0 : this.#waitMs(nowMs)
    if (waitMs > 0) {
      effects.wakeAfterMs = waitMs
      return
    }
    const gathered = this.#waiting
    this.#waiting = []
    this.#sentMs = nowMs
    this.#send(nowMs, gathered, audience, effects)
  }

  #waitMs(nowMs: number): number {
    const { gatherMs, gatherBytes } = this.#tuning
    if (!this.#isRush || bytesOf(this.#waiting) >= gatherBytes) return 0
    return this.#sentMs + gatherMs - nowMs
  }

  #send(nowMs: number, gathered: readonly Batch[], { peers, holders }: Audience, effects: EffectsDraft): void {
    for (const batches of messagesOf(gathered)) {
      const message = { kind: 'batches', id: 0, batches } as const
      for (const { peer: to } of peers) effects.send.push({ to, message, urgency: 'droppable' })
    }
    const here = new Set(peers.map(({ origin }) => origin))
    const isSomebodyBeyond = holders.some((holder) => !here.has(holder) && this.#isAround(holder, nowMs))
    if (!isSomebodyBeyond || bytesOf(gathered) > limits.gossipBytes) return
    if (this.#gossip.takeOne(nowMs)) effects.gossip.push(...gathered)
  }

  #isAround(holder: OriginId, nowMs: number): boolean {
    const heardMs = this.#newsMs.get(holder)
    return heardMs !== undefined && nowMs - heardMs < beyondMs
  }
}

const updatesIn = (batches: readonly Batch[]): number => batches.reduce((sum, { updates }) => sum + updates.length, 0)

const bytesOf = (batches: readonly Batch[]): number => batches.reduce((sum, { bytes }) => sum + bytes.length, 0)

/** In messages that fit into a frame. */
const messagesOf = (batches: readonly Batch[]): readonly (readonly Batch[])[] => {
  const messages: Batch[][] = []
  let bytes = 0
  for (const batch of batches) {
    const message = messages.at(-1)
    bytes += batch.bytes.length
    if (message === undefined || bytes > limits.chunkBytes) {
      messages.push([batch])
      bytes = batch.bytes.length
    } else message.push(batch)
  }
  return messages
}
