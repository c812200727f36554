import type { AccountId, CommandId } from '../../replica/core/model/ids.ts'
import { documentId, serverId, updateId } from '../../replica/core/model/ids.ts'
import { type BulkMark, shelves } from '../../replica/core/model/mailbox-changes.ts'
import type { Meant } from '../../replica/core/model/meant.ts'
import type { PostChange } from '../../replica/core/model/social-changes.ts'
import type { Change, MailChange, PersonChange } from '../../replica/core/model/updates.ts'
import { overtaken } from '../../replica/core/words.ts'
import type { Faults } from '../simulation/faults.ts'
import { Growth, type Newcomer } from '../simulation/growth.ts'
import type { Machine } from '../simulation/machine.ts'
import { Random } from '../simulation/random.ts'
import { newAccountId, newCommandId } from '../simulation/sim-codec.ts'
import { sign } from '../simulation/sim-wire.ts'
import { backUpOf } from '../simulation/starting-over.ts'
import { isUnderstoodBy } from '../simulation/versions.ts'
import { noteAcknowledged } from '../simulation/workload.ts'
import type { World } from '../simulation/world.ts'
import type { Deviations } from './deviations.ts'

const againMs = 150
const sealKeyBytes = 32
const microsPerMs = 1_000
const seedOfPeople = 1

/** Whether who gets no answer asks the next server, or waits for the same one. */
export type Patience = 'fails over' | 'waits'

/** What a scenario is told with: machines by their seats, people by their names, mails by their words. */
export class Stage {
  readonly world: World
  readonly growth: Growth
  readonly faults: Faults
  readonly #deviations: Deviations
  readonly #random = new Random(seedOfPeople)
  readonly #accounts = new Map<string, AccountId>()
  readonly #commands = new Map<string, CommandId>()
  readonly #mails = new Map<string, PersonChange>()
  #isOver = false

  constructor(world: World, faults: Faults, deviations: Deviations) {
    this.world = world
    this.faults = faults
    this.#deviations = deviations
    this.growth = new Growth(world)
  }

  stop(): void {
    this.#isOver = true
    this.growth.stop()
  }

  at(atMs: number, task: () => void): void {
    this.world.timeline.after(atMs - this.world.timeline.nowMs, () => {
      if (!this.#isOver) task()
    })
  }

  /** Who is in this seat by now, up or not. */
  machine(seat: number): Machine | undefined {
    return this.world.machines.findLast((machine) => machine.seat === seat && !machine.isDestroyed)
  }

  /** Now, or as soon as it is up. */
  when(seat: number, task: (machine: Machine) => void): void {
    const machine = this.machine(seat)
    if (this.#isOver) return
    if (machine?.isUp === true) task(machine)
    else this.world.timeline.after(againMs, () => this.when(seat, task))
  }

  crash(seat: number): void {
    this.machine(seat)?.crash()
  }

  start(seat: number): void {
    const machine = this.machine(seat)
    if (machine?.isUp === false) machine.start()
  }

  /** `by`: the seat of who lets it in; any, if none is told. */
  join(newcomer: Newcomer, by: number | null = null): void {
    if (by === null) this.growth.join(newcomer)
    else this.when(by, (machine) => this.growth.joinAt(machine, newcomer))
  }

  /** A copy of its disk is made, which may be put back at any moment from then on. */
  copy(seat: number, fromMs = 0): void {
    this.when(seat, (machine) => {
      const copy = backUpOf(machine)
      this.at(fromMs, () => this.#deviations.keep(machine, copy))
    })
  }

  /** Nothing passes between these seats and all others. */
  part(seats: readonly number[]): void {
    this.#pairs(seats, (one, other) => this.world.network.keepApart(one.peer, other.peer))
  }

  meet(seats: readonly number[]): void {
    this.#pairs(seats, (one, other) => this.world.network.bringTogether(one.peer, other.peer))
  }

  signUp(name: string, seat: number): void {
    const account = newAccountId(this.#random)
    this.#accounts.set(name, account)
    const sealKey = new Uint8Array(sealKeyBytes)
    const sealedKeys = new Uint8Array(1)
    this.#give(seat, 'waits', {
      kind: 'account',
      account,
      command: newCommandId(this.#random),
      name,
      sealKey,
      sealedKeys,
    })
  }

  account(name: string): AccountId {
    const account = this.#accounts.get(name)
    if (account === undefined) throw new Error(`nobody is called ${name}`)
    return account
  }

  mail(words: string, by: string, to: readonly string[], seat: number, patience: Patience = 'waits'): void {
    const command = newCommandId(this.#random)
    this.#commands.set(words, command)
    const [account, recipients] = [this.account(by), to.map((name) => this.account(name))]
    const mail = { kind: 'mail', account, command, to: recipients, conversation: null } as const
    this.#mails.set(words, mail)
    this.#give(seat, patience, mail)
  }

  /** Its client has got no answer in time, and gives it to another server. */
  again(words: string, seat: number): void {
    const mail = this.#mails.get(words)
    if (mail !== undefined) this.#give(seat, 'waits', mail)
  }

  /** As soon as the mail is seen there. */
  mark(mark: 'read' | 'deletion', words: string, by: string, seat: number, patience: Patience = 'waits'): void {
    const account = this.account(by)
    const command = newCommandId(this.#random)
    this.#look(words, seat, ({ id, tag }) =>
      this.#give(seat, patience, { kind: mark, account, command, mail: id, tag }),
    )
  }

  /** The same, as a word: it can be taken back, and counts from when it is said. */
  say(mark: BulkMark, words: string, by: string, seat: number, patience: Patience = 'waits'): void {
    const account = this.account(by)
    const command = newCommandId(this.#random)
    this.#look(words, seat, ({ id, tag }) =>
      this.#give(seat, patience, { kind: 'marks', account, command, mark, mails: [id], tags: [tag], saidAt: 1 }),
    )
  }

  /** The only draft of its person. */
  draft(state: 'written' | 'deleted', by: string, seat: number, patience: Patience = 'waits'): void {
    const document = documentId(Buffer.alloc(16, 1).toString('base64url'))
    const command = newCommandId(this.#random)
    const account = this.account(by)
    this.#give(seat, patience, {
      kind: 'document',
      account,
      command,
      document,
      shelf: shelves.drafts,
      state,
      saidAt: 1,
    })
  }

  deleteAccount(name: string, seat: number): void {
    const command = newCommandId(this.#random)
    this.#give(seat, 'waits', { kind: 'accountDeletion', account: this.account(name), command })
  }

  post(words: string, by: string, seat: number): void {
    const command = newCommandId(this.#random)
    this.#commands.set(words, command)
    this.#give(seat, 'waits', { kind: 'post', account: this.account(by), command })
  }

  /** As soon as the post is seen there. */
  takeBack(words: string, by: string, seat: number): void {
    const [account, command] = [this.account(by), newCommandId(this.#random)]
    this.#look(words, seat, ({ id, tag }) =>
      this.#give(seat, 'waits', { kind: 'postDeletion', account, command, post: id, tag }),
    )
  }

  follow(state: 'follows' | 'not', by: string, whom: string, seat: number): void {
    const [account, command] = [this.account(by), newCommandId(this.#random)]
    this.#give(seat, 'waits', { kind: 'follow', account, command, whom: this.account(whom), state, saidAt: 1 })
  }

  /** The machine in this seat is said to be gone for good, at another one, as soon as that knows it; not by what that becomes when it joins again. */
  retire(seat: number, by: number, author: Machine | null = null): void {
    this.when(by, (machine) => {
      const gone = this.machine(seat)
      if (gone === undefined || machine.core.state.seats.isRetired(gone.identity.origin)) return
      if (author !== null && author !== machine) return
      machine.command({ kind: 'retire', machine: gone.identity.origin }, (answer) => {
        if (answer?.ok !== true) this.world.timeline.after(againMs, () => this.retire(seat, by, machine))
      })
    })
  }

  /** The machine in this seat, which was retired, is started with `--reset` and an invite: what it has is set aside, and given back. */
  joinAgain(seat: number, by: number): void {
    this.when(by, (machine) => {
      const was = this.machine(seat)
      const { seats } = machine.core.state
      const isMember = was !== undefined && seats.isMember(was.peer)
      if (was === undefined || isMember) {
        this.world.timeline.after(againMs, () => this.joinAgain(seat, by))
        return
      }
      this.world.joinedAgain.add(was)
      this.growth.joinAt(machine, { server: null, replaces: null, was })
    })
  }

  /** What the mail or post of this command was called. */
  wordsOf(command: CommandId): string | undefined {
    return [...this.#commands].find(([, given]) => given === command)?.[0]
  }

  /** As soon as the account is known there. */
  logIn(name: string, seat: number): void {
    const account = this.account(name)
    this.when(seat, (machine) => {
      if (machine.isSettled && machine.core.state.accounts.get(account) !== undefined)
        this.world.logIns?.logInAt(machine, account)
      else this.world.timeline.after(againMs, () => this.logIn(name, seat))
    })
  }

  #look(words: string, seat: number, seen: (mail: Meant) => void): void {
    if (this.#isOver) return
    const machine = this.machine(seat)
    const mail = machine?.isSettled === true ? this.#find(machine, words) : undefined
    if (mail === undefined) this.world.timeline.after(againMs, () => this.#look(words, seat, seen))
    else seen(mail)
  }

  #find({ core, disk }: Machine, words: string): Meant | undefined {
    const mail = [...core.state.mails.records(), ...core.state.posts.records()].find(({ origin, sequence }) => {
      const change = disk.readUpdate(origin, sequence)?.change
      return isContent(change) && change.command === this.#commands.get(words)
    })
    return mail === undefined ? undefined : { id: updateId(mail.origin, mail.sequence), tag: mail.tag }
  }

  #give(seat: number, patience: Patience, change: PersonChange): void {
    const { ledger, timeline } = this.world
    const machine = this.machine(seat)
    const again = (): void => timeline.after(againMs, () => this.#give(this.#next(seat, patience), patience, change))
    if (this.#isOver) return
    if (machine?.isUp !== true || !isUnderstoodBy(machine.version, change)) {
      again()
      return
    }
    const signed = sign(saidNow(machine, change), change.command)
    machine.command({ kind: 'submit', signed }, (result) => {
      if (result?.ok !== true) again()
      else if (signed.change.kind === 'mail') noteAcknowledged(ledger, result.value.update, signed.change)
    })
  }

  #next(seat: number, patience: Patience): number {
    if (patience === 'waits') return seat
    const seats = [...new Set(this.world.machines.map((machine): number => machine.seat))].sort()
    return seats[(seats.indexOf(seat) + 1) % seats.length] ?? seat
  }

  #pairs(seats: readonly number[], task: (one: Machine, other: Machine) => void): void {
    for (const one of this.world.machines)
      for (const other of this.world.machines)
        if (seats.includes(one.seat) && !seats.includes(other.seat)) task(one, other)
  }
}

const isContent = (change: Change | undefined): change is MailChange | PostChange =>
  change?.kind === 'mail' || change?.kind === 'post'

/** Later than all that its person said before, as far as is known there. */
const saidNow = ({ core, wallMs }: Machine, change: PersonChange): PersonChange => {
  if (!('saidAt' in change)) return change
  const said = { ...change, saidAt: wallMs * microsPerMs }
  const before = overtaken(core.state, said, wallMs)
  return before === null ? said : { ...said, saidAt: before.by + 1 }
}

export const anySeat: Newcomer = { server: null, replaces: null }
export const seatOf = (seat: number): Newcomer => ({ server: serverId(seat), replaces: null })
