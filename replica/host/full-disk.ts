import type { Failure } from '../core/model/errors.ts'
import type { Message } from '../core/model/messages.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'

/** On a full disk one writing is tried again this often. */
const retryMs = 1_000

/** One that is found full again so soon after it had room for the probe has none for what is to be written, which takes more. */
const calmTries = 60
/** A failed write costs a core that is made anew: where that goes on, it is tried more and more seldom, up to this. */
const mostTriesBetween = 32

/** Written and removed again to see whether the disk has room. */
const probeBytes = 262_144
const probeSetting = 'room-probe'

/** What writers are told until there is room. */
export const diskFullFailure: Failure = {
  code: 'DISK_FULL',
  message:
    'The disk of this machine is full: mail can be read but not sent from here until there is room. Nothing is lost.',
}

/** A state would have to be written as well, and everybody is let go when that fails. */
const toStore: ReadonlySet<Message['kind']> = new Set(['batches', 'mails', 'stateChunk', 'groupKey'])

interface FullDiskOptions {
  readonly storage: Storage
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** It has become full, or has room again. */
  readonly onChange: () => void
}

/** Whether the disk is full, as a write that failed has shown, until one goes well. */
export class FullDisk {
  readonly #options: FullDiskOptions
  #isFull = false
  #hasMissedKey = false
  /** Counted, because a clock may be set meanwhile. */
  #triesSinceRoom = Infinity
  #triesBetween = 1
  #triesLeft = 0

  constructor(options: FullDiskOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** A write has failed for want of room. */
  fill(): void {
    const isAgain = this.#triesSinceRoom < calmTries
    this.#triesBetween = isAgain ? Math.min(2 * this.#triesBetween, mostTriesBetween) : 1
    this.#triesLeft = this.#triesBetween
    this.#isFull = true
    this.#options.onChange()
  }

  /** Whether a message is taken in: one that would have to be stored is not while the disk is full. */
  takes({ kind }: Message): boolean {
    if (!this.#isFull) return true
    if (kind === 'groupKey') this.#hasMissedKey = true
    return !toStore.has(kind)
  }

  /**
   * Looks again and again whether there is room. `onMissedKey` is called when there is and a group key has not been taken in: a
   * member hands it over once for each connection. Returns how to end it.
   */
  watch(onMissedKey: () => void): () => void {
    return this.#options.clock.every(retryMs, () => {
      if (!this.#isFull) this.#triesSinceRoom += 1
      else if (this.#triesLeft > 1) this.#triesLeft -= 1
      else void this.#probe(onMissedKey)
    })
  }

  async #probe(onMissedKey: () => void): Promise<void> {
    const { storage, logger, onChange } = this.#options
    try {
      await storage.writeSetting(probeSetting, 'x'.repeat(probeBytes))
      await storage.writeSetting(probeSetting, '')
      this.#isFull = false
      this.#triesSinceRoom = 0
      logger.info('the disk has room again')
      onChange()
      if (this.#hasMissedKey) onMissedKey()
      this.#hasMissedKey = false
    } catch (error) {
      logger.debug('the disk is still full', { error: String(error) })
    }
  }
}
