import type { CoreEvent } from '../core/effects.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isServerId, type ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Storage } from './ports.ts'

const pausedSetting = 'paused'
const syncIntervalSetting = 'sync-interval'

/** What people set earlier and is to stay in force over restarts. */
export const keptSettings = async (storage: Storage): Promise<readonly CoreEvent[]> => {
  const events: CoreEvent[] = []
  const paused = await storage.readSetting(pausedSetting)
  if (Array.isArray(paused)) events.push({ kind: 'pause', servers: paused.filter(isServerId) })
  const intervalMs = await storage.readSetting(syncIntervalSetting)
  if (isSyncInterval(intervalMs)) events.push({ kind: 'syncInterval', intervalMs })
  return events
}

export const keepPaused = (storage: Storage, servers: readonly ServerId[]): Promise<void> =>
  storage.writeSetting(pausedSetting, servers)

export const keepSyncInterval = (storage: Storage, intervalMs: number): Promise<void> =>
  storage.writeSetting(syncIntervalSetting, intervalMs)

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
