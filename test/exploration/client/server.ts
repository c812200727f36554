import { serveReplica } from '../../../replica/api/serve-replica.ts'
import { ReplicaService } from '../../../replica/api/replica-service.ts'
import { QuintetError } from '../../../replica/core/model/errors.ts'
import type { ServerId } from '../../../replica/core/model/ids.ts'
import type { Identity } from '../../../replica/core/membership.ts'
import type { FrameStream, LoggerPort, Storage } from '../../../replica/host/ports.ts'
import { ReplicaHost } from '../../../replica/host/replica-host.ts'
import { groupId, type Install, wire } from './group.ts'
import { type DiskCopy, SimDisk } from '../../simulation/sim-disk.ts'
import type { Random } from '../../simulation/random.ts'
import type { Lan } from './lan.ts'
import { ProcessClock, type VirtualTime } from './virtual-time.ts'

const ignore = (): void => undefined
const noLogger: LoggerPort = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const leastTickMs = 150
const takesBackMs = 1_500
const groupKey = new Uint8Array(32)

/** An old copy takes its own log back batch by batch: where that has been discarded, the program begins anew, which is not played here. */
const keepsAll: Storage['compact'] = () => Promise.resolve({ segmentsRewritten: 0, segmentsDeleted: 0, bytesFreed: 0 })

/** Told before something is written; what it gives may keep that from being written, or from being known to be. */
export type BeforeWrite = () => 'goes on' | 'lost' | 'kept'

interface Life {
  readonly clock: ProcessClock
  readonly host: ReplicaHost
  readonly service: ReplicaService
  readonly cuts: Set<() => void>
}

/** Replicas look about themselves often when nothing happens, which takes most of a run's time. */
class SlowTicks extends ProcessClock {
  override every(intervalMs: number, task: () => void): () => void {
    return super.every(Math.max(intervalMs, leastTickMs), task)
  }
}

/** The machine of one seat, with its disk, and a replica on it while it is up. */
export class ServerMachine {
  readonly disk: SimDisk
  readonly install: Install
  identity: Identity
  readonly #time: VirtualTime
  readonly #lan: Lan
  readonly #random: Random
  readonly #beforeWrite: (server: ServerMachine) => BeforeWrite
  #life: Life | null = null
  /** A start that is overtaken by a crash ends nowhere. */
  #starts = 0
  #isRestored = false
  #servesFromMs = 0

  constructor(install: Install, parts: ServerParts) {
    const { origin, server, peer } = install
    this.install = install
    this.identity = { origin, server, peer, admission: null, vouchers: [] }
    this.disk = new SimDisk(() => parts.random.next())
    this.#time = parts.time
    this.#lan = parts.lan
    this.#random = parts.random
    this.#beforeWrite = parts.beforeWrite
  }

  get server(): ServerId {
    return this.install.server
  }

  get isUp(): boolean {
    return this.#life !== null
  }

  get host(): ReplicaHost {
    if (this.#life === null) throw new Error(`server ${this.server} is down`)
    return this.#life.host
  }

  async start(): Promise<void> {
    this.#starts += 1
    const started = this.#starts
    const clock = new SlowTicks(this.#time)
    const host = await ReplicaHost.recover({
      identity: this.identity,
      makeBatch: this.install.make,
      wire,
      storage: this.#watched(this.disk.open()),
      transport: this.#lan.transport(this.install.peer),
      clock,
      logger: noLogger,
      groupKey: { key: Buffer.from(groupKey).toString('base64url'), madeAt: 0, isHeldBack: false },
      keepKey: () => Promise.resolve(),
      invitedBy: new Map(),
    })
    await host.start({ onClient: ignore, onFatal: ignore })
    const service = new ReplicaService({
      install: this.#installOf(),
      host,
      history: { list: () => [] },
      takeSeat: () => Promise.reject(new QuintetError('BAD_REQUEST', 'Nobody takes seats here.')),
      groupKey: () => groupKey,
      clock,
      logger: noLogger,
      randomBytes: (count) => this.#random.bytes(count),
    })
    if (started !== this.#starts) return
    this.#life = { clock, host, service, cuts: new Set() }
    if (this.#isRestored) this.#servesFromMs = this.#time.nowMs + takesBackMs
    this.#isRestored = false
    await host.connect()
  }

  /** The process is gone; its disk is as it was. */
  crash(): void {
    this.#starts += 1
    const life = this.#life
    if (life === null) return
    this.#life = null
    life.clock.end()
    this.disk.crash('nothing')
    this.#lan.leave(this.install.peer)
    for (const cut of life.cuts) cut()
  }

  /**
   * Its disk is as it was when the copy was made. Clients come in a little later than others: what is written to an old copy before it hears
   * of its own log is a fork, after which the program begins anew, which is not played here.
   */
  restore(copy: DiskCopy): void {
    this.crash()
    this.#isRestored = true
    this.disk.restore(copy)
  }

  /** Serves a client. `cut` ends the stream when the machine crashes. UNREACHABLE when it is down. */
  serve(stream: FrameStream, cut: () => void): void {
    const life = this.#life
    if (life === null || this.#time.nowMs < this.#servesFromMs)
      throw new QuintetError('UNREACHABLE', 'The server is down.')
    life.cuts.add(cut)
    const open = (): ReturnType<ReplicaService['connect']> => life.service.connect()
    void serveReplica({ stream, open, isAdminToken: () => false, requires: 'person' }).then(() => {
      life.cuts.delete(cut)
    })
  }

  #watched(storage: Storage): Storage {
    const before = this.#beforeWrite(this)
    const append: Storage['append'] = async (batches) => {
      const fate = before()
      if (fate === 'lost') return new Promise(() => undefined)
      await storage.append(batches)
      return fate === 'kept' ? new Promise(() => undefined) : undefined
    }
    return new Proxy(storage, {
      get: (target, name) => {
        if (name === 'append') return append
        if (name === 'compact') return keepsAll
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  #installOf() {
    const { origin, server, peer, publicKey } = this.install
    return {
      ...{ groupId, groupKey, keyMadeAt: 0, isKeyHeldBack: false, formerKeys: [], groupName: 'the group' },
      ...{ server, origin, peer, publicKey, privateKey: new Uint8Array(32) },
      ...{ machine: `machine ${server}`, isRetired: false, admission: null, vouchers: [], inviteAddresses: [] },
    }
  }
}

export interface ServerParts {
  readonly time: VirtualTime
  readonly lan: Lan
  readonly random: Random
  readonly beforeWrite: (server: ServerMachine) => BeforeWrite
}
