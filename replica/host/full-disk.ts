import type { Failure } from '../core/model/errors.ts'
import type { Storage } from './ports.ts'

/** On a full disk one writing is tried again this often. */
export const fullDiskRetryMs = 1_000

/** Written and removed again to see whether the disk has room. */
const probeBytes = 262_144
const probeSetting = 'room-probe'

/** What writers are told until there is room. */
export const diskFullFailure: Failure = {
  code: 'DISK_FULL',
  message:
    'The disk of this machine is full: mail can be read but not sent from here until there is room. Nothing is lost.',
}

/** Fails as `writeSetting` does while there is no room. */
export const probeDisk = async (storage: Storage): Promise<void> => {
  await storage.writeSetting(probeSetting, 'x'.repeat(probeBytes))
  await storage.writeSetting(probeSetting, '')
}
