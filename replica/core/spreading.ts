import type { PeerId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { Batch } from './model/updates.ts'
import type { EffectsDraft } from './effects.ts'

/** Gossip messages that may go out at once, and how many come back a second: gossip does not keep up with bulk. */
const burstMessages = 8
const messagesPerSecond = 20

/** Spreads our own new batches: by gossip while they are few and small, by direct streams when they come in bulk. */
export class Spreading {
  #allowance = burstMessages
  #refilledMs = 0

  spread(nowMs: number, batches: readonly Batch[], peers: readonly PeerId[], effects: EffectsDraft): void {
    if (batches.length === 0) return
    this.#refill(nowMs)
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    if (bytes <= limits.gossipBytes && this.#allowance >= 1) {
      this.#allowance -= 1
      effects.gossip.push(...batches)
      return
    }
    for (const to of peers)
      effects.send.push({ to, message: { kind: 'batches', id: 0, batches }, urgency: 'droppable' })
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#refilledMs)
    this.#refilledMs = nowMs
    this.#allowance = Math.min(burstMessages, this.#allowance + (elapsedMs * messagesPerSecond) / 1_000)
  }
}
