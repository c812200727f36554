import type { Failure } from '../core/model/errors.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'

/** On a full disk one writing is tried again this often. */
const retryMs = 1_000

/** Written and removed again to see whether the disk has room. */
const probeBytes = 262_144
const probeSetting = 'room-probe'

/** What writers are told until there is room. */
export const diskFullFailure: Failure = {
  code: 'DISK_FULL',
  message:
    'The disk of this machine is full: mail can be read but not sent from here until there is room. Nothing is lost.',
}

interface FullDiskOptions {
  readonly storage: Storage
  readonly clock: ClockPort
  readonly logger: LoggerPort
}

/** Whether the disk is full, as a write that failed has shown, until one goes well. */
export class FullDisk {
  readonly #options: FullDiskOptions
  #isFull = false

  constructor(options: FullDiskOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** A write has failed for want of room. */
  fill(): void {
    this.#isFull = true
  }

  /** Looks again and again whether there is room. Returns how to end it. */
  watch(): () => void {
    return this.#options.clock.every(retryMs, () => {
      if (this.#isFull) void this.#probe()
    })
  }

  async #probe(): Promise<void> {
    const { storage, logger } = this.#options
    try {
      await storage.writeSetting(probeSetting, 'x'.repeat(probeBytes))
      await storage.writeSetting(probeSetting, '')
      this.#isFull = false
      logger.info('the disk has room again')
    } catch (error) {
      logger.debug('the disk is still full', { error: String(error) })
    }
  }
}
