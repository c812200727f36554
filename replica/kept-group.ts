import type { ServerId } from './core/model/ids.ts'
import { loadInstall } from './drivers/install-file.ts'

/** What a data directory says of its group without opening it. */
export interface KeptGroup {
  readonly groupName: string
  readonly server: ServerId
  readonly machine: string
}

/** Null when the directory belongs to no group yet. NEWER_FORMAT, DAMAGED, DIRECTORY_NOT_USABLE. */
export const keptGroup = async (directory: string): Promise<KeptGroup | null> => {
  const install = await loadInstall(directory)
  if (install === null) return null
  const { groupName, server, machine } = install
  return { groupName, server, machine }
}
