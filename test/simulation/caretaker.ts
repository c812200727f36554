import type { InviteId } from '../../replica/core/model/ids.ts'
import type { Random } from './random.ts'
import { newIdentity, newInviteId } from './sim-codec.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

const everyMs = 900
const inviteMs = 3_600_000
const wishes = ['renameGroup', 'renameMachine', 'invite', 'admitClient', 'revoke'] as const

/** Somebody who looks after the group: gives names, invites people who keep no replica, and takes invites back. */
export class Caretaker {
  readonly #world: World
  readonly #random: Random
  readonly #invites: InviteId[] = []
  #isOver = false
  #count = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork()
    this.#next()
  }

  stop(): void {
    this.#isOver = true
  }

  #next(): void {
    this.#world.timeline.after(this.#random.waitMs(everyMs), () => {
      const machine = this.#random.pick(this.#world.up())
      if (this.#isOver) return
      if (machine !== undefined) this.#wish(machine)
      this.#next()
    })
  }

  #wish(machine: Machine): void {
    const { coverage } = this.#world
    const noted = (): void => coverage.note('group looked after')
    const invite = this.#random.pick(this.#invites)
    this.#count += 1
    switch (this.#random.pick(wishes)) {
      case 'renameGroup':
        return machine.command({ kind: 'renameGroup', name: `group ${this.#count}` }, noted)
      case 'renameMachine':
        return machine.command({ kind: 'renameMachine', name: `name ${this.#count}` }, noted)
      case 'admitClient': {
        if (invite === undefined) return
        const { peer } = newIdentity(this.#random, serverId(1))
        return machine.command({ kind: 'admitClient', invite, peer, machine: `client ${this.#count}` }, noted)
      }
      case 'revoke':
        if (invite !== undefined) machine.command({ kind: 'revoke', invite }, noted)
        return
      default: {
        const made = newInviteId(this.#random)
        this.#invites.push(made)
        machine.command({ kind: 'invite', invite: made, expiresAtMs: machine.wallMs + inviteMs }, noted)
      }
    }
  }
}
