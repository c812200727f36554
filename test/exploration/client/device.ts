import type { ClientEvent } from '../../../replica/client/contract/events.ts'
import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import type { ClientStore, StoreFolder } from '../../../replica/client/client-ports.ts'
import type { SearchStart } from '../../../replica/client/search/search-desk.ts'
import { createMailClient } from '../../../replica/client/mail-client.ts'
import type { ReplicaApi } from '../../../replica/api/contract.ts'
import { connectReplica } from '../../../replica/api/remote-replica.ts'
import { QuintetError } from '../../../replica/core/model/errors.ts'
import type { ServerId } from '../../../replica/core/model/ids.ts'
import { cheapPassword } from '../../support/mail-clients.ts'
import type { Random } from '../../simulation/random.ts'
import { Line, type Fate, type Way } from './line.ts'
import type { ServerMachine } from './server.ts'
import { ProcessClock, type VirtualTime } from './virtual-time.ts'

const dialMs = 8
const dialTimeoutMs = 2_500

/** What may go wrong with what a device does. */
export interface DeviceWatch {
  frame(device: Device, line: Line, server: ServerMachine, way: Way): Fate
  timer(device: Device): void
  storeWrite(device: Device): 'goes on' | 'fails'
}

export interface DeviceParts {
  readonly time: VirtualTime
  readonly servers: readonly ServerMachine[]
  readonly random: Random
  readonly watch: DeviceWatch
}

interface Process {
  readonly clock: ProcessClock
  readonly lines: Map<Line, ServerMachine>
}

/** A machine with a client of one person: what is on its disk outlasts the client's process. */
export class Device {
  readonly machine: string
  readonly home: ServerId
  aheadMs = 0
  searchStart: SearchStart = 'atFirstSearch'
  /** Whether its server runs on it, or it has none of its own. */
  serves: 'itself' | 'nobody' = 'itself'
  /** What keeps its person logged in over restarts. */
  kept: Uint8Array | null = null
  client: MailClient | null = null
  readonly #parts: DeviceParts
  readonly #files = new Map<string, Map<string, Uint8Array>>()
  readonly #hungUntilMs = new Map<ServerId, number>()
  #process: Process | null = null

  constructor(machine: string, home: ServerId, parts: DeviceParts) {
    this.machine = machine
    this.home = home
    this.#parts = parts
  }

  /** Whether somebody is logged in at its client. */
  get session(): 'in' | 'out' {
    return (this.client?.loggedInAs ?? null) === null ? 'out' : 'in'
  }

  /** The client's process begins. UNREACHABLE, TIMEOUT; null when it was killed meanwhile. */
  async start(listener: (event: ClientEvent) => void): Promise<MailClient | null> {
    const { time, servers, random, watch } = this.#parts
    const clock = new ProcessClock(
      time,
      () => this.aheadMs,
      () => watch.timer(this),
    )
    const process: Process = { clock, lines: new Map() }
    this.#process = process
    const client = await createMailClient({
      connect: (server) => this.#connect(process, server ?? this.home),
      machine: this.machine,
      servers: {
        home: this.serves === 'itself' ? this.home : 'none',
        list: () => Promise.resolve(servers.map(({ server }) => server)),
      },
      random: (length) => random.bytes(length),
      clock,
      store: this.#store(process),
      searchStart: this.searchStart,
      passwordCost: cheapPassword,
    })
    if (this.#process !== process) return null
    client.onEvent((event) => {
      if (this.#process === process) listener(event)
    })
    this.client = client
    return client
  }

  /** The process is gone, in the middle of whatever it did. */
  kill(): void {
    const process = this.#process
    this.#process = null
    this.client = null
    if (process === null) return
    process.clock.end()
    for (const line of process.lines.keys()) line.cut()
  }

  /** Its connections are lost, and can be made anew. */
  cut(): void {
    for (const line of this.#process?.lines.keys() ?? []) line.cut()
  }

  /** Nothing passes between it and this server for so long. */
  hang({ server }: ServerMachine, forMs: number): void {
    this.#hungUntilMs.set(server, this.#parts.time.nowMs + forMs)
    for (const [line, machine] of this.#process?.lines ?? []) if (machine.server === server) line.hang(forMs)
  }

  heal(): void {
    this.#hungUntilMs.clear()
  }

  #connect(process: Process, wanted: ServerId): Promise<ReplicaApi> {
    const { time } = this.#parts
    const isHung = (this.#hungUntilMs.get(wanted) ?? 0) > time.nowMs
    return new Promise((resolve, reject) => {
      process.clock.after(isHung ? dialTimeoutMs : dialMs, () => {
        try {
          if (isHung) throw new QuintetError('UNREACHABLE', `Server ${wanted} does not answer.`)
          resolve(this.#connectNow(process, wanted))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  }

  #connectNow(process: Process, wanted: ServerId): ReplicaApi {
    const { time, servers, watch } = this.#parts
    const server = servers.find((one) => one.server === wanted)
    if (server === undefined) throw new QuintetError('NO_SUCH_SERVER', 'There is no such server.')
    const line: Line = new Line(time, (way) => (process.clock.isAlive ? watch.frame(this, line, server, way) : 'lost'))
    server.serve(line.server, () => line.cut())
    process.lines.set(line, server)
    return connectReplica({ stream: line.client, adminToken: null, clock: process.clock })
  }

  #store(process: Process): ClientStore {
    const { watch } = this.#parts
    return {
      open: async (name) => {
        const files = this.#files.get(name) ?? new Map<string, Uint8Array>()
        this.#files.set(name, files)
        const folder: StoreFolder = {
          isWritable: true,
          names: async () => [...files.keys()],
          read: async (file) => files.get(file) ?? null,
          write: async (file, bytes) => {
            if (process !== this.#process) return new Promise(() => undefined)
            const fate = watch.storeWrite(this)
            if (process !== this.#process) return new Promise(() => undefined)
            if (fate === 'fails') throw new QuintetError('DISK_FAILED', 'It cannot be written.')
            files.set(file, bytes)
          },
          remove: async (file) => void files.delete(file),
          close: async () => undefined,
        }
        return folder
      },
    }
  }
}
