import type { EffectsDraft } from './effects.ts'
import type { OriginId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { Batch } from './model/updates.ts'
import type { GreetedPeer } from './peers.ts'

/** Gossip messages that may go out at once, and how many come back a second: gossip does not keep up with bulk. */
const burstMessages = 8
const messagesPerSecond = 20
/** An install of which others told news so lately is taken to be connected with them still. */
const beyondMs = 10_000

/**
 * Spreads our own new batches: on the direct streams to all that are connected here, and by gossip, too, while somebody is
 * connected only to others. In a full mesh, which is the usual case, gossip would bring each batch to everybody three more
 * times, which costs more than all the rest of a mail.
 */
export class Spreading {
  /** When others last told something new of an install. */
  readonly #newsMs = new Map<OriginId, number>()
  #allowance = burstMessages
  #refilledMs = 0

  /** Somebody knows more of what `holder` holds than we did. */
  heardOf(holder: OriginId, nowMs: number): void {
    this.#newsMs.set(holder, nowMs)
  }

  /** `holders` are the installs of all seats in use, `peers` those that are connected here. */
  spread(
    nowMs: number,
    batches: readonly Batch[],
    peers: readonly GreetedPeer[],
    holders: readonly OriginId[],
    effects: EffectsDraft,
  ): void {
    if (batches.length === 0) return
    for (const { peer: to } of peers)
      effects.send.push({ to, message: { kind: 'batches', id: 0, batches }, urgency: 'droppable' })
    const here = new Set(peers.map(({ origin }) => origin))
    const isSomebodyBeyond = holders.some((holder) => !here.has(holder) && this.#isAround(holder, nowMs))
    if (isSomebodyBeyond && this.#mayGossip(nowMs, batches)) effects.gossip.push(...batches)
  }

  #isAround(holder: OriginId, nowMs: number): boolean {
    const heardMs = this.#newsMs.get(holder)
    return heardMs !== undefined && nowMs - heardMs < beyondMs
  }

  #mayGossip(nowMs: number, batches: readonly Batch[]): boolean {
    this.#refill(nowMs)
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    if (bytes > limits.gossipBytes || this.#allowance < 1) return false
    this.#allowance -= 1
    return true
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#refilledMs)
    this.#refilledMs = nowMs
    this.#allowance = Math.min(burstMessages, this.#allowance + (elapsedMs * messagesPerSecond) / 1_000)
  }
}
