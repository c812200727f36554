import type { ClockPort, LoggerPort, MemoryPort } from './ports.ts'

interface MemoryKeeperOptions {
  readonly memory: MemoryPort
  readonly clock: ClockPort
  readonly logger: LoggerPort
}

/** So often it is looked; collecting all garbage holds the event loop up for some tenths of a second, so it is not done more often either. */
const lookEveryMs = 60_000
/** A process that is smaller is left alone. */
const leastBytes = 256 * 1_048_576
/** How much more than after the last time is worth it, when that was just now, and when it is long ago: less may be in use by now. */
const growth = { soon: 1.5, later: 1.25 }
const laterMs = 300_000

/**
 * Has the memory given back that nothing uses any more. V8 keeps pages that a rush has emptied for the next one, and lets go of them only
 * when a process is idle: one that never is would grow for days, with a tenth of it in use.
 */
export class MemoryKeeper {
  readonly #options: MemoryKeeperOptions
  #inUse = { bytes: 0, sinceMs: 0 }
  #stop: () => void = () => undefined

  constructor(options: MemoryKeeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#stop = this.#options.clock.every(lookEveryMs, () => {
      this.#look()
    })
  }

  stop(): void {
    this.#stop()
  }

  #look(): void {
    const { memory, clock, logger } = this.#options
    const [before, nowMs] = [memory.residentBytes(), clock.nowMs()]
    const { bytes, sinceMs } = this.#inUse
    const factor = nowMs - sinceMs < laterMs ? growth.soon : growth.later
    if (before < Math.max(leastBytes, bytes * factor)) return
    memory.collect()
    this.#inUse = { bytes: memory.residentBytes(), sinceMs: nowMs }
    logger.info('all garbage was collected', { before, after: this.#inUse.bytes, tookMs: clock.nowMs() - nowMs })
  }
}
