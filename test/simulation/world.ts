import type { OriginId, PeerId, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId } from '../../replica/core/model/ids.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import { Coverage } from './coverage.ts'
import type { KeyChanges } from './group-keys.ts'
import { Ledger } from './ledger.ts'
import type { Liar } from './liar.ts'
import type { LogIns } from './log-ins.ts'
import type { Machine } from './machine.ts'
import type { Moments } from './moments.ts'
import { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Mix, Settings } from './settings.ts'
import { Timeline } from './timeline.ts'
import type { TraceMode } from './trace.ts'
import { Trace } from './trace.ts'

/** One seed's world: time, chance, network, machines, and the bystander who sees all. */
export class World {
  readonly random: Random
  readonly mix: Mix
  readonly settings: Settings
  readonly timeline = new Timeline()
  readonly trace: Trace
  readonly coverage = new Coverage()
  readonly ledger = new Ledger()
  readonly network: Network
  readonly moments: Moments | null
  /** Every install that ever was. */
  readonly machines: Machine[] = []
  readonly #byOrigin = new Map<OriginId, Machine>()
  /** Origins whose install was restored from an old copy: two logs may go by their name. */
  readonly restored = new Set<OriginId>()
  readonly #rotten = new Set<string>()
  /** How many messages each has sent. */
  readonly sent = new Map<Machine, number>()
  /** The machine that is not honest, if there is one. */
  liar: Liar | null = null
  /** Who makes new keys for the group, if somebody does. */
  keyChanges: KeyChanges | null = null
  /** What these say is taken by nobody. */
  readonly shutOut = new Set<Machine>()
  /** Their copies were set aside, and what only they had is given back, under other names where it does not go on from what is held. */
  readonly joinedAgain = new Set<Machine>()
  /** Who logs in, if somebody does. */
  logIns: LogIns | null = null

  /** `moments`: who is told of each, when chance is not to decide what goes wrong. */
  constructor(random: Random, settings: Settings, mode: TraceMode, mix: Mix, moments: Moments | null = null) {
    this.random = random
    this.mix = mix
    this.settings = settings
    this.moments = moments
    this.trace = new Trace(mode, () => this.timeline.nowMs)
    this.network = new Network(this.random.fork(), this.timeline, this.trace, this.coverage, settings.network, moments)
  }

  /** `former`: the install that it goes on for. */
  add(machine: Machine, former?: Machine): void {
    this.machines.push(machine)
    this.#byOrigin.set(machine.identity.origin, machine)
    this.network.add(machine, former?.peer ?? null)
  }

  machineOf(origin: OriginId): Machine | undefined {
    return this.#byOrigin.get(origin)
  }

  up(): readonly Machine[] {
    return this.machines.filter((machine) => machine.isUp)
  }

  isHonest(machine: Machine | undefined): boolean {
    return this.liar === null || this.liar.machine !== machine
  }

  /** Those that will be there in the end, and are honest. */
  lasting(): readonly Machine[] {
    return this.machines.filter((machine) => !machine.isDestroyed && !this.isRetired(machine) && this.isHonest(machine))
  }

  /** Somebody who is not destroyed holds the word that the machine is gone for good, whoever was told so. */
  isRetired({ identity: { origin } }: Machine): boolean {
    const retirements = this.ledger.retirementsOf(origin)
    const isKnownAt = (machine: Machine): boolean =>
      machine.isUp
        ? machine.core.state.seats.isRetired(origin)
        : retirements.some((update) => update.sequence <= heldFrom(machine.disk.durable, update.origin))
    return retirements.length > 0 && this.machines.some((machine) => !machine.isDestroyed && isKnownAt(machine))
  }

  nameOf(peer: PeerId): string {
    return this.machines.find((machine) => machine.peer === peer)?.name ?? peer
  }

  /** Writes down that the machine's copy of a mail is no longer whole. */
  noteRot(machine: Machine, mail: UpdateId): void {
    const { origin, sequence } = splitUpdateId(mail)
    if (machine.disk.holds(origin, sequence)) return
    this.#rotten.add(`${machine.name} ${mail}`)
    this.ledger.unheld(machine, mail)
  }

  /** Whether this machine's copy of the update once rotted, and may still wait to be found out. */
  isRotten(machine: Pick<Machine, 'name'>, update: UpdateId): boolean {
    return this.#rotten.has(`${machine.name} ${update}`)
  }
}
