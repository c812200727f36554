import type { UpdateId } from '../../replica/core/model/ids.ts'
import { allServerIds, splitUpdateId } from '../../replica/core/model/ids.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import { sameBytes } from '../../replica/wire/bytes.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { FaultKind } from './settings.ts'
import { backUpOf, startOver } from './starting-over.ts'
import { bringUpToDate } from './versions.ts'
import type { World } from './world.ts'

const calmBeforeMs = 1_500
const downMs = 8_000
const partitionMs = 12_000
const awayMs = 20_000
const clockJumpMs = 300_000
const effectsUntilCrash = 12
const copiesToRot = 3
const restoreMs = 10_000
const aloneMs = 4_000

/** What goes wrong in a history, by its own generator. */
export class Faults {
  readonly #world: World
  readonly #random: Random
  #isOver = false

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork()
    world.timeline.after(calmBeforeMs, () => this.#next())
  }

  /** No more faults; those that last are ended, and everything is started again. */
  heal(): void {
    this.#isOver = true
    const { network, trace } = this.#world
    trace.note('world', 'heals')
    network.unblockAll()
    this.#world.liar?.exposed()
    const peers = this.#world.lasting().map(({ peer }) => peer)
    for (const machine of this.#world.machines.filter(({ isDestroyed }) => !isDestroyed)) {
      machine.crashSoon(Infinity)
      machine.room()
      bringUpToDate(machine)
      machine.discover(peers)
      if (!machine.isUp) machine.start()
      machine.enqueue({ kind: 'resume', servers: allServerIds })
    }
  }

  #next(): void {
    if (this.#isOver) return
    const { settings, timeline } = this.#world
    const kind = this.#random.pick(settings.faults)
    if (kind !== undefined) this.#strike(kind)
    timeline.after(this.#random.waitMs(settings.faultEveryMs), () => this.#next())
  }

  #strike(kind: FaultKind): void {
    switch (kind) {
      case 'crash':
        return this.#crash()
      case 'partition':
        return this.#partition()
      case 'oneWay':
        return this.#oneWay()
      case 'cut':
        return this.#world.network.cutOne()
      case 'clock':
        return this.#jump()
      case 'pause':
        return this.#pause()
      case 'away':
        return this.#away()
      case 'full':
        return this.#fill()
      case 'rot':
        return this.#rotOne()
      case 'restore':
        return this.#restore()
      case 'everybody':
        return this.#setAllAside()
    }
  }

  #later(meanMs: number, task: () => void): void {
    this.#world.timeline.after(this.#random.waitMs(meanMs / 2), () => {
      if (!this.#isOver) task()
    })
  }

  #crash(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine === undefined) return
    machine.crashSoon(this.#random.int(0, effectsUntilCrash))
    this.#later(downMs, () => this.#restart(machine))
  }

  #restart(machine: Machine): void {
    if (!machine.isUp && !machine.isDestroyed) {
      if (this.#world.mix === 'versions' && this.#random.chance(0.4)) bringUpToDate(machine)
      machine.start()
    }
    // Its fuse may burn down only later.
    else if (!machine.isDestroyed) this.#later(downMs, () => this.#restart(machine))
  }

  #partition(): void {
    const { network, machines, coverage, trace } = this.#world
    const side = new Set(machines.filter(() => this.#random.chance(0.5)))
    const pairs = machines.flatMap((one) => machines.map((other) => [one, other] as const))
    const cut = pairs.filter(([one, other]) => side.has(one) && !side.has(other))
    if (cut.length === 0) return
    coverage.note('partition')
    trace.note('world', 'parts', () => [...side].map(({ name }) => name).join(' '))
    for (const [one, other] of cut) {
      network.block(one.peer, other.peer)
      network.block(other.peer, one.peer)
    }
    this.#later(partitionMs, () => {
      trace.note('world', 'is whole again')
      for (const [one, other] of cut) {
        network.unblock(one.peer, other.peer)
        network.unblock(other.peer, one.peer)
      }
    })
  }

  #oneWay(): void {
    const { network, machines, coverage, trace } = this.#world
    const [one, other] = this.#random.shuffled(machines)
    if (one === undefined || other === undefined) return
    coverage.note('one-way partition')
    trace.note(one.name, 'is not heard by', () => other.name)
    network.block(one.peer, other.peer)
    this.#later(partitionMs, () => network.unblock(one.peer, other.peer))
  }

  #jump(): void {
    const machine = this.#random.pick(this.#world.machines)
    if (machine === undefined) return
    machine.skewMs = (this.#random.next() * 2 - 1) * (this.#random.chance(0.5) ? clockJumpMs : clockJumpMs / 20)
    this.#world.coverage.note('clock jump')
    this.#world.trace.note(machine.name, 'clock is off', () => `${Math.round(machine.skewMs)} ms`)
  }

  #pause(): void {
    const machine = this.#random.pick(this.#world.up())
    const server = this.#random.pick(allServerIds)
    if (machine === undefined || server === undefined) return
    this.#world.coverage.note('pause')
    this.#world.trace.note(machine.name, 'pauses', () => String(server))
    machine.enqueue({ kind: 'pause', servers: [server] })
    this.#later(partitionMs, () => machine.enqueue({ kind: 'resume', servers: [server] }))
  }

  /** Gone for long, and the others go on. */
  #away(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine === undefined || this.#world.up().length < 3) return
    this.#world.trace.note(machine.name, 'is switched off')
    machine.crash()
    this.#later(awayMs, () => this.#restart(machine))
  }

  /** Something else takes all room on a disk, and leaves it again. */
  #fill(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine === undefined) return
    this.#world.coverage.note('disk full')
    this.#world.trace.note(machine.name, 'has a full disk')
    machine.isFull = true
    this.#later(awayMs, () => machine.room())
  }

  /** A backup is made, and put in place of the disk later on. */
  #restore(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine === undefined) return
    const copy = backUpOf(machine)
    this.#later(restoreMs, () => {
      if (machine.isDestroyed || this.#world.isRetired(machine) || this.#world.up().length < 2) return
      this.#world.coverage.note('old copy restored')
      this.#world.trace.note(machine.name, 'is restored from an old copy')
      machine.restore(copy)
      if (this.#random.chance(0.5)) this.#cutOff(machine)
    })
  }

  #setAllAside(): void {
    this.#world.coverage.note('everybody started over')
    this.#world.trace.note('world', 'sets all copies aside')
    for (const machine of this.#world.lasting()) startOver(machine, null)
  }

  /** Alone for a while, so that an old copy is written to before it meets those who know better. */
  #cutOff(machine: Machine): void {
    const { network, machines } = this.#world
    const others = machines.filter((other) => other !== machine)
    for (const { peer } of others) {
      network.block(machine.peer, peer)
      network.block(peer, machine.peer)
    }
    this.#later(aloneMs, () => {
      for (const { peer } of others) {
        network.unblock(machine.peer, peer)
        network.unblock(peer, machine.peer)
      }
    })
  }

  /** Mails that the machine holds, and documents of which it has had the content. */
  #contentsOf(machine: Machine): readonly UpdateId[] {
    const documents = [...this.#world.ledger.updates].flatMap(([id, { origin, sequence, change }]) =>
      change.kind === 'document' && sequence <= heldFrom(machine.disk.durable, origin) ? [id] : [],
    )
    return [...this.#world.ledger.heldBy(machine), ...documents]
  }

  #rotOne(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine !== undefined) this.rot(machine)
  }

  /** A mail's record rots where two others have it whole. */
  rot(machine: Machine): void {
    const snapshot = machine.disk.newestSnapshot
    for (const mail of this.#random.shuffled([...this.#world.ledger.heldBy(machine)]).slice(0, copiesToRot)) {
      const { origin, sequence } = splitUpdateId(mail)
      if (snapshot === null || heldFrom(snapshot, origin) < sequence || !machine.disk.holds(origin, sequence)) continue
      const { bytes } = machine.disk.readUpdate(origin, sequence) ?? {}
      // By this name others may hold another mail: of a log that was forked.
      const isSame = (other: Machine): boolean => {
        const held = other.disk.holds(origin, sequence) ? other.disk.readUpdate(origin, sequence)?.bytes : undefined
        return held !== undefined && bytes !== undefined && sameBytes(held, bytes)
      }
      const others = this.#world.lasting().filter((other) => other !== machine && isSame(other))
      if (others.length < 2) continue
      machine.disk.rot(origin, sequence)
      // Whatever shared its record is gone with it.
      for (const held of this.#contentsOf(machine)) this.#world.noteRot(machine, held)
      this.#world.coverage.note('record damaged')
      this.#world.trace.note(machine.name, 'rots', () => mail)
    }
  }
}
