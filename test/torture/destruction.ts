import type { Random } from '../simulation/random.ts'
import type { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import type { TortureNetwork } from './network.ts'
import type { Person } from './person.ts'
import { sleep } from './system.ts'
import type { Workload } from './workload.ts'

const heldWithinMs = 6_000
const retireTries = 20
const retirePauseMs = 1_000
const coveredWithinMs = 6_000

export interface DestructionOptions {
  readonly fleet: Fleet
  readonly network: TortureNetwork
  readonly journal: Journal
  readonly people: readonly Person[]
  readonly workload: Workload
  readonly ledger: Ledger
}

/**
 * Faults that take a disk away. What a single machine holds is lost with it, and nobody promised otherwise: so people stop for a
 * moment, and a disk goes only when the others that can be asked hold all that was on it. Then not one mail may be missing.
 */
export class Destruction {
  readonly #options: DestructionOptions
  #turn: Promise<void> = Promise.resolve()

  constructor(options: DestructionOptions) {
    this.#options = options
  }

  /** Starts a machine that is down, or lets it in when it has no data directory. */
  async bringBack(machine: Machine): Promise<void> {
    if (machine.membership === 'none') await this.#options.fleet.letIn(machine, null)
    else await machine.start()
  }

  /** A new machine on a free seat. */
  async join(machine: Machine): Promise<void> {
    machine.state = 'busy'
    this.#say(`server ${machine.server}: a new machine joins`)
    await this.#letIn(machine, null)
  }

  /** Where it was done. A server that is killed at that may have retired it, so it is tried until one says so. */
  async #retire(machine: Machine): Promise<Machine | null> {
    const { fleet } = this.#options
    for (let tries = 0; tries < retireTries; tries += 1) {
      const [helper] = fleet.othersUp(machine)
      if (helper === undefined) await sleep(retirePauseMs)
      else if ((await fleet.retire(machine, helper)) === 'retired') return helper
    }
    return null
  }

  /** The machine is gone for good, is retired, and another one takes its seat. */
  replace(machine: Machine): Promise<void> {
    return this.#inTurn(async () => {
      const { fleet, network, people } = this.#options
      if (fleet.othersUp(machine).length === 0 || machine.state !== 'up') return
      const isOver = await this.#whileHeld(machine, async () => {
        this.#say(`server ${machine.server} is destroyed`)
        await machine.kill()
        await Promise.all(people.filter((person) => person.machine === machine).map((person) => person.crash()))
      })
      if (isOver !== 'done') return
      await network.mend(machine.server)
      const helper = await this.#retire(machine)
      if (helper === null) {
        this.#say(`server ${machine.server} could not be retired anywhere: it was not destroyed after all`)
        machine.state = 'down'
        await machine.start()
        return
      }
      await machine.replace()
      this.#say(`server ${machine.server} is retired; a new machine takes its seat`)
      await this.#letIn(machine, helper)
    })
  }

  /** A copy of the data directory is put in its place later on; now and then that machine is alone at first, and is written to. */
  async restore(machine: Machine, later: () => Promise<void>, random: Random): Promise<void> {
    const { journal, network } = this.#options
    if (machine.state !== 'up') return
    machine.state = 'busy'
    await machine.kill()
    const putBack = await machine.backUp()
    machine.state = 'down'
    await machine
      .start()
      .catch((error: unknown) => journal.say(`server ${machine.server} does not start now: ${String(error)}`))
    const { install } = machine
    await later()
    await this.#inTurn(async () => {
      if (machine.install !== install || machine.state !== 'up') return
      const isAlone = network.faults.has('cut') && random.chance(0.5)
      const held = await this.#whileHeld(machine, async () => {
        await machine.kill()
        await putBack()
        if (isAlone) await network.cut(machine.server)
        this.#say(`server ${machine.server} has an old copy of its data${isAlone ? ', and is alone with it' : ''}`)
        machine.state = 'down'
        await machine.start()
      })
      if (held !== 'done' || !isAlone) return
      await later()
      await network.mend(machine.server)
      this.#say(`server ${machine.server}: its link is whole again`)
    })
  }

  /** Carries `work` out when nobody has anything under way and all that the machine holds is elsewhere. The machine is busy then. */
  async #whileHeld(machine: Machine, work: () => Promise<void>): Promise<'done' | 'not now'> {
    const { workload, fleet } = this.#options
    machine.state = 'busy'
    const state = await workload.hold(heldWithinMs)
    const covered = state === 'idle' ? await fleet.isCovered(machine, coveredWithinMs) : 'not covered'
    try {
      if (covered === 'covered') await work()
      else machine.state = 'up'
    } finally {
      workload.goOn()
    }
    return covered === 'covered' ? 'done' : 'not now'
  }

  async #letIn(machine: Machine, helper: Machine | null): Promise<void> {
    await this.#options.fleet.letIn(machine, helper).then(
      () => this.#say(`server ${machine.server} is a member`),
      (error: unknown) => {
        machine.state = 'down'
        this.#say(`server ${machine.server} was not let in now: ${String(error)}`)
      },
    )
  }

  /** One disk at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #say(what: string): void {
    this.#options.journal.say(what)
  }
}
