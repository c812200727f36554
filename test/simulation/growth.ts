import type { CommandAnswer } from '../../replica/core/effects.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { allServerIds, seatCount, serverId } from '../../replica/core/model/ids.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { originOf } from '../../replica/wire/keys.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { KeptKeys } from './group-keys.ts'
import { invitedBy } from './group-keys.ts'
import { Machine } from './machine.ts'
import { Promises } from './promises.ts'
import type { Random } from './random.ts'
import { newIdentity, newInviteId } from './sim-codec.ts'
import type { World } from './world.ts'

const inviteMs = 3_600_000
const retryMs = 700
const comesBackMs = 12_000
const awayMs = 6_000
/** Others may know by then who let a machine in. */
const toldAfterMs = 5_000
/** In another step than the one before, and before that has come. */
const nextMs = 60

export interface Newcomer {
  /** Null takes the first free seat. */
  readonly server: ServerId | null
  /** The install whose machine is gone. */
  readonly replaces: Machine | null
  /** The install that this machine was: what it has is set aside, and given back. */
  readonly was?: Machine
}

interface Admitted {
  readonly newcomer: Newcomer
  readonly server: ServerId
  readonly peer: Machine['peer']
  readonly admission: Batch
  readonly inviter: Machine
  readonly keys: KeptKeys
}

/** How a group comes to its machines: founded, joined by invites, replaced. */
export class Growth {
  readonly #world: World
  readonly #random: Random
  readonly #promises: Promises
  #isOver = false

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork()
    this.#promises = new Promises(world)
    this.#found()
    const { settings, timeline } = world
    for (const server of allServerIds.slice(1, settings.firstSeats)) this.join({ server, replaces: null })
    for (let count = 0; count < settings.joiners; count += 1) {
      timeline.after(this.#someTimeMs(), () => {
        // Now and then two at once ask different members for the same seat.
        const server = this.#random.chance(0.3) ? serverId(seatCount) : null
        this.join({ server, replaces: null })
        if (server !== null) this.join({ server, replaces: null })
      })
    }
    for (let count = 0; count < settings.replacements; count += 1)
      timeline.after(this.#someTimeMs(), () => this.#replace())
  }

  stop(): void {
    this.#isOver = true
  }

  #someTimeMs(): number {
    const { chaosMs } = this.#world.settings
    return chaosMs * (0.3 + 0.6 * this.#random.next())
  }

  #found(): void {
    const server = serverId(1)
    const { peer, origin } = newIdentity(this.#random, server)
    const machine = new Machine(
      this.#world,
      { origin, server, peer, admission: null, vouchers: [] },
      { kind: 'found', groupName: 'the group', server, machine: 'machine 1' },
      [],
      this.#world.settings.tuning,
    )
    this.#world.add(machine)
    machine.start()
  }

  join(newcomer: Newcomer): void {
    // Not what joins again itself.
    const others = this.#world.up().filter((machine) => machine !== newcomer.was && this.#isAsked(machine))
    const inviter = this.#random.pick(others)
    if (this.#isOver) return
    if (inviter === undefined) {
      this.#joinLater(newcomer)
      return
    }
    this.joinAt(inviter, newcomer)
    const isAnyFree = newcomer.server === null && newcomer.replaces === null
    if (isAnyFree && this.#promises.comeTwo()) inviter.later(nextMs, () => this.joinAt(inviter, newcomer))
  }

  /**
   * What people do when they are told that their machine was retired, or is a stranger to the others because who let it in was shut out before
   * they met: it is started with `--reset` and an invite, which is how what it has comes back.
   */
  joinAgain(waitedMs: number): void {
    const lasting = this.#world.lasting().filter(({ isUp }) => isUp)
    const inviter = lasting.find(({ core }) => !core.isRetired)
    for (const machine of lasting) {
      if (inviter === undefined || this.#world.joinedAgain.has(machine)) continue
      const isTold = (machine.core.isRetired && machine.aside.length > 0) || isParted(machine, inviter)
      if (!isTold || waitedMs < toldAfterMs) continue
      this.#world.joinedAgain.add(machine)
      this.#world.trace.note(machine.name, 'joins again')
      this.joinAt(inviter, { server: null, replaces: null, was: machine })
    }
  }

  joinAt(inviter: Machine, newcomer: Newcomer): void {
    const invite = newInviteId(this.#random)
    const keys = invitedBy(inviter)
    inviter.command({ kind: 'invite', invite, expiresAtMs: inviter.wallMs + inviteMs }, (made) => {
      if (made?.ok !== true) {
        this.#joinLater(newcomer)
        return
      }
      const free = newcomer.replaces === null ? newcomer.server : null
      const { peer } = newIdentity(this.#random, free ?? serverId(1))
      const admitted = (by: Machine, answer: Result<CommandAnswer> | null): void => {
        const seat = newcomer.replaces?.seat ?? seatOf(answer)
        const admission = batchOf(answer)
        if (seat === null || admission === null) {
          // Its invite was revoked when the key was changed.
          if (answer === null || isRevoked(answer)) this.#joinLater(newcomer)
          // There is no seat for it: its person goes on without a replica.
          else newcomer.was?.destroy()
          return
        }
        if (newcomer.replaces === null) this.#promises.given(by, peer, seat)
        this.#settle({ newcomer, server: seat, peer, admission, inviter: by, keys })
      }
      const wish = { kind: 'admit', invite, peer, server: free } as const
      inviter.command(wish, (answer) => {
        const other =
          answer?.ok === true && newcomer.replaces === null && newcomer.was === undefined
            ? this.#promises.askedInstead(inviter, peer, answer.value.server)
            : null
        if (other === null) admitted(inviter, answer)
        else other.command(wish, (again) => (again?.ok === true ? admitted(other, again) : admitted(inviter, answer)))
      })
    })
  }

  /** Who knows nobody but a liar is its own; and who is let in by a machine that was shut out is not let in by the others. */
  #isAsked(machine: Machine): boolean {
    const isGone = this.#world.keyChanges !== null && this.#world.isRetired(machine)
    return this.#world.isHonest(machine) && !isGone && !this.#world.shutOut.has(machine)
  }

  #joinLater(newcomer: Newcomer): void {
    this.#world.timeline.after(this.#random.waitMs(retryMs), () => this.join(newcomer))
  }

  #settle({ newcomer, server, peer, admission, inviter, keys }: Admitted): void {
    const { coverage, trace } = this.#world
    const origin = originOf(server, peer)
    const replaces = newcomer.replaces?.identity.origin ?? null
    const { admission: own, vouchers: others } = inviter.identity
    const machine = new Machine(
      this.#world,
      {
        origin,
        server,
        peer,
        admission,
        vouchers: [own, ...others].flatMap((batch) => batch ?? []).slice(0, limits.vouchers),
      },
      { kind: 'claim', server, machine: `machine ${this.#world.machines.length + 1}`, replaces },
      [inviter.peer],
      this.#world.settings.tuning,
    )
    coverage.note(replaces === null ? 'joined' : 'machine replaced')
    trace.note(
      machine.name,
      'joins',
      () => `let in by ${inviter.name}${replaces === null ? '' : `, replaces ${replaces}`}`,
    )
    machine.groupKeys.kept = keys
    if (newcomer.was !== undefined) inherit(machine, newcomer.was)
    this.#world.add(machine, newcomer.was)
    machine.start()
  }

  #replace(): void {
    if (this.#isOver) return
    const lasting = this.#world.lasting()
    const gone = this.#random.pick(lasting)
    if (gone === undefined || lasting.length < 3) return
    const comesBack = this.#random.chance(0.4) || this.#world.keyChanges !== null
    this.#world.trace.note(gone.name, comesBack ? 'is taken for gone' : 'is destroyed')
    if (comesBack) gone.crash()
    else gone.destroy()
    const isRetired = this.#random.chance(0.5) || this.#world.keyChanges !== null
    if (isRetired) this.retire(gone)
    else this.join({ server: null, replaces: gone })
    if (!comesBack) return
    this.#world.timeline.after(this.#random.next() * comesBackMs, () => {
      if (gone.isUp) return
      this.#world.coverage.note(
        this.#world.isRetired(gone) ? 'retired machine came back' : 'replaced machine came back',
      )
      gone.start()
    })
  }

  /** Another machine says that it is gone for good; then a new one takes the free seat. */
  retire(gone: Machine): void {
    const { coverage, trace, timeline } = this.#world
    const { origin } = gone.identity
    const judge = this.#random.pick(this.#world.up())
    if (this.#isOver || gone.isUp) return
    const again = (): void => timeline.after(this.#random.waitMs(retryMs), () => this.retire(gone))
    const done = (): void => {
      coverage.note('machine retired')
      this.join({ server: null, replaces: null })
    }
    // A judge that went down before it answered may have said it all the same.
    if (judge?.core.state.seats.isRetired(origin) === true) {
      done()
      return
    }
    if (
      judge === undefined ||
      this.#world.shutOut.has(judge) ||
      judge.core.state.seats.holder(gone.seat)?.origin !== origin
    ) {
      again()
      return
    }
    const { keyChanges } = this.#world
    judge.command({ kind: 'retire', machine: origin }, (answer) => {
      trace.note(judge.name, 'retires', () => `${gone.name}: ${answer?.ok === true ? 'done' : 'not heard'}`)
      if (answer?.ok !== true) again()
      else if (keyChanges === null) done()
      else this.#shutOut(judge, gone, done)
    })
  }

  /** It is not trusted any more: it is shut out, too, and the group gets a new key. */
  #shutOut(judge: Machine, gone: Machine, done: () => void): void {
    judge.command({ kind: 'shutOut', machine: gone.identity.origin }, (answer) => {
      this.#world.trace.note(judge.name, 'shuts out', () => gone.name)
      if (answer?.ok === true) {
        this.#world.coverage.note('machine shut out')
        this.#world.shutOut.add(gone)
        this.#world.keyChanges?.change(judge)
        this.#goneWith(gone, judge)
      }
      done()
    })
  }

  /** Somebody was away when the machine was shut out, and comes back just when that does: it has much to fetch before it knows. */
  #goneWith(gone: Machine, judge: Machine): void {
    const { timeline, trace } = this.#world
    const other = this.#random.pick(this.#world.up().filter((machine) => machine !== judge && machine !== gone))
    if (other === undefined) return
    trace.note(other.name, 'is away meanwhile')
    other.crash()
    timeline.after(awayMs * (0.5 + this.#random.next()), () => {
      for (const machine of [other, gone]) if (!machine.isUp && !machine.isDestroyed) machine.start()
    })
  }
}

/** Whoever let it in is shut out, and so the other side does not know it. */
const isParted = ({ peer, identity: { admission, vouchers } }: Machine, { core }: Machine): boolean =>
  !core.state.seats.isAdmitted(peer) &&
  [admission ?? [], vouchers].flat().some(({ origin }) => core.state.seats.isShutOut(origin))

/** All that a machine had goes on as a copy that is set aside. */
const inherit = (next: Machine, was: Machine): void => {
  was.crash()
  was.isDestroyed = true
  next.aside = [...was.aside, { disk: was.disk, install: was.identity.origin, forked: null }]
  next.world.ledger.inherit(next, was)
}

const batchOf = (answer: Result<CommandAnswer> | null): Batch | null =>
  answer?.ok === true ? answer.value.batch : null
const isRevoked = (answer: Result<CommandAnswer>): boolean => !answer.ok && answer.failure.code === 'INVITE_REVOKED'
const seatOf = (answer: Result<CommandAnswer> | null): ServerId | null =>
  answer?.ok === true ? answer.value.server : null
