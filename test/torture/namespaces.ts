import { readdir } from 'node:fs/promises'
import type { ProcessPlace } from '../../build/cluster/json-process.ts'
import { delayMs, type LinkFault, lostShare, type TortureNetwork } from './network.ts'
import { command, hasCommand, isAlive } from './system.ts'

const folder = '/run/netns'
const prefix = 'quintet'
const namePattern = /^quintet(\d+)-\d+$/
const port = 4001
const addressOf = (server: number): string => `10.213.7.${server}`
const wholePercent = 100

interface Wrongs {
  readonly deafTo: Set<number>
  loss: 'none' | 'some'
}

/**
 * Each machine is a network namespace of its own, with a cable (a veth pair) to a switch (a bridge): real interfaces, real TCP.
 * What is dropped is dropped in the machine's own namespace by nftables, so that removing the namespace removes all of it.
 */
export class NamespaceNetwork implements TortureNetwork {
  readonly faults: ReadonlySet<LinkFault>
  readonly #servers: readonly number[]
  readonly #wrongs = new Map<number, Wrongs>()

  private constructor(servers: readonly number[], faults: ReadonlySet<LinkFault>) {
    this.#servers = servers
    this.faults = faults
  }

  /** Rejects, and leaves nothing behind, where the machine does not allow it. */
  static async create(servers: readonly number[]): Promise<NamespaceNetwork> {
    await removeLeftOvers()
    try {
      await command('ip', ['link', 'add', bridge, 'type', 'bridge'])
      await command('ip', ['link', 'set', bridge, 'up'])
      for (const server of servers) await addHost(server)
      const faults = new Set<LinkFault>(['cut'])
      const [first = 1] = servers
      if (hasCommand('nft') && (await works(() => setRules(first, new Set(), 'some')))) {
        for (const fault of ['deaf', 'halfOpen', 'loss'] as const) faults.add(fault)
        await setRules(first, new Set(), 'none')
      }
      if (hasCommand('tc') && (await works(() => setDelay(first)))) {
        faults.add('delay')
        await endDelay(first)
      }
      return new NamespaceNetwork(servers, faults)
    } catch (error) {
      await removeAll(process.pid)
      throw error
    }
  }

  get description(): string {
    const missing = [
      ...(this.faults.has('loss') ? [] : ['no nftables: no one-way drops, no loss, no half-open connections']),
      ...(this.faults.has('delay') ? [] : ['the kernel has no netem: no delay']),
    ]
    const limits = missing.length === 0 ? 'all faults are there' : missing.join('; ')
    return `network: a namespace with a cable to a switch for each machine (${limits})`
  }

  placeOf(server: number): ProcessPlace {
    return { command: ['nsenter', `--net=${folder}/${nameOf(server)}`, '--'], environment: {} }
  }

  listenOf(_server: number): string {
    return `/ip4/0.0.0.0/tcp/${port}`
  }

  async cut(server: number): Promise<void> {
    await command('ip', ['link', 'set', cableOf(server), 'down'])
  }

  async deafen(server: number, from: readonly number[]): Promise<void> {
    const wrongs = this.#wrongsOf(server)
    for (const other of from) wrongs.deafTo.add(other)
    await setRules(server, wrongs.deafTo, wrongs.loss)
  }

  async lose(server: number): Promise<void> {
    const wrongs = this.#wrongsOf(server)
    wrongs.loss = 'some'
    await setRules(server, wrongs.deafTo, wrongs.loss)
  }

  async delay(server: number): Promise<void> {
    await setDelay(server)
  }

  async mend(server: number): Promise<void> {
    await command('ip', ['link', 'set', cableOf(server), 'up'])
    const wrongs = this.#wrongsOf(server)
    wrongs.deafTo.clear()
    wrongs.loss = 'none'
    if (this.faults.has('loss')) await setRules(server, wrongs.deafTo, wrongs.loss)
    if (this.faults.has('delay')) await endDelay(server)
  }

  /** The namespace outlives its processes. */
  async started(_server: number): Promise<void> {
    await Promise.resolve()
  }

  async end(): Promise<void> {
    await removeAll(process.pid, this.#servers)
  }

  #wrongsOf(server: number): Wrongs {
    const wrongs = this.#wrongs.get(server) ?? { deafTo: new Set<number>(), loss: 'none' as const }
    this.#wrongs.set(server, wrongs)
    return wrongs
  }
}

const nameOf = (server: number, owner = process.pid): string => `${prefix}${owner}-${server}`
const cableOf = (server: number): string => `qt${process.pid}v${server}`
const bridge = `qt${process.pid}br`

const inside = (server: number, name: string, args: readonly string[], input = ''): Promise<string> =>
  command('nsenter', [`--net=${folder}/${nameOf(server)}`, '--', name, ...args], input)

const addHost = async (server: number): Promise<void> => {
  const cable = cableOf(server)
  await command('ip', ['netns', 'add', nameOf(server)])
  await command('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nameOf(server)])
  await command('ip', ['link', 'set', cable, 'master', bridge, 'up'])
  await inside(server, 'ip', ['link', 'set', 'lo', 'up'])
  await inside(server, 'ip', ['address', 'add', `${addressOf(server)}/24`, 'dev', 'eth0'])
  await inside(server, 'ip', ['link', 'set', 'eth0', 'up'])
}

/** Replaces all rules of a namespace in one go. */
const setRules = async (server: number, deafTo: ReadonlySet<number>, loss: Wrongs['loss']): Promise<void> => {
  const drops = [...deafTo].map((other) => `ip saddr ${addressOf(other)} drop`)
  // What a machine says to itself is never lost.
  const least = Math.round(lostShare * wholePercent)
  if (loss === 'some') drops.push(`iifname "eth0" numgen random mod ${wholePercent} < ${least} drop`)
  const rules = [
    'table inet torture',
    'delete table inet torture',
    'table inet torture {',
    'chain incoming {',
    'type filter hook input priority 0; policy accept;',
    ...drops,
    '}',
    '}',
  ]
  await inside(server, 'nft', ['-f', '-'], `${rules.join('\n')}\n`)
}

const setDelay = async (server: number): Promise<void> => {
  await inside(server, 'tc', ['qdisc', 'replace', 'dev', 'eth0', 'root', 'netem', 'delay', `${delayMs}ms`])
}

const endDelay = async (server: number): Promise<void> => {
  await inside(server, 'tc', ['qdisc', 'del', 'dev', 'eth0', 'root']).catch(() => undefined)
}

const works = (attempt: () => Promise<unknown>): Promise<boolean> =>
  attempt().then(
    () => true,
    () => false,
  )

/** Of runs that were killed. */
const removeLeftOvers = async (): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  const owners = new Set(names.map((name) => Number(namePattern.exec(name)?.[1] ?? 0)))
  for (const owner of owners) if (owner > 0 && owner !== process.pid && !isAlive(owner)) await removeAll(owner)
}

/** With the processes that still run there. */
const removeAll = async (owner: number, servers: readonly number[] = [1, 2, 3, 4, 5]): Promise<void> => {
  for (const server of servers) {
    const name = nameOf(server, owner)
    const ids = await command('ip', ['netns', 'pids', name]).catch(() => '')
    for (const id of ids.split('\n').map(Number)) if (id > 0) process.kill(id, 'SIGKILL')
    await command('ip', ['netns', 'delete', name]).catch(() => undefined)
  }
  await command('ip', ['link', 'delete', `qt${owner}br`]).catch(() => undefined)
}
