import type { AccountId, Clock, OriginId, Sequence, UpdateId } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import type { MailChange, Update } from '../../replica/core/model/updates.ts'
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
  readonly #deletions = new Map<UpdateId, Set<AccountId>>()
  readonly #deletedAccounts = new Set<AccountId>()
  /** By account and command, the updates that it became. */
  readonly #names = new Map<string, UpdateId[]>()

  record(update: Update): void {
    const id = updateId(update.origin, update.sequence)
    if (this.updates.has(id)) return
    this.updates.set(id, update)
    const { change } = update
    if (change.kind === 'accountDeletion') this.#deletedAccounts.add(change.account)
    if (change.kind === 'mail') this.#names.set(wishOf(change), [...this.namesOf(change), id])
    if (change.kind !== 'deletion') return
    const deleters = this.#deletions.get(change.mail) ?? new Set()
    this.#deletions.set(change.mail, deleters.add(change.account))
  }

  /** The machine holds the mail's content durably. */
  held(machine: Machine, mail: UpdateId): void {
    const mails = this.#holders.get(machine) ?? new Set()
    this.#holders.set(machine, mails.add(mail))
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
    const deletions = this.namesOf(change).map((name) => this.#deletions.get(name))
    return [change.account, ...change.to].every(
      (owner) => this.#deletedAccounts.has(owner) || deletions.some((deleters) => deleters?.has(owner) ?? false),
    )
  }

  /** All updates that one command became. */
  namesOf(mail: MailChange): readonly UpdateId[] {
    return this.#names.get(wishOf(mail)) ?? []
  }
}

const wishOf = ({ account, command }: MailChange): string => `${account} ${command}`
