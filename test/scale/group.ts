import type { Command, CommandAnswer } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import { assert } from '../../replica/core/model/errors.ts'
import type { AccountId, PeerId, ServerId } from '../../replica/core/model/ids.ts'
import { allServerIds } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { covers } from '../../replica/core/version-vector.ts'
import type { InstallKey } from '../../replica/wire/batch-codec.ts'
import { originOf, peerIdOf, publicKeyOf } from '../../replica/wire/keys.ts'
import type { Wire } from '../../replica/wire/wire.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { Random } from '../simulation/random.ts'
import { newAccountId, newInviteId } from '../simulation/sim-codec.ts'
import { Timeline } from '../simulation/timeline.ts'
import type { Letters } from './letters.ts'
import { addressesOf, Mesh } from './mesh.ts'
import type { ScaleOptions } from './options.ts'
import type { SeatWorld } from './seat.ts'
import { Seat } from './seat.ts'
import { Spread } from './spread.ts'
import { Traffic } from './traffic.ts'

const groupIdBytes = 16
const seedBytes = 32
const inviteMs = 3_600_000
const lookEveryMs = 50
const joinEveryMs = 1_000

interface Install {
  readonly key: InstallKey
  readonly peer: PeerId
}

/** All seats of one group with what is between them, in simulated time. */
export class ScaleGroup implements SeatWorld {
  readonly timeline = new Timeline()
  readonly wire: Wire
  readonly fsyncMs: number
  readonly seats: Seat[] = []
  readonly spread = new Spread()
  traffic = new Traffic()
  readonly #random: Random
  readonly #mesh: Mesh
  readonly #letters: Letters

  constructor(options: ScaleOptions, random: Random, letters: Letters) {
    this.#random = random
    this.#letters = letters
    this.fsyncMs = options.fsyncMs
    this.wire = createWire({ groupId: random.bytes(groupIdBytes) })
    this.#mesh = new Mesh(this.timeline, random.fork(), options, () => this.traffic)
  }

  send(from: PeerId, to: PeerId, message: Message, urgency: 'ordinary' | 'droppable'): void {
    this.#mesh.send(from, to, message, urgency)
  }

  gossip(from: PeerId, batches: readonly Batch[]): void {
    this.#mesh.gossip(from, batches)
  }

  disconnect(from: PeerId, to: PeerId): void {
    this.#mesh.disconnect(from, to)
  }

  want(from: PeerId, peers: Iterable<PeerId>): void {
    this.#mesh.want(from, peers)
  }

  holds(seat: Seat, batches: readonly Batch[]): void {
    this.spread.holds(seat.identity.origin, batches, this.timeline.nowMs)
  }

  settled(seat: Seat): void {
    this.spread.settled(seat.core, this.timeline.nowMs)
  }

  /** The first founds the group; the others join one after the other, each invited by somebody who is there. */
  grow(limitMs: number): void {
    for (const server of allServerIds) {
      if (this.seats.length === 0) this.#found(server)
      else this.#join(server, this.#random.pick(this.seats))
      this.run(joinEveryMs)
    }
    this.until(limitMs, 'all seats are taken', () => this.seats.length === allServerIds.length)
    this.until(limitMs, 'everybody has signed up everywhere', () =>
      this.seats.every(({ core }) => core.state.accounts.records().length === allServerIds.length),
    )
    this.until(limitMs, 'the group is whole', () => this.isWhole && this.isAgreed)
  }

  /** Everybody sees everybody. */
  get isWhole(): boolean {
    return this.seats.every(({ core }) => core.view.servers.length === allServerIds.length)
  }

  /** All hold the same. */
  get isAgreed(): boolean {
    const [first, ...others] = this.seats.map(({ core }) => core.state.vector)
    return first !== undefined && others.every((vector) => covers(first, vector) && covers(vector, first))
  }

  run(forMs: number): void {
    this.timeline.run(this.timeline.nowMs + forMs, () => false)
  }

  /** Returns how long it took, in simulated milliseconds, to the next look. */
  until(limitMs: number, what: string, isDone: () => boolean): number {
    const beganMs = this.timeline.nowMs
    while (!isDone()) {
      if (this.timeline.nowMs - beganMs > limitMs)
        throw new Error(`within ${limitMs} ms it did not come about that ${what}`)
      this.run(lookEveryMs)
    }
    return this.timeline.nowMs - beganMs
  }

  /** A letter from this seat's person to somebody; told when it is durable here. */
  write(seat: Seat, onWritten: (answer: CommandAnswer) => void): void {
    const others = this.seats.filter((other) => other !== seat)
    const reader = this.#random.pick(others)
    const signed = this.#letters.mail(seat.account, reader === undefined ? [] : [reader.account])
    this.#tell(seat, { kind: 'submit', signed }, onWritten)
  }

  part(): void {
    const half = Math.floor(allServerIds.length / 2)
    const left = new Set(this.seats.filter(({ identity }) => identity.server <= half).map(({ peer }) => peer))
    this.#mesh.part((peer) => (left.has(peer) ? 0 : 1))
  }

  heal(): void {
    this.#mesh.heal()
  }

  #tell(seat: Seat, command: Command, onAnswer: (answer: CommandAnswer) => void): void {
    seat.command(command, (result) => {
      assert(result.ok, `${seat.machine} carries out: ${command.kind}`)
      onAnswer(result.value)
    })
  }

  #found(server: ServerId): void {
    const install = this.#install(server)
    const seat = this.#begin(server, install, null, [])
    this.#tell(seat, { kind: 'found', groupName: 'the group', server, machine: seat.machine }, () => this.#signUp(seat))
  }

  #join(server: ServerId, inviter: Seat | undefined): void {
    assert(inviter !== undefined, 'somebody is there to ask')
    const invite = newInviteId(this.#random)
    const install = this.#install(server)
    const expiresAtMs = Number.MAX_SAFE_INTEGER - inviteMs
    this.#tell(inviter, { kind: 'invite', invite, expiresAtMs }, () => {
      this.#tell(inviter, { kind: 'admit', invite, peer: install.peer, server }, ({ batch }) => {
        const vouchers = [inviter.identity.admission, ...inviter.identity.vouchers].flatMap((proof) => proof ?? [])
        const seat = this.#begin(server, install, batch, vouchers)
        this.#tell(seat, { kind: 'claim', server, machine: seat.machine, replaces: null }, () => this.#signUp(seat))
        this.#mesh.want(seat.peer, [inviter.peer])
      })
    })
  }

  #begin(server: ServerId, { key, peer }: Install, admission: Batch | null, vouchers: readonly Batch[]): Seat {
    const identity: Identity = { origin: key.origin, server, peer, admission, vouchers }
    const account: AccountId = newAccountId(this.#random)
    const seat = new Seat(this, identity, key, account)
    this.seats.push(seat)
    this.#mesh.add(seat)
    seat.enqueue({ kind: 'addresses', addresses: new Map([[peer, addressesOf(seat)]]) })
    return seat
  }

  #signUp(seat: Seat): void {
    const signed = this.#letters.signUp(seat.account, `person ${seat.identity.server}`)
    this.#tell(seat, { kind: 'submit', signed }, () => undefined)
  }

  #install(server: ServerId): Install {
    const privateKey = this.#random.bytes(seedBytes)
    const publicKey = publicKeyOf(privateKey)
    const peer = peerIdOf(publicKey)
    return { peer, key: { origin: originOf(server, peer), publicKey, privateKey } }
  }
}
