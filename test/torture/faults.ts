import type { Random } from '../simulation/random.ts'
import type { Clocks } from './clocks.ts'
import type { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import type { Machine } from './machine.ts'
import type { LinkFault, TortureNetwork } from './network.ts'
import { Destruction } from './destruction.ts'
import { sleep } from './system.ts'

const faultEveryMs = 2_500
const shortestMs = 500
const linkMs = 6_000
const downMs = 4_000
const frozenMs = 4_000
const fullMs = 6_000
const clockMostMs = 600_000
const clockLittleMs = 3_000

const kinds = [
  { kind: 'cut', weight: 3 },
  { kind: 'deaf', weight: 3 },
  { kind: 'halfOpen', weight: 3 },
  { kind: 'parts', weight: 3 },
  { kind: 'loss', weight: 3 },
  { kind: 'delay', weight: 3 },
  { kind: 'kill', weight: 5 },
  { kind: 'killAll', weight: 0.4 },
  { kind: 'freeze', weight: 3 },
  { kind: 'restart', weight: 2 },
  { kind: 'clock', weight: 3 },
  { kind: 'full', weight: 2 },
  { kind: 'join', weight: 4 },
  { kind: 'replace', weight: 1.2 },
  { kind: 'restore', weight: 1.5 },
] as const
export type FaultKind = (typeof kinds)[number]['kind']

export interface FaultsOptions {
  readonly fleet: Fleet
  readonly network: TortureNetwork
  readonly clocks: Clocks
  readonly journal: Journal
  readonly random: Random
  readonly destruction: Destruction
  readonly wrong: (sentence: string) => void
}

/** What goes wrong, and when, by a generator of its own. Each fault lasts a while; several overlap. */
export class Faults {
  readonly counts = new Map<FaultKind, number>()
  readonly #options: FaultsOptions
  readonly #under = new Set<Promise<void>>()
  #end: () => void = () => undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(options: FaultsOptions) {
    this.#options = options
  }

  /** Strikes again and again for about so long. */
  async strike(forMs: number): Promise<void> {
    const { random } = this.#options
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    for (const deadline = performance.now() + forMs; performance.now() < deadline;) {
      const kind = this.#kind()
      const fault = this.#fault(kind, random.fork())
      if (fault === null) continue
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
      const under = fault.catch((error: unknown) => {
        this.#options.wrong(`the fault ${kind} could not be carried out: ${String(error)}`)
      })
      this.#under.add(under)
      void under.finally(() => this.#under.delete(under))
      await sleep(Math.min(random.waitMs(faultEveryMs), faultEveryMs * 3))
    }
  }

  /** Ends everything that is wrong, and starts what does not run. */
  async heal(): Promise<void> {
    const { fleet, network, clocks, destruction, wrong } = this.#options
    this.#options.journal.note('healing')
    this.#end()
    await Promise.all(this.#under)
    await Promise.all(
      fleet.machines.map(async (machine) => {
        await network.mend(machine.server)
        await clocks.set(machine.server, 0)
        await machine.disk?.empty()
        if (machine.state === 'frozen') machine.thaw()
      }),
    )
    for (const machine of fleet.machines) {
      if (machine.state === 'up') continue
      await destruction
        .bringBack(machine)
        .catch((error: unknown) => wrong(`server ${machine.server} does not start: ${String(error)}`))
    }
  }

  /** Until it is over by itself, or everything is healed. */
  async #last(meanMs: number, random: Random): Promise<void> {
    await Promise.race([sleep(shortestMs + Math.min(random.waitMs(meanMs), meanMs * 3)), this.#ended])
  }

  #kind(): FaultKind {
    const { random, network } = this.#options
    const possible = kinds.filter(({ kind }) => !isLink(kind) || network.faults.has(kind))
    let left = random.next() * possible.reduce((sum, { weight }) => sum + weight, 0)
    for (const { kind, weight } of possible) {
      left -= weight
      if (left < 0) return kind
    }
    return 'kill'
  }

  /** Null when there is nothing now that it could strike. */
  #fault(kind: FaultKind, random: Random): Promise<void> | null {
    const { fleet, clocks, destruction, network } = this.#options
    const [machine, other] = random.shuffled(fleet.machines.filter(({ state }) => state === 'up'))
    if (machine === undefined) return null
    switch (kind) {
      case 'cut':
        return this.#link(machine, 'is cut off', () => network.cut(machine.server), random)
      case 'loss':
        return this.#link(machine, 'loses 30 %', () => network.lose(machine.server), random)
      case 'delay':
        return this.#link(machine, 'is 300 ms late', () => network.delay(machine.server), random)
      case 'deaf':
        return other === undefined ? null : this.#parts([machine], [other], 'does not hear', 'one way', random)
      case 'halfOpen':
        return other === undefined ? null : this.#parts([machine], [other], 'and', 'both ways', random)
      case 'parts':
        return this.#partition(random)
      case 'kill':
        return this.#kill([machine], random)
      case 'killAll':
        return this.#kill(
          fleet.machines.filter(({ state }) => state === 'up'),
          random,
        )
      case 'freeze':
        return this.#freeze(machine, random)
      case 'restart':
        return this.#restart(machine)
      case 'clock':
        return clocks.canBeSet ? this.#setClock(random.pick(fleet.machines) ?? machine, random) : null
      case 'full':
        return this.#fill(random)
      case 'join': {
        const newcomer = fleet.machines.find(({ membership, state }) => membership === 'none' && state === 'down')
        return newcomer === undefined ? null : destruction.join(newcomer)
      }
      case 'replace':
        return destruction.replace(machine)
      case 'restore':
        return destruction.restore(machine, () => this.#last(downMs * 3, random), random)
    }
  }

  #say(what: string): void {
    this.#options.journal.say(what)
  }

  async #link({ server }: Machine, what: string, begin: () => Promise<void>, random: Random): Promise<void> {
    this.#say(`server ${server} ${what}`)
    await begin()
    await this.#last(linkMs, random)
    await this.#options.network.mend(server)
    this.#say(`server ${server}: its link is whole again`)
  }

  /** Dropped without a word: the connections stay half open. */
  async #parts(
    one: readonly Machine[],
    other: readonly Machine[],
    word: string,
    ways: 'one way' | 'both ways',
    random: Random,
  ): Promise<void> {
    const { network } = this.#options
    const servers = [one, other].map((side) => side.map(({ server }) => server))
    const [left = [], right = []] = servers
    this.#say(`${left.join()} ${word} ${right.join()}${ways === 'both ways' ? ': dropped both ways' : ''}`)
    await Promise.all(left.map((server) => network.deafen(server, right)))
    if (ways === 'both ways') await Promise.all(right.map((server) => network.deafen(server, left)))
    await this.#last(linkMs, random)
    await Promise.all([...left, ...right].map((server) => network.mend(server)))
    this.#say(`${left.join()} ${word} ${right.join()}: over`)
  }

  #partition(random: Random): Promise<void> | null {
    const { fleet, network } = this.#options
    if (!network.faults.has('deaf')) return null
    const shuffled = random.shuffled(fleet.machines)
    const size = random.int(1, shuffled.length - 1)
    return this.#parts(shuffled.slice(0, size), shuffled.slice(size), 'part from', 'both ways', random)
  }

  async #kill(machines: readonly Machine[], random: Random): Promise<void> {
    const names = machines.map(({ server }) => server).join()
    this.#say(`server ${names}: SIGKILL`)
    await Promise.all(machines.map((machine) => machine.kill()))
    await this.#last(downMs, random)
    for (const machine of machines) await this.#startAgain(machine)
  }

  async #restart(machine: Machine): Promise<void> {
    this.#say(`server ${machine.server}: SIGTERM, and started again`)
    const code = await machine.stop()
    if (code !== 0) this.#options.wrong(`server ${machine.server} ended with ${String(code)} after SIGTERM`)
    await this.#startAgain(machine)
  }

  /** One whose disk is full may refuse to; it is started when everything is healed. */
  async #startAgain(machine: Machine): Promise<void> {
    if (machine.state !== 'down') return
    await machine.start().then(
      () => this.#say(`server ${machine.server} runs again`),
      (error: unknown) => this.#say(`server ${machine.server} does not start now: ${String(error)}`),
    )
  }

  async #freeze(machine: Machine, random: Random): Promise<void> {
    this.#say(`server ${machine.server}: SIGSTOP`)
    machine.freeze()
    await this.#last(frozenMs, random)
    if (machine.state !== 'frozen') return
    machine.thaw()
    this.#say(`server ${machine.server}: SIGCONT`)
  }

  /** Until it is set anew, or everything is healed. */
  async #setClock({ server }: Machine, random: Random): Promise<void> {
    const mostMs = random.chance(0.5) ? clockMostMs : clockLittleMs
    const offsetMs = random.int(-mostMs, mostMs)
    this.#say(
      `server ${server}: its clock is ${offsetMs > 0 ? 'fast' : 'slow'} by ${(Math.abs(offsetMs) / 1_000).toFixed(1)} s`,
    )
    await this.#options.clocks.set(server, offsetMs)
  }

  #fill(random: Random): Promise<void> | null {
    const machine = random.pick(this.#options.fleet.machines.filter(({ disk }) => disk !== null))
    return machine === undefined ? null : this.#fillOne(machine, random)
  }

  async #fillOne({ server, disk }: Machine, random: Random): Promise<void> {
    this.#say(`server ${server}: its disk is full`)
    await disk?.fill()
    await this.#last(fullMs, random)
    await disk?.empty()
    this.#say(`server ${server}: its disk has room again`)
  }
}

const isLink = (kind: FaultKind): kind is LinkFault =>
  kind === 'cut' || kind === 'deaf' || kind === 'halfOpen' || kind === 'loss' || kind === 'delay'
