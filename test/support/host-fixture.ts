import { setImmediate } from 'node:timers/promises'
import type { Failure } from '../../replica/core/model/errors.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { PeerId } from '../../replica/core/model/ids.ts'
import type { KnowledgeRows, Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { HostOptions } from '../../replica/host/host-options.ts'
import type { ClockPort, Storage, Transport, TransportListener } from '../../replica/host/ports.ts'
import { ReplicaHost } from '../../replica/host/replica-host.ts'
import { originOf } from '../../replica/wire/keys.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { installs, wire } from '../property/arbitraries.ts'
import { helloOf, noonMs } from './core-fixture.ts'

/** The install on this seat, and its key. */
export const installOn = (seat: number) => {
  const install = installs[seat - 1]
  if (install === undefined) throw new Error('there is no such seat')
  const { origin, server, peer } = install
  const identity: Identity = { origin, server, peer, admission: null, vouchers: [] }
  return { identity, make: install.make }
}

/** The core of the install on this seat, which has founded the group; what it wrote; and what it was handed. */
export const founderOn = (seat: number, handedIn: readonly Batch[] = []) => {
  const { identity, make } = installOn(seat)
  const parts = { makeBatch: make, firstHash: wire.firstHash, originOf }
  const core = new ReplicaCore(identity, parts, { image: null, suffix: [], highest: new Map() })
  const command = { kind: 'found' as const, groupName: 'the group', server: identity.server, machine: 'a machine' }
  const { persist } = core.step(noonMs, [{ kind: 'command', ticket: 1, command }])
  core.step(noonMs, [{ kind: 'handedIn', batches: handedIn }])
  const rows: KnowledgeRows = new Map([[identity.origin, core.state.vector]])
  return { core, founding: persist, rows }
}

interface Timer {
  atMs: number
  readonly everyMs: number | null
  readonly task: () => void
}

/** A clock that stands still until it is told to go on. */
export class HandClock implements ClockPort {
  #nowMs = noonMs
  #timers: Timer[] = []

  nowMs(): number {
    return this.#nowMs
  }

  /** How many are set. */
  get timers(): number {
    return this.#timers.length
  }

  every(intervalMs: number, task: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + intervalMs, everyMs: intervalMs, task })
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + delayMs, everyMs: null, task })
  }

  /** After each timer whatever can go on does. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    for (;;) {
      await setImmediate()
      const next = this.#timers.toSorted((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined || next.atMs > endMs) break
      this.#nowMs = next.atMs
      if (next.everyMs === null) this.#timers = this.#timers.filter((timer) => timer !== next)
      else next.atMs += next.everyMs
      next.task()
    }
    this.#nowMs = endMs
  }

  #add(timer: Timer): () => void {
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
}

/** A replica of seat 1, or of another, on a network that the test is. */
export class HostScene {
  readonly clock = new HandClock()
  readonly fatal: Failure[] = []
  /** What was sent, as it came out at the other end. */
  readonly sent: Message[] = []
  readonly disconnected: PeerId[] = []
  /** To its network, since it was started and until it is stopped. */
  isConnected = false
  readonly #answer: (message: Message, scene: HostScene) => void
  #host: ReplicaHost | null = null
  #listener: TransportListener | null = null

  private constructor(answer: (message: Message, scene: HostScene) => void) {
    this.#answer = answer
  }

  static async start(
    storage: Storage,
    { seat = 1, answer = () => undefined, ...parts }: SceneOptions = {},
  ): Promise<HostScene> {
    const scene = new HostScene(answer)
    const { identity, make } = installOn(seat)
    scene.#host = await ReplicaHost.recover({
      identity,
      makeBatch: make,
      wire,
      storage,
      transport: scene.#transport(identity.peer),
      clock: scene.clock,
      logger: silentLogger,
      groupKey: { key: Buffer.alloc(32).toString('base64url'), madeAt: 0, isHeldBack: false },
      keepKey: () => Promise.resolve(),
      invitedBy: new Map(),
      ...parts,
    })
    await scene.host.start({ onClient: () => undefined, onFatal: (failure) => scene.fatal.push(failure) })
    await scene.host.connect()
    return scene
  }

  get host(): ReplicaHost {
    if (this.#host === null) throw new Error('it has not been started')
    return this.#host
  }

  /** The install of another seat connects, and tells what it holds. */
  greet(seat: number, rows: KnowledgeRows = new Map()): void {
    const { identity } = installOn(seat)
    this.#listener?.connected(identity.peer)
    this.hear(seat, helloOf(identity, rows))
  }

  hear(seat: number, message: Message): void {
    this.#listener?.message(installOn(seat).identity.peer, encodeMessage(message))
  }

  #transport(self: PeerId): Transport {
    const nothing = (): void => undefined
    return {
      self,
      start: (listener) => {
        this.#listener = listener
        this.isConnected = true
        return Promise.resolve()
      },
      stop: () => {
        this.isConnected = false
        return Promise.resolve()
      },
      listenAddresses: () => [],
      links: () => [],
      send: (_, frame) => {
        const message = wire.decodeMessage(frame)
        if (!message.ok || message.value === null) return
        this.sent.push(message.value)
        this.#answer(message.value, this)
      },
      disconnect: (peer) => {
        this.disconnected.push(peer)
        this.#listener?.disconnected(peer, 'by this side')
      },
      gossip: nothing,
      deny: nothing,
      hint: nothing,
      remember: nothing,
      know: nothing,
      useKeys: nothing,
      dismissed: nothing,
      redial: nothing,
    }
  }
}

interface SceneOptions extends Partial<Pick<HostOptions, 'keepKey' | 'logger' | 'groupKey'>> {
  readonly seat?: number
  /** Called for each message that is sent. */
  readonly answer?: (message: Message, scene: HostScene) => void
}
