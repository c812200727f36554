import type { CoreEvent, Effects } from '../../replica/core/effects.ts'
import { namesOf, type PeerId } from '../../replica/core/model/ids.ts'
import type { GroupKey, KeptGroupKey } from '../../replica/core/model/messages.ts'
import { isTakenWhileFull } from './disk-full.ts'
import type { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const keyBytes = 32
/** Machines know only so many former ones, and who was away for more does not come back. */
const keysAtMost = 7
/** Two at once may be on two sides of a partition. */
const twoAtOnceChance = 0.4

/** The group's keys as a machine keeps them on its disk; a newcomer has the one of its invite. */
export interface KeptKeys {
  readonly present: KeptGroupKey
  readonly former: readonly string[]
}

const firstKey = Buffer.alloc(keyBytes, 'the first key').toString('base64url')

export const firstKeys: KeptKeys = { present: { key: firstKey, madeAt: 0, isHeldBack: false }, former: [] }

/** What an invite tells of a machine's keys. */
export const invitedBy = ({ groupKeys }: Machine): KeptKeys => ({
  present: { ...groupKeys.kept.present, madeAt: 0, isHeldBack: false },
  former: [],
})

/** The group's keys at one machine: what its disk has, and whom it lets in by which. */
export class GroupKeys {
  readonly #machine: Machine
  kept: KeptKeys = firstKeys
  /** Who may come in by a former key. */
  #known: ReadonlySet<PeerId> = new Set()
  #hasMissedOne = false

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** In a new life of the machine. */
  begin(): void {
    this.#known = new Set()
    this.#hasMissedOne = false
    const { settings, mix } = this.#machine.world
    if (settings.keyEveryMs !== null || mix === 'liar')
      this.#machine.enqueue({ kind: 'groupKey', groupKey: { ...this.kept.present, former: this.kept.former } })
  }

  know(known: ReadonlySet<PeerId>): void {
    this.#known = known
  }

  /** Who dials tries all that it has; who listens takes the present one, and former ones from whom it knows. */
  admits(peer: PeerId, { present, former }: KeptKeys): boolean {
    const tried = [present.key, ...former]
    if (tried.includes(this.kept.present.key)) return true
    const isLetIn = this.#known.has(peer) && this.kept.former.some((key) => tried.includes(key))
    if (isLetIn && this.#machine.isSettled) notShutOut(this.#machine, peer)
    return isLetIn
  }

  /** Of a key that it is told while its disk is full it is to be told again when there is room. */
  isTakenWhileFull(event: CoreEvent): boolean {
    if (event.kind === 'message' && event.message.kind === 'groupKey') this.#hasMissedOne = true
    return isTakenWhileFull(event)
  }

  room(): void {
    if (this.#hasMissedOne) this.#machine.world.network.disconnectAll(this.#machine.peer)
    this.#hasMissedOne = false
  }

  use(groupKey: NonNullable<Effects['groupKey']>): void {
    const { world, name } = this.#machine
    world.trace.note(name, 'has the key', () => `${groupKey.key.slice(0, 6)} of ${groupKey.madeAt}`)
    if (world.mix !== 'liar') world.keyChanges?.taken(this.#machine, groupKey)
    this.kept = { present: groupKey, former: groupKey.former ?? [] }
  }
}

/** No former key lets in who was shut out. */
const notShutOut = ({ name, core, world }: Machine, peer: PeerId): void => {
  const origin = world.machines.find((machine) => machine.peer === peer)?.identity.origin
  if (origin !== undefined && namesOf(origin).every((one) => core.state.seats.hasRetired(one)))
    throw new Violation('shut out', `${name} lets ${origin} in, which it knows to be shut out`)
}

/** Somebody makes a new key for the group now and then, at any machine that is there. By chances of its own, so that other histories stay as they are. */
export class KeyChanges {
  readonly #world: World
  readonly #random: Random
  readonly #everyMs: number
  /** By key, who was known to be shut out where it was made. */
  readonly #keptFrom = new Map<string, { readonly maker: Machine; readonly whom: ReadonlySet<Machine> }>()
  #isOver = false

  constructor(world: World, everyMs: number) {
    this.#world = world
    this.#random = new Random(world.settings.chaosMs + 3)
    this.#everyMs = everyMs
    this.#next()
  }

  stop(): void {
    this.#isOver = true
  }

  /** As the program: open invites are revoked first, because the former key stands in them. */
  change(machine: Machine): void {
    if (this.#keptFrom.size >= keysAtMost || !this.#canMakeOne(machine)) return
    for (const { invite, admitted, revoked } of machine.core.state.seats.invites())
      if (admitted.length === 0 && !revoked) machine.command({ kind: 'revoke', invite }, () => undefined)
    const key = Buffer.from(this.#random.bytes(keyBytes)).toString('base64url')
    this.#world.coverage.note('group key made')
    this.#world.trace.note(machine.name, 'makes the key', () => key.slice(0, 6))
    this.#keptFrom.set(key, { maker: machine, whom: new Set(this.#shutOutAt(machine)) })
    machine.enqueue({ kind: 'rotateKey', key })
  }

  /** Whom the key was made to keep out never gets it, also not from who was started anew with it before it knew whom that was. */
  given(by: Machine, to: PeerId, { key }: Pick<GroupKey, 'key'>): void {
    const machine = this.#world.machines.find(({ peer }) => peer === to)
    const made = this.#keptFrom.get(key)
    // The word of who was shut out itself goes to nobody.
    if (machine === undefined || made === undefined || this.#world.shutOut.has(made.maker)) return
    if (made.whom.has(machine))
      throw new Violation(
        'group key',
        `${by.name} gives ${machine.name}, which is shut out, the key that was made to keep it out`,
      )
  }

  /** Nobody goes back to an older one. */
  taken(machine: Machine, { madeAt }: GroupKey): void {
    this.#world.coverage.note('group key taken over')
    if (madeAt < machine.groupKeys.kept.present.madeAt)
      throw new Violation('group key', `${machine.name} goes back to an older key`)
  }

  /**
   * Who makes one has logged in there. Where copies are restored all must be there: of a key that only one of them ever had, none of the others
   * would let in who starts over with it.
   */
  #canMakeOne(machine: Machine): boolean {
    if (!machine.isUp || machine.isFull || machine.core.isRetired || machine.core.state.seats.isUnknown) return false
    if (!this.#world.settings.faults.includes('restore')) return true
    const lasting = this.#world.lasting()
    return lasting.every(({ isUp, isFull, seat }) => isUp && !isFull && machine.core.view.servers.includes(seat))
  }

  #shutOutAt({ core }: Machine): readonly Machine[] {
    return this.#world.machines.filter(({ identity }) => core.state.seats.isShutOut(identity.origin))
  }

  #next(): void {
    this.#world.timeline.after(this.#random.waitMs(this.#everyMs), () => {
      if (this.#isOver) return
      const machines = this.#random.shuffled(this.#world.up().filter((machine) => !this.#world.shutOut.has(machine)))
      for (const machine of machines.slice(0, this.#random.chance(twoAtOnceChance) ? 2 : 1)) this.change(machine)
      this.#next()
    })
  }
}

/** All that are there go by one key in the end, unless nobody is left who need not wait any longer, ten minutes at most, to hand the newest on. */
export const keysApart = ({ settings }: World, machines: readonly Machine[]): readonly string[] => {
  const [first, ...others] = machines
  if (settings.keyEveryMs === null || first === undefined) return []
  const kept = machines.map(({ groupKeys }) => groupKeys.kept.present)
  const newest = Math.max(...kept.map(({ madeAt }) => madeAt))
  if (kept.every(({ madeAt, isHeldBack }) => madeAt < newest || isHeldBack)) return []
  const keyOf = ({ groupKeys }: Machine): string => groupKeys.kept.present.key
  return others
    .filter((other) => keyOf(other) !== keyOf(first))
    .map(({ name }) => `${name} and ${first.name} have different group keys`)
}
