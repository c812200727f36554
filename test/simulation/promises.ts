import type { PeerId, ServerId } from '../../replica/core/model/ids.ts'
import type { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

interface Promised {
  readonly by: Machine
  readonly peer: PeerId
  readonly server: ServerId
}

/** Seats that members have given to who is let in: none is given to another one before that has come, or is known not to come. */
export class Promises {
  readonly #world: World
  readonly #random: Random
  /** Newcomers ask again, and come together, in some histories only, so that others stay as they are. */
  readonly #asksAgain: boolean
  readonly #all: Promised[] = []

  constructor(world: World) {
    this.#world = world
    this.#random = new Random(world.settings.chaosMs + 6)
    this.#asksAgain = this.#random.chance(0.3)
  }

  given(by: Machine, peer: PeerId, server: ServerId): void {
    if (!by.isUp) return
    const { seats } = by.core.state
    const isOpen = (promised: Promised): boolean =>
      !seats.claims().some((claim) => claim.peer === promised.peer) && seats.retiredAs(promised.peer) === undefined
    const isRestored = this.#world.restored.has(by.identity.origin)
    const other = this.#all.find(
      (promised) => promised.by === by && promised.server === server && promised.peer !== peer && isOpen(promised),
    )
    if (other !== undefined && !isRestored)
      throw new Violation('promised seat', `${by.name} gives seat ${server} to two machines that have not come yet`)
    this.#all.push({ by, peer, server })
  }

  /** Whether another one comes to the same member at once. */
  comeTwo(): boolean {
    return this.#asksAgain && this.#random.chance(comeTwoChance)
  }

  /**
   * Now and then the answer is lost on its way, and who joins asks again, here or elsewhere: the member that it asks then. The seat is promised
   * where it was asked first all the same.
   */
  askedInstead(by: Machine, peer: PeerId, server: ServerId | null): Machine | null {
    if (!this.#asksAgain || !this.#random.chance(askAgainChance)) return null
    const other = this.#random.pick(
      this.#world
        .up()
        .filter((machine) => this.#world.isHonest(machine) && !this.#world.isRetired(machine))
        .filter((machine) => !this.#world.shutOut.has(machine)),
    )
    if (other === undefined) return null
    this.#world.coverage.note('asked again to be let in')
    if (server !== null) this.given(by, peer, server)
    return other
  }
}

const askAgainChance = 0.5
const comeTwoChance = 0.5
