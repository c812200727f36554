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
/** How much more than after the last time is worth it. */
const growth = 1.25

/**
 * Has the memory given back that nothing uses any more. V8 keeps pages that a rush has emptied for the next one, and lets go of them only
 * when a process is idle: one that never is would grow for days, with a tenth of it in use.
 */
export class MemoryKeeper {
  readonly #options: MemoryKeeperOptions
  #usualBytes: number | null = null
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
    const { memory, logger } = this.#options
    const before = memory.residentBytes()
    // What the mailbox itself takes is not known before it has been open for a while.
    this.#usualBytes ??= before
    if (before < Math.max(leastBytes, this.#usualBytes * growth)) return
    memory.collect()
    this.#usualBytes = memory.residentBytes()
    logger.info('memory is given back', { before, after: this.#usualBytes })
  }
}
