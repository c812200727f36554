import type { AccountId, Clock, CommandId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { updateId } from '../model/ids.ts'
import type { ExecutionRecord } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import type { PersonChange } from '../model/updates.ts'
import { heldFrom } from '../version-vector.ts'
import { digestOf } from './digest.ts'
import type { MailPlace } from './mail-entry.ts'
import { compareMails } from './mailbox-index.ts'

/** Commands that are remembered although every seat in use is known to hold them. */
const keptExecutions = 10_000
/** How many more there may be before they are looked through. */
const slack = 2_500
const recipientDigits = 16
const keptRecipients = 1_000

/** What makes two updates one execution: who wished what, to whom; a post is to nobody. */
export interface Wish {
  readonly account: AccountId
  readonly command: CommandId
  readonly to: readonly AccountId[]
  readonly conversation: UpdateId | null
}

/** A post's wish: no mail is to nobody. */
export const postWish = ({ account, command }: Pick<Wish, 'account' | 'command'>): Wish => ({
  account,
  command,
  to: [],
  conversation: null,
})

/** Of what would be there twice if it were carried out twice; null for all else. */
export const wishOf = (change: PersonChange): Wish | null => {
  if (change.kind === 'post') return postWish(change)
  return change.kind === 'mail' ? change : null
}

/** What became of a wish: the update that stands for it. */
export interface Outcome {
  readonly update: UpdateId
  readonly clock: Clock
}

/** Of one command what stands for it, and by what other names it came. */
export type Execution = ExecutionRecord

/** Whether a name is that of what is still there, or means something to what is. */
type IsNeeded = (origin: OriginId, sequence: Sequence) => boolean

/** What a join found out about a command that both states know by different names. */
export interface ExecutionMerge {
  readonly mine: MailPlace
  readonly theirs: MailPlace
  readonly merged: Execution
}

/**
 * A mail or post that a client gave to two servers, because the first one went away before it answered, counts once. Its updates
 * are all names of one mail: the latest (clock, origin, sequence) stands, which is mostly the one that was answered; it is shown at
 * the time of the earliest, so that an answer sorts after it; marks on any name are marks of it. Of a post the earliest stands, so that
 * no origin's posts are ever shown in another order than its own. All other kinds are the same however often they are said.
 *
 * A command is remembered until no other name of it can come: a server makes another one only before it holds the first, so when all
 * seats in use hold it, and all that they are known to hold is here, every name is here.
 */
export class ExecutionTable {
  readonly #executions = new Map<string, Execution>()
  /** Those that have several names, by each of them. */
  readonly #byName = new Map<UpdateId, Execution>()
  #lookAt = keptExecutions + slack
  /** Of lists of recipients that came lately: people write to the same few. */
  readonly #recipients = new Map<string, string>()

  get isFull(): boolean {
    return this.#executions.size > this.#lookAt
  }

  /** What became of a mail or post when it was given before; null when it was not, and of all else. */
  outcomeOf(change: PersonChange): Outcome | null {
    const wish = wishOf(change)
    const execution = wish === null ? undefined : this.of(wish)
    if (execution === undefined) return null
    const { origin, sequence, clock } = standingOf(execution)
    return { update: updateId(origin, sequence), clock }
  }

  of(wish: Wish): Execution | undefined {
    return this.#executions.get(keyOf(wish.account, wish.command, this.#recipientsOf(wish)))
  }

  /** The same command, as it is known here. */
  like({ account, command, recipients }: ExecutionRecord): Execution | undefined {
    return this.#executions.get(keyOf(account, command, recipients))
  }

  /** The name under which the mail that was (also) called so stands. */
  standing(id: UpdateId): UpdateId {
    const execution = this.#byName.get(id)
    return execution === undefined ? id : idOf(standingOf(execution))
  }

  /** All names of the mail that is (also) called so. */
  namesOf(id: UpdateId): readonly UpdateId[] {
    const execution = this.#byName.get(id)
    if (execution === undefined) return [id]
    const standing = idOf(standingOf(execution))
    return [standing, ...execution.names.map(idOf).filter((name) => name !== standing)]
  }

  isAlias(id: UpdateId): boolean {
    return this.standing(id) !== id
  }

  /** Takes a name in. Returns the command as it was before; null when this is its first name. */
  add(wish: Wish, place: MailPlace): Execution | null {
    const { account, command } = wish
    const recipients = this.#recipientsOf(wish)
    const key = keyOf(account, command, recipients)
    const before = this.#executions.get(key)
    const { origin, sequence, clock } = place
    const names = before === undefined ? [{ origin, sequence, clock }] : union(before.names, [place])
    this.#keep(key, { account, command, recipients, names })
    return before ?? null
  }

  /** Brings this table to the union of both. What only one of them knows needs no more. */
  join(records: readonly ExecutionRecord[]): readonly ExecutionMerge[] {
    const merges: ExecutionMerge[] = []
    for (const record of records) {
      const key = keyOf(record.account, record.command, record.recipients)
      const before = this.#executions.get(key)
      if (before === undefined) {
        this.#keep(key, record)
        continue
      }
      const names = union(before.names, record.names)
      if (names.length === before.names.length && names.length === record.names.length) continue
      const merged = { ...record, names }
      this.#keep(key, merged)
      merges.push({ mine: standingOf(before), theirs: standingOf(record), merged })
    }
    return merges
  }

  /**
   * Forgets the oldest of those of which `stable` covers all names. To be called when everything known of is held. What has several names and is live keeps
   * them: where they are not forgotten yet it may be marked by a former one, and the mark has to reach it everywhere. So does what began a conversation: each
   * answer has it by one of its names.
   */
  forget(stable: VersionVector, isNeeded: IsNeeded): void {
    const isStable = ({ origin, sequence }: MailPlace): boolean => sequence <= heldFrom(stable, origin)
    const keptFrom = this.#clockFromNewest(keptExecutions)
    for (const [key, execution] of this.#executions) {
      if (firstOf(execution).clock >= keptFrom || !execution.names.every(isStable)) continue
      if (execution.names.length > 1 && execution.names.some(({ origin, sequence }) => isNeeded(origin, sequence)))
        continue
      this.#executions.delete(key)
      for (const name of execution.names) this.#byName.delete(idOf(name))
    }
    // In a partition none may be forgotten, and some never are: they are not looked through at every step for that.
    this.#lookAt = Math.max(keptExecutions, this.#executions.size) + slack
  }

  /** Whether one of this time may be among those that were forgotten. */
  mayHaveForgotten(clock: Clock): boolean {
    return this.#executions.size >= keptExecutions && clock < this.#clockFromNewest(keptExecutions)
  }

  /** The clock of that command which is the `place`th from the newest; 0 when there are not so many. Numbers are put in order ten times as fast. */
  #clockFromNewest(place: number): Clock {
    const clocks = new Float64Array(this.#executions.size)
    let count = 0
    for (const execution of this.#executions.values()) {
      clocks[count] = firstOf(execution).clock
      count += 1
    }
    return clocks.sort().at(-place) ?? 0
  }

  records(): readonly ExecutionRecord[] {
    return [...this.#executions.values()]
  }

  /** In short: a person could sign one command for two lists of recipients, and these are not one mail. */
  #recipientsOf({ to, conversation }: Wish): string {
    const parts = [conversation ?? '', ...to]
    const list = parts.join(' ')
    const known = this.#recipients.get(list)
    if (known !== undefined) return known
    const recipients = digestOf(parts).slice(0, recipientDigits)
    if (this.#recipients.size >= keptRecipients) this.#recipients.clear()
    this.#recipients.set(list, recipients)
    return recipients
  }

  #keep(key: string, execution: Execution): void {
    this.#executions.set(key, execution)
    if (execution.names.length === 1) return
    for (const name of execution.names) this.#byName.set(idOf(name), execution)
  }
}

/** The name that stands: the latest of a mail, the earliest of a post. */
export const standingOf = ({ names, recipients }: Execution): MailPlace =>
  placeAt(names, recipients === postRecipients ? 0 : -1)

/** The earliest name, whose time is shown. */
export const firstOf = ({ names }: Execution): MailPlace => placeAt(names, 0)

const placeAt = (names: readonly MailPlace[], index: number): MailPlace => {
  const place = names.at(index)
  if (place === undefined) throw new Error('invariant broken: a command that was executed has a name')
  return place
}

const idOf = ({ origin, sequence }: MailPlace): UpdateId => updateId(origin, sequence)

/** Ascending, each once. */
const union = (one: readonly MailPlace[], two: readonly MailPlace[]): readonly MailPlace[] => {
  const names = new Map<UpdateId, MailPlace>()
  for (const { origin, sequence, clock } of [...one, ...two])
    names.set(updateId(origin, sequence), { origin, sequence, clock })
  return [...names.values()].sort(compareMails)
}

const postRecipients = digestOf(['']).slice(0, recipientDigits)

const keyOf = (account: AccountId, command: CommandId, recipients: string): string => account + command + recipients
