import type { DiskCopy } from '../../simulation/sim-disk.ts'
import type { Device, DeviceWatch } from './device.ts'
import type { Lan } from './lan.ts'
import type { Fate, Line, Way } from './line.ts'
import type { BeforeWrite, ServerMachine } from './server.ts'
import type { VirtualTime } from './virtual-time.ts'

/**
 * When something is sent between a client and its server. The line is lost with it, or just after it; it is late, so that the server is doubted; the
 * server does not answer for 30 s; the client's process dies; the server crashes, for a moment or for 30 s; the client goes on at a server that lags; the
 * server gets an old copy of its disk; its disk is full for a while; the person logs in elsewhere, or changes the password there; the clock is set.
 */
const ofFrames = [
  ...(['cut-before', 'cut-after', 'slow', 'hang', 'kill', 'crash', 'away', 'lag', 'restore', 'full'] as const),
  ...(['elsewhere', 'password', 'clock-ahead', 'clock-back'] as const),
] as const
/** When a server writes: it crashes, and what it wrote is gone, or there. */
const ofWrites = ['crash-lost', 'crash-kept'] as const
/** When a timer of the client runs out. */
const ofTimers = ['kill', 'cut', 'elsewhere'] as const
/** When the client writes a file of its own. */
const ofFiles = ['fail', 'kill'] as const

export type ClientOption =
  (typeof ofFrames)[number] | (typeof ofWrites)[number] | (typeof ofTimers)[number] | (typeof ofFiles)[number]

export interface ClientDeviation {
  readonly moment: number
  readonly option: ClientOption
}

export interface ClientMoment {
  readonly text: () => string
  readonly options: readonly ClientOption[]
}

const soonMs = 200
const hangMs = 30_000
const lagMs = 8_000
const lateMs = 3_500
const fullMs = 4_000
const clockMs = 600_000

/** What the deviations happen to. */
export interface Scene {
  readonly time: VirtualTime
  readonly lan: Lan
  readonly servers: readonly ServerMachine[]
  /** Where the person is to whom things happen. */
  readonly device: Device
  readonly kill: () => void
  readonly elsewhere: (what: 'looks' | 'changes the password') => void
  readonly copies: ReadonlyMap<ServerMachine, DiskCopy>
  /** Whether others have all that this server has. */
  readonly isSpread: (server: ServerMachine) => boolean
  readonly restart: (server: ServerMachine, afterMs: number) => void
}

/** Counts the moments of a run, and lets go wrong what is planned. */
export class ClientDeviations implements DeviceWatch {
  readonly seen: ClientMoment[] = []
  readonly #plan: ReadonlyMap<number, ClientOption>
  #scene: Scene | null = null

  constructor(plan: readonly ClientDeviation[]) {
    this.#plan = new Map(plan.map(({ moment, option }) => [moment, option]))
  }

  begin(scene: Scene): void {
    this.#scene = scene
  }

  stop(): void {
    this.#scene = null
  }

  frame(device: Device, line: Line, server: ServerMachine, way: Way): Fate {
    const scene = this.#scene
    if (scene?.device !== device) return 'comes'
    const option = this.#next(() => `${device.machine}, server ${server.server}, ${way}`, ofFrames)
    if (option === null) return 'comes'
    if (option === 'slow') return { lateMs }
    if (option === 'cut-before') {
      scene.time.after(0, () => line.cut())
      return 'lost'
    }
    if (option === 'cut-after') scene.time.after(4, () => line.cut())
    else scene.time.after(0, () => this.#strike(scene, server, option))
    return 'comes'
  }

  timer(device: Device): void {
    const scene = this.#scene
    if (scene?.device !== device) return
    const option = this.#next(() => `${device.machine}: a timer`, ofTimers)
    if (option === 'kill') scene.kill()
    if (option === 'cut') device.cut()
    if (option === 'elsewhere') scene.elsewhere('looks')
  }

  storeWrite(device: Device): 'goes on' | 'fails' {
    const scene = this.#scene
    if (scene?.device !== device) return 'goes on'
    const option = this.#next(() => `${device.machine}: a file`, ofFiles)
    if (option === 'kill') scene.kill()
    return option === 'fail' ? 'fails' : 'goes on'
  }

  beforeWrite(server: ServerMachine): ReturnType<BeforeWrite> {
    const scene = this.#scene
    const option = scene === null ? null : this.#next(() => `server ${server.server} writes`, ofWrites)
    if (scene === null || option === null) return 'goes on'
    scene.time.after(0, () => {
      server.crash()
      scene.restart(server, soonMs)
    })
    return option === 'crash-kept' ? 'kept' : 'lost'
  }

  #next(text: () => string, options: readonly ClientOption[]): ClientOption | null {
    const option = this.#plan.get(this.seen.length) ?? null
    this.seen.push({ text, options })
    return option
  }

  #strike(scene: Scene, server: ServerMachine, option: ClientOption): void {
    const { time, lan, device } = scene
    switch (option) {
      case 'hang':
        device.hang(server, hangMs)
        break
      case 'kill':
        scene.kill()
        break
      case 'crash':
      case 'away':
        server.crash()
        scene.restart(server, option === 'crash' ? soonMs : hangMs)
        break
      case 'lag':
        lan.part()
        server.crash()
        scene.restart(server, lagMs)
        time.after(lagMs + soonMs, () => lan.meet())
        break
      case 'restore': {
        const copy = scene.copies.get(server)
        if (copy === undefined || !server.isUp || !scene.isSpread(server)) break
        server.restore(copy)
        scene.restart(server, soonMs)
        break
      }
      case 'full':
        server.disk.fill()
        time.after(fullMs, () => server.disk.makeRoom())
        break
      case 'elsewhere':
        scene.elsewhere('looks')
        break
      case 'password':
        scene.elsewhere('changes the password')
        break
      case 'clock-ahead':
        device.aheadMs += clockMs
        break
      case 'clock-back':
        device.aheadMs -= clockMs
        break
      default:
        break
    }
  }
}

/** All that can go wrong alone at one of these moments. */
export const clientDeviationsAt = (
  moments: readonly ClientMoment[],
  from: number,
  until: number,
): readonly ClientDeviation[] =>
  moments
    .slice(from, until)
    .flatMap(({ options }, index) => options.map((option) => ({ moment: from + index, option })))
