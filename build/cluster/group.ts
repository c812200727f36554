import path from 'node:path'
import type { ProcessPlace } from './json-process.ts'
import { type GroupStatus, MailProcess, RequestFailure } from './mail-process.ts'
import { type ReplicaOptions, ReplicaProcess } from './replica-process.ts'

export interface GroupOptions {
  /** Holds the data directories, one for each seat. */
  readonly directory: string
  readonly name: string
  /** Founds the group with the first of them. */
  readonly servers: readonly number[]
  readonly where?: GroupPlace | undefined
}

/** Where all of a group's replicas run, when that is not simply here, on loopback. */
export interface GroupPlace {
  readonly place: ProcessPlace
  /** Multiaddrs. */
  readonly listen: readonly string[]
}

const settledWithinMs = 60_000
const viewWithinMs = 30_000
const pollMs = 100

/** A group of replica processes, with a client of each data directory for what needs no log-in. */
export class ReplicaGroup {
  readonly directory: string
  readonly #where: GroupPlace | undefined
  readonly #replicas = new Map<number, ReplicaProcess>()
  readonly #operators = new Map<number, MailProcess>()
  readonly #people: MailProcess[] = []

  private constructor(directory: string, where?: GroupPlace) {
    this.directory = directory
    this.#where = where
  }

  /** All are ready and see each other when it is fulfilled. */
  static async create({ directory, name, servers, where }: GroupOptions): Promise<ReplicaGroup> {
    const group = new ReplicaGroup(directory, where)
    const [first, ...others] = servers
    if (first === undefined) throw new Error('a group needs a first server')
    try {
      const founder = new ReplicaProcess({ data: group.dataOf(first), create: name, server: first, ...where })
      group.#replicas.set(first, founder)
      await founder.ready()
      await Promise.all(others.map((server) => group.join(server, first)))
      await group.sees(servers, servers)
    } catch (error) {
      const logs = await group.logTails(20)
      await group.end()
      throw new Error(`the group could not be made\n${logs}`, { cause: error })
    }
    return group
  }

  /** A group whose data directories are there already; none of its replicas runs. */
  static async reopen({ directory, servers }: Pick<GroupOptions, 'directory' | 'servers'>): Promise<ReplicaGroup> {
    const group = new ReplicaGroup(directory)
    await group.restart(...servers)
    await group.sees(servers, servers)
    return group
  }

  dataOf(server: number): string {
    return path.join(this.directory, `server-${server}`)
  }

  replica(server: number): ReplicaProcess {
    const replica = this.#replicas.get(server)
    if (replica === undefined) throw new Error(`server ${server} was not started`)
    return replica
  }

  get servers(): readonly number[] {
    return [...this.#replicas.keys()].sort((left, right) => left - right)
  }

  /** The client of a server's data directory; it lives through restarts of the replica. */
  operator(server: number): MailProcess {
    const operator = this.#operators.get(server) ?? new MailProcess({ data: this.dataOf(server) })
    this.#operators.set(server, operator)
    return operator
  }

  /** Ends these clients; when one is needed again, it is a new one. */
  async endOperators(): Promise<void> {
    const operators = [...this.#operators.values()]
    this.#operators.clear()
    await Promise.all(operators.map((operator) => operator.close()))
  }

  /** Of this server itself: while it was away its operator went on at another one. UNREACHABLE. */
  async status(server: number): Promise<GroupStatus> {
    const operator = this.operator(server)
    const status = await operator.ask('status')
    if (status.serverId === server) return status
    await operator.ask('connect', { server })
    return operator.ask('status')
  }

  /** A new replica takes the seat `server` with an invite of `inviter`. */
  async join(server: number, inviter: number, data = this.dataOf(server)): Promise<ReplicaProcess> {
    const { invite } = await this.operator(inviter).ask('invite')
    const replica = new ReplicaProcess({ data, join: invite, server, ...this.#where })
    this.#replicas.set(server, replica)
    await replica.ready()
    return replica
  }

  /** A client of its own, not logged in. */
  client(server: number): MailProcess {
    const client = new MailProcess({ data: this.dataOf(server) })
    this.#people.push(client)
    return client
  }

  /** A person who signed up at `server`. */
  async person(name: string, server: number): Promise<MailProcess> {
    const client = this.client(server)
    await client.ask('signUp', { name, password: passwordOf(name) })
    return client
  }

  async kill(...servers: readonly number[]): Promise<void> {
    await Promise.all(servers.map((server) => this.replica(server).kill()))
  }

  /** On the same data directory. */
  async restart(...servers: readonly number[]): Promise<void> {
    await Promise.all(servers.map((server) => this.#start(server, {})))
  }

  /** As `restart`, each with its copy set aside, whether it reaches anybody or not. */
  async reset(...servers: readonly number[]): Promise<void> {
    await Promise.all(servers.map((server) => this.#start(server, { more: ['--reset', '--yes', '--even-alone'] })))
  }

  /** As `restart`, by another version of this program: the checkout at `program`. */
  async restartAs(server: number, program: string): Promise<void> {
    await this.#start(server, { program })
  }

  /** From here on each server of one part sees the servers of its own part only, in fact and not just on order. */
  async partition(...parts: readonly (readonly number[])[]): Promise<void> {
    const all = parts.flat()
    const pauses = parts.flatMap((part) =>
      part.map(async (server) => {
        const apart = all.filter((other) => !part.includes(other))
        await this.operator(server).ask('resume', { servers: part.filter((other) => other !== server) })
        await this.operator(server).ask('pause', { servers: apart })
      }),
    )
    await Promise.all(pauses)
    await Promise.all(parts.map((part) => this.sees(part, part)))
  }

  /** Ends all partitions, without waiting for what it brings about. */
  async heal(servers: readonly number[] = this.servers): Promise<void> {
    await Promise.all(
      servers.map((server) =>
        this.operator(server).ask('resume', { servers: this.servers.filter((other) => other !== server) }),
      ),
    )
  }

  /** Each of `servers` has `seen` as its view. */
  async sees(servers: readonly number[], seen: readonly number[]): Promise<void> {
    const expected = [...seen].sort((left, right) => left - right).join()
    await this.#poll(servers, viewWithinMs, `servers ${servers.join()} see ${expected}`, (statuses) =>
      statuses.every(({ view }) => view.servers.join() === expected),
    )
  }

  /** Fulfilled with the statuses when all of `servers` hold the same updates and the same state. */
  settled(servers: readonly number[] = this.servers, withinMs = settledWithinMs): Promise<readonly GroupStatus[]> {
    return this.#poll(servers, withinMs, `servers ${servers.join()} agree`, (statuses) => {
      const states = new Set(statuses.map((status) => `${status.digest} ${vectorText(status.vector)}`))
      return states.size === 1
    })
  }

  /** Fulfilled with the statuses of `servers` when they are as expected. */
  until(
    servers: readonly number[],
    what: string,
    isMet: (statuses: readonly GroupStatus[]) => boolean,
  ): Promise<readonly GroupStatus[]> {
    return this.#poll(servers, settledWithinMs, what, isMet)
  }

  /** The end of each replica's log. */
  async logTails(lines: number): Promise<string> {
    const tails = [...this.#replicas].map(async ([server, replica]) => {
      const { stderr } = replica.process
      return `--- server ${server}: ${replica.data}\n${stderr}${await replica.logTail(lines)}`
    })
    return (await Promise.all(tails)).join('\n')
  }

  /** Stops the replicas as their users would, then ends all else. */
  async stop(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((replica) => replica.stop()))
    await this.end()
  }

  /** Kills all processes. The directory stays. */
  async end(): Promise<void> {
    const processes = [
      ...[...this.#operators.values(), ...this.#people].map((client) => client.process),
      ...[...this.#replicas.values()].map((replica) => replica.process),
    ]
    for (const one of processes) one.signal('SIGKILL')
    await Promise.all(processes.map(({ exited }) => exited))
  }

  async #start(server: number, by: Pick<ReplicaOptions, 'program' | 'more'>): Promise<void> {
    const replica = new ReplicaProcess({ data: this.dataOf(server), ...this.#where, ...by })
    this.#replicas.set(server, replica)
    await replica.ready()
  }

  /** Null while one of them cannot be asked; fails with that after the deadline. */
  async #statusesOf(servers: readonly number[], deadline: number): Promise<readonly GroupStatus[] | null> {
    try {
      return await Promise.all(servers.map((server) => this.status(server)))
    } catch (error) {
      const isAway = error instanceof RequestFailure && error.code === 'UNREACHABLE'
      if (!isAway || Date.now() > deadline) throw error
      return null
    }
  }

  async #poll(
    servers: readonly number[],
    withinMs: number,
    what: string,
    isMet: (statuses: readonly GroupStatus[]) => boolean,
  ): Promise<readonly GroupStatus[]> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const statuses = await this.#statusesOf(servers, deadline)
      if (statuses !== null && isMet(statuses)) return statuses
      if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}\n${describe(statuses ?? [])}`)
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
}

/** Everybody's password here, so that a person can log in anywhere. */
export const passwordOf = (name: string): string => `password of ${name}`

/** Equal for equal vectors. */
export const vectorText = (vector: GroupStatus['vector']): string =>
  Object.entries(vector)
    .filter(([, held]) => held > 0)
    .map(([origin, held]) => `${origin}:${held}`)
    .sort()
    .join(' ')

const describe = (statuses: readonly GroupStatus[]): string =>
  statuses
    .map(
      ({ serverId, view, digest, vector, mails, paused, warnings }) =>
        `${serverId}: view ${view.servers.join()} digest ${digest.slice(0, 12)} mails ${mails} ` +
        `vector ${vectorText(vector)} paused ${paused.join()} ${warnings.join(' ')}`,
    )
    .join('\n')
