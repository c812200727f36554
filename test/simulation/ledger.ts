import type { AccountId, Clock, OriginId, Sequence, UpdateId, CommandId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import type { Machine } from './machine.ts'

/** Everything that ever became durable anywhere, as an all-seeing bystander writes it down. */
export class Ledger {
  readonly updates = new Map<UpdateId, Update>()
  /** Mails whose sender was told that they are safe. */
  readonly acknowledged = new Set<UpdateId>()
  /** By origin and command, what came of it. */
  readonly executed = new Map<string, Sequence>()
  readonly lastClock = new Map<OriginId, Clock>()
  readonly #holders = new Map<Machine, Set<UpdateId>>()
  readonly #commands = new Map<Machine, Set<CommandId>>()
  /** Acknowledged mails, whatever they are called. */
  readonly acknowledgedWishes: { readonly command: CommandId; readonly people: readonly AccountId[] }[] = []
  readonly #deletions = new Map<UpdateId, Set<AccountId>>()
  readonly #deletedAccounts = new Set<AccountId>()

  record(update: Update): void {
    const id = updateId(update.origin, update.sequence)
    if (this.updates.has(id)) return
    this.updates.set(id, update)
    const { change } = update
    if (change.kind === 'accountDeletion') this.#deletedAccounts.add(change.account)
    if (change.kind !== 'deletion') return
    const deleters = this.#deletions.get(change.mail) ?? new Set()
    this.#deletions.set(change.mail, deleters.add(change.account))
  }

  /** The machine holds the mail's content durably. */
  held(machine: Machine, mail: UpdateId): void {
    const mails = this.#holders.get(machine) ?? new Set()
    this.#holders.set(machine, mails.add(mail))
    const { origin, sequence } = splitUpdateId(mail)
    const change = machine.disk.readUpdate(origin, sequence)?.change
    if (change?.kind === 'mail') this.#commandsOf(machine).add(change.command)
  }

  /** Mails that this machine, or the install that it goes on for, holds durably, by the commands that sent them. */
  holdsCommand(machine: Machine, command: CommandId): boolean {
    return this.#commandsOf(machine).has(command)
  }

  /** The machine has an old copy now. */
  restored(machine: Machine): void {
    this.#holders.delete(machine)
    this.#commands.delete(machine)
    for (const { origin, sequence, change } of machine.disk.updates())
      if (change.kind === 'mail') this.held(machine, updateId(origin, sequence))
  }

  /** `next` will give back what `old` has. */
  inherit(next: Machine, old: Machine): void {
    this.#commands.set(next, new Set(this.#commandsOf(old)))
  }

  #commandsOf(machine: Machine): Set<CommandId> {
    const commands = this.#commands.get(machine) ?? new Set<CommandId>()
    this.#commands.set(machine, commands)
    return commands
  }

  /** The machine's copy rotted. */
  unheld(machine: Machine, mail: UpdateId): void {
    this.#holders.get(machine)?.delete(mail)
  }

  heldBy(machine: Machine): ReadonlySet<UpdateId> {
    return this.#holders.get(machine) ?? new Set()
  }

  /** Whether everybody who had a copy has deleted it somewhere, or deleted the account. */
  isDeletedByAll(mail: UpdateId): boolean {
    const change = this.updates.get(mail)?.change
    if (change?.kind !== 'mail') return false
    const deleters = this.#deletions.get(mail)
    return [change.account, ...change.to].every(
      (owner) => this.#deletedAccounts.has(owner) || (deleters?.has(owner) ?? false),
    )
  }
}
