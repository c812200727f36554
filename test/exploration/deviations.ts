import type { PeerId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Machine } from '../simulation/machine.ts'
import { kindOf } from '../simulation/message-text.ts'
import type { Moments } from '../simulation/moments.ts'
import type { Backup } from '../simulation/starting-over.ts'
import type { World } from '../simulation/world.ts'
import type { Calm } from './calm.ts'

/** What goes wrong before an effect: the machine crashes, and starts again at once or much later; or gets back the old copy of its disk. */
const ofActs = ['crash', 'away'] as const
const withCopy = ['restore', 'restore-alone'] as const
/** While something is being written: the same, and of the write all is lost, or all is there. */
const ofWrites = ['crash-lost', 'crash-kept', 'away-lost', 'away-kept'] as const
/** When a message is sent. It comes late, with all that follows it; the stream is cut; one or both ways are closed; the receiver is alone. */
const ofFrames = ['late', 'cut', 'one-way', 'apart', 'alone'] as const

export type Option =
  (typeof ofActs)[number] | (typeof withCopy)[number] | (typeof ofWrites)[number] | (typeof ofFrames)[number]

/** At the moment of this number, counted from the beginning of the run. */
export interface Deviation {
  readonly moment: number
  readonly option: Option
}

export interface Moment {
  readonly text: () => string
  readonly options: readonly Option[]
}

const atOnceMs = 30
const awayMs = 2_500
const lateMs = 700
const closedMs = 2_000
const intoWriteMs = 1

/** Carries nothing out that others see, or the same as the effect before. */
const silent: ReadonlySet<string> = new Set(['background', 'members', 'transfer', 'opinion', 'knowledge'])

/** Counts the moments of a run, and lets go wrong what is planned. */
export class Deviations implements Moments {
  readonly seen: Moment[] = []
  readonly #plan: ReadonlyMap<number, Option>
  readonly #random: Calm
  readonly #copies = new Map<Machine, Backup>()
  #world: World | null = null
  #isOver = false

  constructor(plan: readonly Deviation[], random: Calm) {
    this.#random = random
    this.#plan = new Map(plan.map(({ moment, option }) => [moment, option]))
  }

  begin(world: World): void {
    this.#world = world
  }

  stop(): void {
    this.#isOver = true
  }

  /** From now on this machine may be given back this copy. */
  keep(machine: Machine, copy: Backup): void {
    this.#copies.set(machine, copy)
  }

  act(machine: Machine, what: string): void {
    if (silent.has(what)) return
    const options = this.#copies.has(machine) ? [...ofActs, ...withCopy] : ofActs
    const option = this.#next(() => `${machine.name} before ${what}`, options)
    if (option !== null) this.#strike(machine, option)
  }

  write(machine: Machine, what: string): void {
    const option = this.#next(() => `${machine.name} while writing ${what}`, ofWrites)
    if (option !== null) machine.later(intoWriteMs, () => this.#strike(machine, option))
  }

  frame(from: PeerId, to: PeerId, message: Message): number {
    const world = this.#world
    if (world === null || message.kind === 'knowledge') return 0
    const text = (): string => `${world.nameOf(from)} to ${world.nameOf(to)}: ${kindOf(message)}`
    const option = this.#next(text, ofFrames)
    if (option === null) return 0
    if (option === 'late') return lateMs
    this.#disturb(world, from, to, option)
    return 0
  }

  #next(text: () => string, options: readonly Option[]): Option | null {
    if (this.#isOver) return null
    const option = this.#plan.get(this.seen.length) ?? null
    this.seen.push({ text, options })
    if (option === null) return null
    this.#world?.trace.note('deviation', option, text)
    return option
  }

  #strike(machine: Machine, option: Option): void {
    if (option === 'restore' || option === 'restore-alone') {
      const copy = this.#copies.get(machine)
      if (copy === undefined || machine.world.isRetired(machine)) return
      this.#copies.delete(machine)
      if (option === 'restore-alone') this.#leaveAlone(machine.world, machine.peer)
      machine.world.coverage.note('old copy restored')
      machine.restore(copy)
      return
    }
    const { timeline } = machine.world
    const lot = option.endsWith('-kept') ? 'highest' : 'lowest'
    this.#random.during(lot, () => machine.crash())
    timeline.after(option.startsWith('away') ? awayMs : atOnceMs, () => {
      if (!machine.isUp && !machine.isDestroyed) machine.start()
    })
  }

  #disturb(world: World, from: PeerId, to: PeerId, option: Option): void {
    if (option === 'cut') world.network.disconnect(from, to)
    if (option === 'alone') this.#leaveAlone(world, to)
    if (option === 'one-way' || option === 'apart') close(world, [[from, to]])
    if (option === 'apart') close(world, [[to, from]])
  }

  #leaveAlone(world: World, peer: PeerId): void {
    const others = world.machines.filter((machine) => machine.peer !== peer)
    close(
      world,
      others.flatMap((other) => [
        [other.peer, peer],
        [peer, other.peer],
      ]),
    )
  }
}

const close = ({ network, timeline }: World, ways: readonly (readonly [PeerId, PeerId])[]): void => {
  for (const [from, to] of ways) network.block(from, to)
  timeline.after(closedMs, () => {
    for (const [from, to] of ways) network.unblock(from, to)
  })
}
