import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { ProcessPlace } from '../../build/cluster/json-process.ts'
import { type GroupStatus, MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import type { Clocks } from './clocks.ts'
import type { TortureNetwork } from './network.ts'
import type { SmallDisk } from './small-disk.ts'
import { withinMs } from './system.ts'

const statusWithinMs = 5_000

export interface MachineOptions {
  readonly server: number
  /** Holds its data directories. */
  readonly directory: string
  readonly disk: SmallDisk | null
  readonly clocks: Clocks
  readonly network: () => TortureNetwork
  /** Root of the checkout that the next process is run from; undefined for this one, as when it is left out. */
  readonly nextProgram?: () => string | undefined
  /** Its replica has ended, and nobody had ended it. */
  readonly onCrash: (sentence: string) => void
}

/** A seat's machine: its replica, its data directory, its place in the network, its clock and its disk. */
export class Machine {
  readonly server: number
  readonly disk: SmallDisk | null
  /** `frozen`: stopped by SIGSTOP. `down`: no replica runs. `busy`: a fault that takes several steps is under way. */
  state: 'down' | 'up' | 'frozen' | 'busy' = 'down'
  readonly #options: MachineOptions
  /** Which machine of this seat it is: grows with every replacement. */
  #install = 1
  #membership: 'none' | 'member' = 'none'
  #replica: ReplicaProcess | null = null
  #operator: MailProcess | null = null
  #place: ProcessPlace = { command: [], environment: {} }

  constructor(options: MachineOptions) {
    this.server = options.server
    this.disk = options.disk
    this.#options = options
  }

  get data(): string {
    const name = `server-${this.server}-${this.#install}`
    return path.join(this.disk?.directory ?? this.#options.directory, name)
  }

  get install(): number {
    return this.#install
  }

  /** `member`: there is a data directory of a replica that was let in. */
  get membership(): 'none' | 'member' {
    return this.#membership
  }

  /** Whether clients can be started here; they go on elsewhere while the replica does not run. */
  get isThere(): boolean {
    const isBeingReplaced = this.state === 'busy' && this.#replica === null
    return this.#membership === 'member' && !isBeingReplaced
  }

  /** Its replica, ready. Rejects when that ends first. */
  async start(first: { readonly create?: string; readonly join?: string } = {}): Promise<void> {
    const network = this.#options.network()
    const { command } = network.placeOf(this.server)
    this.#place = { command, environment: await this.#options.clocks.environmentOf(this.server) }
    const server = first.create === undefined && first.join === undefined ? {} : { server: this.server }
    const listen = [network.listenOf(this.server)]
    const program = this.#options.nextProgram?.()
    const by = program === undefined ? {} : { program }
    const replica = new ReplicaProcess({ data: this.data, listen, place: this.#place, ...first, ...server, ...by })
    this.#replica = replica
    void replica.process.exited.then(({ code, signal }) => {
      if (this.#replica !== replica) return
      this.#replica = null
      this.state = 'down'
      const end = signal ?? `exit code ${String(code)}`
      this.#options.onCrash(
        `the replica of server ${this.server} ended by itself: ${end}; ${replica.process.stderr.trim()}`,
      )
    })
    try {
      await replica.ready()
    } catch (error) {
      this.#replica = null
      throw error
    }
    this.#membership = 'member'
    this.state = 'up'
    await network.started(this.server)
  }

  async kill(): Promise<void> {
    const replica = this.#release()
    await replica?.kill()
  }

  /** As its user would; the code that it ended with. */
  async stop(): Promise<number | null> {
    const replica = this.#release()
    return replica === null ? 0 : (await replica.stop()).code
  }

  freeze(): void {
    this.#replica?.process.signal('SIGSTOP')
    this.state = 'frozen'
  }

  thaw(): void {
    this.#replica?.process.signal('SIGCONT')
    this.state = 'up'
  }

  /** Lives through restarts of the replica. */
  get operator(): MailProcess {
    const present = this.#operator
    if (present !== null && present.process.exit === null) return present
    const operator = this.client()
    this.#operator = operator
    return operator
  }

  /** A client of its own, on this machine. */
  client(): MailProcess {
    return new MailProcess({ data: this.data, place: this.#place, root: this.#options.nextProgram?.() })
  }

  /** Null when it cannot say. */
  async status(): Promise<GroupStatus | null> {
    if (this.#replica === null || this.state === 'frozen') return null
    const asked = this.operator.ask('status').catch(() => null)
    const status = await withinMs(asked, statusWithinMs)
    return status?.serverId === this.server ? status : null
  }

  /** Keeps a copy of the data directory, of a replica that does not run. Returns how to put it in its place, likewise. */
  async backUp(): Promise<() => Promise<void>> {
    const copy = path.join(this.#options.directory, `copy-${this.server}`)
    const { data } = this
    await rm(copy, { recursive: true, force: true })
    await cp(data, copy, { recursive: true })
    return async () => {
      await rm(data, { recursive: true })
      await cp(copy, data, { recursive: true })
    }
  }

  /** From here on a new machine, whose disk is empty. The old one's goes. */
  async replace(): Promise<void> {
    const { data } = this
    await this.#endOperator()
    this.#install += 1
    this.#membership = 'none'
    await rm(data, { recursive: true, force: true })
  }

  async #endOperator(): Promise<void> {
    const operator = this.#operator
    this.#operator = null
    operator?.process.signal('SIGKILL')
    await operator?.process.exited
  }

  async end(): Promise<void> {
    await Promise.all([this.kill(), this.#endOperator()])
  }

  async logTail(lines: number): Promise<string> {
    return (await this.#replica?.logTail(lines)) ?? ''
  }

  /** From now on its end is no crash. */
  #release(): ReplicaProcess | null {
    const replica = this.#replica
    this.#replica = null
    if (this.state !== 'busy') this.state = 'down'
    return replica
  }
}
