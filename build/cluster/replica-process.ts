import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Exit, isJson, type Json, JsonProcess, type ProcessPlace } from './json-process.ts'

export interface ReplicaOptions {
  readonly data: string
  readonly create?: string
  readonly join?: string
  readonly server?: number
  /** Multiaddrs; by default a free port of 127.0.0.1. */
  readonly listen?: readonly string[]
  readonly uid?: number
  /** Root of the checkout that is run; by default this one. */
  readonly program?: string
  readonly place?: ProcessPlace | undefined
  readonly more?: readonly string[]
}

export interface Ready {
  readonly serverId: number
  readonly origin: string
  readonly peerId: string
  readonly listen: readonly string[]
  readonly data: string
}

export interface View {
  readonly number: number
  readonly servers: readonly number[]
}

const readyWithinMs = 60_000
const stopWithinMs = 30_000
const anyPort = '/ip4/127.0.0.1/tcp/0'

/** A replica as a process: `replica/main.ts --json`, on loopback only. */
export class ReplicaProcess {
  readonly data: string
  readonly process: JsonProcess

  /** Starts it without waiting: `ready` tells when it serves, `exited` when it does not. */
  constructor({ data, create, join, server, listen = [anyPort], uid, program, place, more = [] }: ReplicaOptions) {
    this.data = data
    const args = ['--data', data, '--json', '--no-mdns', ...listen.flatMap((address) => ['--listen', address])]
    if (create !== undefined) args.push('--create', create)
    if (join !== undefined) args.push('--join', join)
    if (server !== undefined) args.push('--server-id', String(server))
    args.push(...more)
    const by = { ...(uid === undefined ? {} : { uid }), ...(program === undefined ? {} : { program }) }
    this.process = new JsonProcess({ script: 'replica/main.ts', args, place, ...by })
  }

  /** Its first line. */
  ready(): Promise<Ready> {
    const find = (): Ready | null => this.process.lines.map(readyOf).find((line) => line !== null) ?? null
    return this.process.until(find, readyWithinMs, 'ready')
  }

  get views(): readonly View[] {
    return this.process.lines.map(viewOf).filter((view) => view !== null)
  }

  /** As a power cut. */
  async kill(): Promise<Exit> {
    this.process.signal('SIGKILL')
    return this.process.exited
  }

  /** Flushes and ends; one that does not end in time is killed, which its exit shows. */
  async stop(): Promise<Exit> {
    this.process.signal('SIGTERM')
    const timer = setTimeout(() => {
      this.process.signal('SIGKILL')
    }, stopWithinMs)
    try {
      return await this.process.exited
    } finally {
      clearTimeout(timer)
    }
  }

  /** The last lines of its log, for whoever looks for the reason of a failure. */
  async logTail(lines: number): Promise<string> {
    const text = await readFile(path.join(this.data, 'replica.log'), 'utf8').catch(() => '')
    return text.trimEnd().split('\n').slice(-lines).join('\n')
  }
}

const readyOf = (line: Json): Ready | null => {
  const { event, serverId, origin, peerId, listen, data } = line
  if (event !== 'ready' || typeof serverId !== 'number' || !Array.isArray(listen)) return null
  if (typeof origin !== 'string' || typeof peerId !== 'string' || typeof data !== 'string') return null
  return { serverId, origin, peerId, listen: listen.map(String), data }
}

const viewOf = (line: Json): View | null => {
  const { event, number, servers } = line
  if (event !== 'view' || !isJson(line) || typeof number !== 'number' || !Array.isArray(servers)) return null
  return { number, servers: servers.map(Number) }
}
