import path from 'node:path'
import { connectClient } from '../../replica/connect-client.ts'
import { allServerIds, type ServerId, serverId } from '../../replica/core/model/ids.ts'
import type { AppInfo } from '../contract/app-host.ts'

const here: readonly ServerId[] = [serverId(1), serverId(2)]

/** The five data directories of `npm run demo`: cuts the group in two, and joins it again. */
export class DemoGroup {
  readonly #folder: string
  #state: Exclude<AppInfo['demo'], 'off'> = 'whole'

  constructor(folder: string) {
    this.#folder = folder
  }

  get state(): AppInfo['demo'] {
    return this.#state
  }

  async set(wanted: 'whole' | 'split'): Promise<void> {
    const there = allServerIds.filter((server) => !here.includes(server))
    await Promise.all(
      allServerIds.map(async (server) => {
        const client = await connectClient(path.join(this.#folder, `server-${server}`), null)
        try {
          const servers = here.includes(server) ? there : here
          await (wanted === 'split' ? client.pause({ servers }) : client.resume({ servers }))
        } finally {
          await client.close()
        }
      }),
    )
    this.#state = wanted
  }
}
