import type { ClockPort } from '../../../replica/host/ports.ts'
import { noteWork, quiet } from './native-work.ts'

interface Timer {
  atMs: number
  readonly order: number
  readonly everyMs: number | null
  readonly task: () => void
  readonly owner: ProcessClock | null
}

/** Time that stands until nothing can go on any more, and then goes on to the next timer. */
export class VirtualTime {
  #nowMs = 1_700_000_000_000
  #timers: Timer[] = []
  #order = 0

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void, owner: ProcessClock | null = null): () => void {
    return this.add({ atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), everyMs: null, task, owner })
  }

  add(timer: Omit<Timer, 'order'>): () => void {
    noteWork()
    this.#order += 1
    const added = { ...timer, order: this.#order }
    this.#insert(added)
    return () => {
      const place = this.#timers.indexOf(added)
      if (place >= 0) this.#timers.splice(place, 1)
    }
  }

  /** Up to that time, or until `isOver` says so. */
  async runTo(endMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      await quiet()
      if (isOver()) return
      const [next] = this.#timers
      if (next === undefined || next.atMs > endMs) break
      this.#nowMs = next.atMs
      this.#timers.shift()
      if (next.owner !== null && !next.owner.isAlive) continue
      if (next.everyMs !== null) {
        next.atMs += next.everyMs
        this.#insert(next)
      }
      next.task()
    }
    this.#nowMs = endMs
  }

  #insert(timer: Timer): void {
    let place = this.#timers.length
    while (place > 0 && isBefore(timer, this.#timers[place - 1] as Timer)) place -= 1
    this.#timers.splice(place, 0, timer)
  }
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)

/** The clock of one process, which ends with it. */
export class ProcessClock implements ClockPort {
  readonly #time: VirtualTime
  /** How much the machine's clock is ahead; it may be set meanwhile. */
  readonly #aheadMs: () => number
  readonly #fires: () => void
  isAlive = true

  /** `fires` is told whenever a timer has run out that was set once. */
  constructor(time: VirtualTime, aheadMs: () => number = () => 0, fires: () => void = () => undefined) {
    this.#time = time
    this.#aheadMs = aheadMs
    this.#fires = fires
  }

  nowMs(): number {
    return this.#time.nowMs + this.#aheadMs()
  }

  after(delayMs: number, task: () => void): () => void {
    const fire = (): void => {
      this.#fires()
      if (this.isAlive) task()
    }
    return this.#time.after(delayMs, fire, this)
  }

  every(intervalMs: number, task: () => void): () => void {
    return this.#time.add({ atMs: this.#time.nowMs + intervalMs, everyMs: intervalMs, task, owner: this })
  }

  end(): void {
    this.isAlive = false
  }
}
