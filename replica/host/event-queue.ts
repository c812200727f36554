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

/** The core has a tick so often; after so long, or twice as long, when it has just had one with something else. */
const tickMs = 100
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
  /** With something else, since it was looked at last; or nobody has asked for ticks yet. */
  #hasTicked = true

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

  /**
   * From now on there are ticks. One goes along with whatever is taken, because a step of its own costs more than all that it finds
   * to do; only when nothing was taken for a while it comes by itself. Returns how to end that.
   */
  keepTicking(): () => void {
    return this.#options.clock.every(tickMs, () => {
      if (this.#hasTicked) this.#hasTicked = false
      else if (this.#ready.length === 0) this.push(tick)
    })
  }

  /** A tick after so many milliseconds, if none is planned yet. */
  tickAfter(delayMs: number): void {
    if (this.#willTick) return
    this.#willTick = true
    this.#options.clock.after(delayMs, () => {
      this.#willTick = false
      this.push(tick)
    })
  }

  take(most: number): readonly QueuedEvent[] {
    const taken = this.#ready.splice(0, most)
    if (this.#hasTicked || taken.some(({ event }) => event.kind === 'tick')) return taken
    this.#hasTicked = true
    return [...taken, tick]
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

const tick: QueuedEvent = { event: { kind: 'tick' }, done: null }

/** What nobody waits for: batches that come unasked, and what others hold. */
const isNews = (event: CoreEvent): boolean => {
  if (event.kind === 'gossip') return true
  if (event.kind !== 'message') return false
  const { message } = event
  return message.kind === 'knowledge' || (message.kind === 'batches' && message.id === 0)
}

const mayOvertake = ({ kind }: CoreEvent): boolean => kind === 'command' || kind === 'tick'
