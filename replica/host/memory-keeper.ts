import type { ClockPort, LoggerPort, MemoryPort } from './ports.ts'

interface MemoryKeeperOptions {
  readonly memory: MemoryPort
  readonly clock: ClockPort
  readonly logger: LoggerPort
}

/** So often it is looked; collecting all garbage holds the event loop up for a tenth of a second, so it is not done more often either. */
const lookEveryMs = 60_000
/** A process that is smaller is left alone. */
const leastBytes = 256 * 1_048_576
/** How much more than after the last time is worth it: what is in use grows by garbage that V8 collects by itself. */
const growth = 1.5

/**
 * Has the memory given back that nothing uses any more. V8 keeps pages that a rush has emptied for the next one, and lets go of them only
 * when a process is idle: one that never is would grow for days, with a tenth of it in use.
 */
export class MemoryKeeper {
  readonly #options: MemoryKeeperOptions
  #inUseBytes = 0
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
    const before = memory.residentBytes()
    if (before < Math.max(leastBytes, this.#inUseBytes * growth)) return
    const beganMs = clock.nowMs()
    memory.collect()
    this.#inUseBytes = memory.residentBytes()
    logger.info('all garbage was collected', { before, after: this.#inUseBytes, tookMs: clock.nowMs() - beganMs })
  }
}
