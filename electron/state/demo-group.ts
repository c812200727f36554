import { readFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
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

  /** Who is signed in at the window from the beginning. */
  async person(): Promise<{ readonly name: string; readonly password: string }> {
    const text = await readFile(path.join(this.#folder, 'demo.json'), 'utf8')
    return v.parse(v.object({ name: v.string(), password: v.string() }), JSON.parse(text))
  }

  async set(wanted: 'whole' | 'split'): Promise<void> {
    const { connectClient } = await import('./replica-modules.ts')
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
