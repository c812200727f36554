import type { AccountId, Clock, OriginId, Sequence, UpdateId, CommandId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { Change, MailChange, Update } from '../../replica/core/model/updates.ts'
import { countsFrom } from '../../replica/core/model/updates.ts'
import { type Meant, meantBy } from '../../replica/core/model/meant.ts'
import type { DocumentChange } from '../../replica/core/model/mailbox-changes.ts'
import type { PostChange } from '../../replica/core/model/social-changes.ts'
import { stateOf } from '../../replica/host/divergence.ts'
import type { Machine } from './machine.ts'
import { type ForgettingUpdate, isDocument, isForgetting, isLeftBy, standsFor } from './reference-mailbox.ts'

/** Everything that ever became durable anywhere, as an all-seeing bystander writes it down. */
export class Ledger {
  readonly updates = new Map<UpdateId, Update>()
  /** Mails whose sender was told that they are safe. */
  readonly acknowledged = new Set<UpdateId>()
  /** Commands of words that a machine has written again though they were carried out. */
  readonly saidOnceMore = new Set<CommandId>()
  /** By origin and command, what came of it. */
  readonly executed = new Map<string, Sequence>()
  readonly lastClock = new Map<OriginId, Clock>()
  readonly #holders = new Map<Machine, Set<UpdateId>>()
  readonly #commands = new Map<Machine, Set<CommandId>>()
  /** Where a copy was restored one name may mean several. */
  readonly commandsNamed = new Map<UpdateId, Set<CommandId>>()
  /** Acknowledged mails, whatever they are called. */
  readonly acknowledgedWishes: { readonly command: CommandId; readonly people: readonly AccountId[] }[] = []
  /** What went by an id that had been given before, on another copy of the same install. */
  readonly #others = new Map<UpdateId, readonly Update[]>()
  readonly #deletions = new Map<UpdateId, Set<AccountId>>()
  readonly #documents = new Map<string, Update>()
  readonly #forgettings: ForgettingUpdate[] = []
  readonly #takenBack = new Set<UpdateId>()
  readonly #deletedAccounts = new Set<AccountId>()
  readonly #retirements = new Map<OriginId, Update[]>()
  /** By account and command, the updates that it became. */
  readonly #names = new Map<string, UpdateId[]>()

  record(update: Update): void {
    const id = updateId(update.origin, update.sequence)
    if ('command' in update.change) {
      const commands = this.commandsNamed.get(id) ?? new Set<CommandId>()
      this.commandsNamed.set(id, commands.add(update.change.command))
    }
    const known = [this.updates.get(id) ?? [], this.#others.get(id) ?? []].flat()
    if (known.some((other) => other === update || Buffer.compare(other.bytes, update.bytes) === 0)) return
    if (known.length === 0) this.updates.set(id, update)
    else this.#others.set(id, [...known.slice(1), update])
    this.#note(id, update)
  }

  #note(id: UpdateId, update: Update): void {
    const { change } = update
    if (change.kind === 'retirement')
      this.#retirements.set(change.retired, [...this.retirementsOf(change.retired), update])
    if (change.kind === 'accountDeletion') this.#deletedAccounts.add(change.account)
    if (change.kind === 'mail' || change.kind === 'post') this.#names.set(wishOf(change), [...this.namesOf(change), id])
    if (change.kind === 'document') this.#noteDocument(update, change)
    if (isForgetting(update)) this.#forgettings.push(update)
    if (change.kind === 'postDeletion') this.#takenBack.add(change.post)
    for (const { id } of deletedBy(change)) {
      const deleters = this.#deletions.get(id) ?? new Set()
      if ('account' in change) this.#deletions.set(id, deleters.add(change.account))
    }
  }

  /** Two logs have gone by the name of its origin, and it is another update in each: what is known of its id may be of either. */
  isForked(id: UpdateId): boolean {
    return this.#others.has(id)
  }

  /** Every update that there ever was, also those that share an id. */
  all(): readonly Update[] {
    return [...this.updates.values(), ...[...this.#others.values()].flat()]
  }

  /** The machine holds the mail's content durably. */
  held(machine: Machine, mail: UpdateId): void {
    const mails = this.#holders.get(machine) ?? new Set()
    this.#holders.set(machine, mails.add(mail))
    const { origin, sequence } = splitUpdateId(mail)
    const change = machine.disk.readUpdate(origin, sequence)?.change
    if (change?.kind === 'mail') this.#commandsOf(machine).add(change.command)
  }

  /** Deletions that the machine, or the installs that it goes on for, took from people and did not lose. */
  readonly #taken = new Map<Machine, readonly Update[]>()

  /** A deletion that somebody asked this machine for is durable. */
  took(machine: Machine, deletion: Update): void {
    this.#taken.set(machine, [...this.takenBy(machine), deletion])
  }

  /** The machine has taken up an old copy, which has deletions no more as anybody signed them. What it had is set aside. */
  tookUp(machine: Machine): void {
    this.#taken.delete(machine)
    this.#holders.delete(machine)
    this.#holds(machine)
  }

  takenBy(machine: Machine): readonly Update[] {
    return this.#taken.get(machine) ?? []
  }

  /** Mails that this machine, or the install that it goes on for, holds durably, by the commands that sent them. */
  holdsCommand(machine: Machine, command: CommandId): boolean {
    return this.#commandsOf(machine).has(command)
  }

  /** The machine has an old copy now. */
  restored(machine: Machine): void {
    this.#holders.delete(machine)
    this.#commands.delete(machine)
    const own = machine.disk.updates().filter(({ origin }) => origin === machine.identity.origin)
    this.#taken.set(
      machine,
      own.filter(({ change }) => deletedBy(change).length > 0),
    )
    this.#holds(machine)
  }

  /** What a state transfer has stored that was not joined is nobody's, also where another log by that name has come so far since. */
  #holds(machine: Machine): void {
    const { live } = stateOf(machine.disk.recover())
    for (const { origin, sequence, change } of machine.disk.updates())
      if (isLiveKind(change.kind) && live.has(origin, sequence)) this.held(machine, updateId(origin, sequence))
  }

  /** `next` will give back what `old` has. */
  inherit(next: Machine, old: Machine): void {
    this.#commands.set(next, new Set(this.#commandsOf(old)))
    this.#taken.set(next, this.takenBy(old))
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

  /** Whether a document has a later version somewhere or was forgotten, a forgetting is said by another one, too, a post was taken back somewhere, or the account of either is gone. */
  isSuperseded(id: UpdateId): boolean {
    const update = this.updates.get(id)
    if (update?.change.kind === 'post')
      return this.#isTakenBack(update.change) || this.#deletedAccounts.has(update.change.account)
    if (update !== undefined && isForgetting(update))
      return (
        this.#deletedAccounts.has(update.change.account) || this.#forgettings.some((other) => standsFor(other, update))
      )
    if (update === undefined || !isDocument(update)) return false
    if (!isLeftBy(update, this.#forgettings)) return true
    const last = this.#documents.get(documentKey(update.change))
    return (
      this.#deletedAccounts.has(update.change.account) ||
      (last !== undefined && last !== update && !isLater(update, last))
    )
  }

  #isTakenBack(post: PostChange): boolean {
    return this.namesOf(post).some((name) => this.#takenBack.has(name))
  }

  #noteDocument(update: Update, change: DocumentChange): void {
    const key = documentKey(change)
    const last = this.#documents.get(key)
    if (last === undefined || isLater(update, last)) this.#documents.set(key, update)
  }

  /** The updates that say that a machine is gone for good. */
  retirementsOf(origin: OriginId): readonly Update[] {
    return this.#retirements.get(origin) ?? []
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
  namesOf(mail: MailChange | PostChange): readonly UpdateId[] {
    return this.#names.get(wishOf(mail)) ?? []
  }
}

const wishOf = ({ kind, account, command }: MailChange | PostChange): string => `${kind} ${account} ${command}`

/** The mails of which a change deletes somebody's copies. */
export const deletedBy = (change: Change): readonly Meant[] =>
  change.kind === 'deletion' || (change.kind === 'marks' && change.mark === 'delete') ? meantBy(change) : []

/** The kinds whose contents the log keeps as long as the state needs them. */
export const isLiveKind = (kind: Change['kind']): boolean =>
  ['mail', 'document', 'forgetting', 'post', 'unknown'].includes(kind)

/** The order of words: by when they were said, then by the updates' names. */
const isLater = (one: Update, two: Update): boolean => {
  const [first, second] = [countsFrom(one), countsFrom(two)]
  if (first !== second) return first > second
  return one.origin === two.origin ? one.sequence > two.sequence : one.origin > two.origin
}

const documentKey = ({ account, document }: DocumentChange): string => `${account} ${document}`
