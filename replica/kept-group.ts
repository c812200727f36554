import type { ServerId } from './core/model/ids.ts'
import { loadClientInstall } from './drivers/client-file.ts'
import { loadInstall } from './drivers/install-file.ts'

/** What a data directory says of its group without opening it. */
export interface KeptGroup {
  readonly groupName: string
  readonly machine: string
  /** The seat of the replica that is kept there; null when only a client is. */
  readonly server: ServerId | null
}

/** Null when the directory belongs to no group yet. NEWER_FORMAT, DAMAGED, DIRECTORY_NOT_USABLE. */
export const keptGroup = async (directory: string): Promise<KeptGroup | null> => {
  const install = await loadInstall(directory)
  if (install !== null) return { groupName: install.groupName, machine: install.machine, server: install.server }
  const client = await loadClientInstall(directory)
  return client === null ? null : { groupName: client.groupName, machine: client.machine, server: null }
}
