import type { CoreEvent } from '../core/effects.ts'
import { type ErrorCode, QuintetError } from '../core/model/errors.ts'
import { isServerId, type ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { LoggerPort, Storage } from './ports.ts'

const pausedSetting = 'paused'
const syncIntervalSetting = 'sync-interval'
const withoutIt: ReadonlySet<ErrorCode> = new Set(['DAMAGED', 'DISK_FAILED'])

/**
 * A setting that a replica can do without: one that is damaged, or that the disk fails to read, is none, because nobody could mend it in a
 * replica that does not start.
 */
export const readKept = async (
  storage: Pick<Storage, 'readSetting'>,
  logger: LoggerPort,
  name: string,
): Promise<unknown> => {
  try {
    return await storage.readSetting(name)
  } catch (error) {
    if (!(error instanceof QuintetError) || !withoutIt.has(error.code)) throw error
    logger.warn('a setting cannot be read and counts as none', { name, reason: error.message })
    return undefined
  }
}

/** What people set and is to stay in force over restarts. It is stored before it is in force, so that a full disk refuses it wholly. */
export class KeptSettings {
  readonly #storage: Storage
  readonly #logger: LoggerPort
  #paused: readonly ServerId[] = []
  #changing: Promise<void> = Promise.resolve()

  constructor({ storage, logger }: { readonly storage: Storage; readonly logger: LoggerPort }) {
    this.#storage = storage
    this.#logger = logger
  }

  /** What the core is to be told of it. */
  async load(): Promise<readonly CoreEvent[]> {
    const events: CoreEvent[] = []
    const paused = await readKept(this.#storage, this.#logger, pausedSetting)
    if (Array.isArray(paused)) this.#paused = paused.filter(isServerId)
    if (this.#paused.length > 0) events.push({ kind: 'pause', servers: this.#paused })
    const intervalMs = await readKept(this.#storage, this.#logger, syncIntervalSetting)
    if (isSyncInterval(intervalMs)) events.push({ kind: 'syncInterval', intervalMs })
    return events
  }

  pause(servers: readonly ServerId[]): Promise<void> {
    return this.#changePaused((paused) => [...new Set([...paused, ...servers])])
  }

  resume(servers: readonly ServerId[]): Promise<void> {
    return this.#changePaused((paused) => paused.filter((server) => !servers.includes(server)))
  }

  keepSyncInterval(intervalMs: number): Promise<void> {
    return this.#storage.writeSetting(syncIntervalSetting, intervalMs)
  }

  /** One after the other, each of what the one before has left. */
  #changePaused(change: (paused: readonly ServerId[]) => readonly ServerId[]): Promise<void> {
    const changed = this.#changing.then(async () => {
      const paused = change(this.#paused)
      await this.#storage.writeSetting(pausedSetting, paused)
      this.#paused = paused
    })
    this.#changing = changed.catch(() => undefined)
    return changed
  }
}

/** BAD_REQUEST. */
export const requireSyncInterval = (intervalMs: number): void => {
  if (isSyncInterval(intervalMs)) return
  throw new QuintetError(
    'BAD_REQUEST',
    `A sync interval is from ${limits.syncIntervalLeastMs} to ${limits.syncIntervalMostMs} ms.`,
  )
}

const isSyncInterval = (value: unknown): value is number =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  value >= limits.syncIntervalLeastMs &&
  value <= limits.syncIntervalMostMs
