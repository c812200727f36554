import { readdir } from 'node:fs/promises'
import type { GroupPlace } from '../../build/cluster/group.ts'
import { command, isAlive } from '../torture/system.ts'

const folder = '/run/netns'
const namePattern = /^quintet-e2e-(\d+)$/
const nameOf = (owner: number): string => `quintet-e2e-${owner}`
const cableOf = (owner: number): string => `qe${owner}`
const here = '10.213.8.1'
const there = '10.213.8.2'
const lengthOfPrefix = 24

/**
 * A network of its own at the other end of a cable (a namespace and a veth pair): what runs there is reached from here, and does not
 * itself reach what listens on this machine's loopback. Needs root on Linux.
 */
export class OtherNetwork implements GroupPlace {
  readonly listen = [`/ip4/${there}/tcp/0`]
  readonly place = { command: ['nsenter', `--net=${folder}/${nameOf(process.pid)}`, '--'], environment: {} }

  /** Null, and nothing is left behind, where this machine does not allow it. */
  static async create(): Promise<OtherNetwork | null> {
    await removeLeftOvers()
    const [name, cable] = [nameOf(process.pid), cableOf(process.pid)]
    const inside = (...args: readonly string[]): Promise<string> => command('ip', ['-n', name, ...args])
    try {
      await command('ip', ['netns', 'add', name])
      await command('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
      await inside('link', 'set', 'lo', 'up')
      await inside('address', 'add', `${there}/${lengthOfPrefix}`, 'dev', 'eth0')
      await inside('link', 'set', 'eth0', 'up')
      await command('ip', ['address', 'add', `${here}/${lengthOfPrefix}`, 'dev', cable])
      await command('ip', ['link', 'set', cable, 'up'])
      return new OtherNetwork()
    } catch {
      await remove(process.pid)
      return null
    }
  }

  /** Pulls the cable: this machine loses an address. */
  async unplug(): Promise<void> {
    await command('ip', ['link', 'set', cableOf(process.pid), 'down'])
  }

  async plugIn(): Promise<void> {
    await command('ip', ['link', 'set', cableOf(process.pid), 'up'])
  }

  /** No way leads there any more, and this machine's addresses do not show it. */
  async block(): Promise<void> {
    await command('ip', ['route', 'add', 'unreachable', there])
  }

  async unblock(): Promise<void> {
    await command('ip', ['route', 'del', 'unreachable', there])
  }

  async end(): Promise<void> {
    await remove(process.pid)
  }
}

/** With the processes that still run there. */
const remove = async (owner: number): Promise<void> => {
  const ids = await command('ip', ['netns', 'pids', nameOf(owner)]).catch(() => '')
  for (const id of ids.split('\n').map(Number)) if (id > 0) process.kill(id, 'SIGKILL')
  await command('ip', ['route', 'del', 'unreachable', there]).catch(() => undefined)
  // With one end of a cable the other one goes.
  await command('ip', ['link', 'delete', cableOf(owner)]).catch(() => undefined)
  await command('ip', ['netns', 'delete', nameOf(owner)]).catch(() => undefined)
}

/** Of runs that were killed. */
const removeLeftOvers = async (): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  const owners = names.map((name) => Number(namePattern.exec(name)?.[1] ?? 0))
  for (const owner of owners) if (owner > 0 && owner !== process.pid && !isAlive(owner)) await remove(owner)
}
