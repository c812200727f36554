import type { CoreEvent } from '../core/effects.ts'
import type { ClockPort } from './ports.ts'

export interface QueuedEvent {
  readonly event: CoreEvent
  /** Called when the event's effects have been carried out. */
  readonly done: (() => void) | null
}

interface QueueOptions {
  readonly clock: ClockPort
  /** Whether so much comes in that it is dealt with together. */
  readonly isRush: () => boolean
  /** Something can be taken. */
  readonly wake: () => void
}

/** In a rush, what others have written is looked at so often. */
const gatherMs = 40
/** However much is waiting: more would hold the event loop up. */
const mostGathered = 256

/**
 * What the core is to look at, in the order in which it came. In a rush the news of the others wait for each other for a moment: one
 * step and one append for many of them leave time for the clients here, whose commands do not wait, and go before them.
 */
export class EventQueue {
  readonly #options: QueueOptions
  #ready: QueuedEvent[] = []
  #news: QueuedEvent[] = []
  #stopGathering: (() => void) | null = null
  #willTick = false

  constructor(options: QueueOptions) {
    this.#options = options
  }

  /** How many can be taken now. */
  get length(): number {
    return this.#ready.length
  }

  push(queued: QueuedEvent): void {
    const { event } = queued
    if (isNews(event) && this.#gathers()) this.#news.push(queued)
    else {
      if (!mayOvertake(event)) this.#release()
      this.#ready.push(queued)
    }
    if (this.#news.length >= mostGathered) this.#release()
    if (this.#ready.length > 0) this.#options.wake()
  }

  /** A tick after so many milliseconds, if none is planned yet. */
  tickAfter(delayMs: number): void {
    if (this.#willTick) return
    this.#willTick = true
    this.#options.clock.after(delayMs, () => {
      this.#willTick = false
      this.push({ event: { kind: 'tick' }, done: null })
    })
  }

  take(most: number): readonly QueuedEvent[] {
    return this.#ready.splice(0, most)
  }

  /** Lets through what waits. */
  release(): void {
    this.#release()
    if (this.#ready.length > 0) this.#options.wake()
  }

  clear(): void {
    this.#ready = []
    this.#news = []
  }

  /** The first news after a while is let through, and begins the time for which those after it wait. */
  #gathers(): boolean {
    if (this.#stopGathering !== null) return true
    if (!this.#options.isRush()) return false
    this.#gather()
    return false
  }

  #gather(): void {
    this.#stopGathering = this.#options.clock.after(gatherMs, () => {
      this.#stopGathering = null
      if (this.#news.length === 0) return
      if (this.#options.isRush()) this.#gather()
      this.#release()
      this.#options.wake()
    })
  }

  #release(): void {
    if (this.#news.length === 0) return
    this.#ready.push(...this.#news)
    this.#news = []
  }
}

/** What nobody waits for: batches that come unasked, and what others hold. */
const isNews = (event: CoreEvent): boolean => {
  if (event.kind === 'gossip') return true
  if (event.kind !== 'message') return false
  const { message } = event
  return message.kind === 'knowledge' || (message.kind === 'batches' && message.id === 0)
}

const mayOvertake = ({ kind }: CoreEvent): boolean => kind === 'command' || kind === 'tick'
