import type { AccountId, Clock, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, updateId } from '../model/ids.ts'
import type { PendingMark } from '../model/image.ts'
import type { MailRecord } from '../model/mail-columns.ts'
import { markBits } from '../model/image.ts'
import type { MailColumns } from '../model/mail-columns.ts'
import { mailRecords } from '../model/mail-columns.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import type { DigestPart } from './digest.ts'
import { SetDigest } from './digest.ts'
import type { Execution, ExecutionMerge, ExecutionTable } from './execution-table.ts'
import { firstOf, standingOf } from './execution-table.ts'
import type { MailEntry, MailPlace } from './mail-entry.ts'
import type { LiveSource } from './live-updates.ts'
import { MailStore } from './mail-store.ts'
import type { MailKey } from './mailbox-index.ts'
import { MailboxIndex } from './mailbox-index.ts'

export interface Mailbox {
  readonly inbox: MailboxIndex
  readonly sent: MailboxIndex
}

/** What a mark did: whether the mail is there, still to come, or gone for good. */
export type MarkOutcome = 'marked' | 'pending' | 'settled'

/**
 * Mails, the marks on each person's copy, and marks that came before their mail. Deletion wins over reading,
 * which wins over the mail. The version vector is the tombstone: a mail that it covers and that is not here
 * has been deleted by everyone who had it.
 */
export class MailTable implements LiveSource {
  readonly #store = new MailStore()
  readonly #pending = new Map<UpdateId, Map<AccountId, number>>()
  /** By owner; made when somebody asks for it, because a start takes in as many mails as there are. */
  readonly #mailboxes = new Map<AccountId, Mailbox>()
  readonly #executions: ExecutionTable
  /** Kept up with every change once it was asked for; null until then. */
  #digest: SetDigest | null = null

  constructor(executions: ExecutionTable) {
    this.#executions = executions
  }

  get size(): number {
    return this.#store.size
  }

  get(origin: OriginId, sequence: Sequence): MailEntry | undefined {
    const key = this.#store.find(origin, sequence)
    return key === null ? undefined : this.#store.entryAt(key)
  }

  /** The mail by any of its names. */
  find(id: UpdateId): MailEntry | undefined {
    const { origin, sequence } = splitUpdateId(this.#executions.standing(id))
    return this.get(origin, sequence)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#store.find(origin, sequence) !== null
  }

  mailbox(account: AccountId): Mailbox {
    let mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) {
      const { inbox, sent } = this.#store.copiesOf(account)
      mailbox = { inbox: new MailboxIndex(this.#store, inbox), sent: new MailboxIndex(this.#store, sent) }
      this.#mailboxes.set(account, mailbox)
    }
    return mailbox
  }

  /**
   * Takes a mail in, with the marks that waited for it. An origin's mails come in the order of their sequences. A copy that
   * `isGone` says has no owner any more counts as deleted.
   */
  add(record: MailRecord, isGone: (account: AccountId) => boolean): void {
    if (this.has(record.origin, record.sequence)) return
    const waiting = this.#takePending(record)
    const marks = [record.from, ...record.to].map(
      (owner, copy) => (record.marks[copy] ?? 0) | (waiting?.get(owner) ?? 0) | (isGone(owner) ? markBits.deleted : 0),
    )
    if (isDeletedByAll(marks)) return
    const mail = { ...record, marks }
    const key = this.#store.append(mail)
    this.#digest?.addRecord(partsOf(mail))
    eachCopy(mail, (owner, copy) => {
      if (!isDeleted(mail, copy)) this.#index(owner, copy)?.add(key)
    })
  }

  /** The same mail came once more, by a new name. */
  repeat(record: MailRecord, { before, after, isGone }: RepeatContext): void {
    const waiting = this.#takePending(record)
    const { origin, sequence } = standingOf(before)
    const key = this.#store.find(origin, sequence)
    // Deleted by everyone already, whatever it is called.
    if (key === null) return
    const bitsOf = (owner: AccountId): number => (waiting?.get(owner) ?? 0) | (isGone(owner) ? markBits.deleted : 0)
    this.#rename(key, after, bitsOf)
    this.#tidy()
  }

  /** Lets a mail stand as `execution` says, with further marks. */
  #rename(key: MailKey, execution: Execution, bitsOf: (owner: AccountId, copy: number) => number): void {
    const before = this.#store.entryAt(key)
    const { origin, sequence } = standingOf(execution)
    const { clock } = firstOf(execution)
    if (!this.#store.canAppend(origin, sequence)) {
      if (clock !== before.clock) this.#setClock(key, clock)
      this.#mark(key, bitsOf)
      return
    }
    const marks = [before.from, ...before.to].map((owner, copy) => (before.marks[copy] ?? 0) | bitsOf(owner, copy))
    this.#remove(key)
    this.add({ ...before, origin, sequence, clock, marks }, () => false)
  }

  #setClock(key: MailKey, clock: Clock): void {
    const before = this.#store.entryAt(key)
    eachCopy(before, (owner, copy) => {
      if (!isDeleted(before, copy)) this.#index(owner, copy)?.remove(key)
    })
    this.#store.setClock(key, clock)
    eachCopy(before, (owner, copy) => {
      if (!isDeleted(before, copy)) this.#index(owner, copy)?.add(key)
    })
    this.#digest?.removeRecord(partsOf(before))
    this.#digest?.addRecord(partsOf({ ...before, clock }))
  }

  /** What waited for a mail; usually nothing waits for any, and then no id need be put together. */
  #takePending({ origin, sequence }: MailRecord): ReadonlyMap<AccountId, number> | undefined {
    if (this.#pending.size === 0) return undefined
    const id = updateId(origin, sequence)
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    return waiting
  }

  /** Marks `account`'s copies. `vector` tells a mail that is still to come from one that is gone. */
  mark(id: UpdateId, account: AccountId, bits: number, vector: VersionVector): MarkOutcome {
    const { origin, sequence } = splitUpdateId(this.#executions.standing(id))
    const key = this.#store.find(origin, sequence)
    if (key !== null) {
      this.#markOwned(key, account, bits)
      this.#tidy()
      return 'marked'
    }
    if (heldFrom(vector, origin) >= sequence || this.#executions.isAlias(id)) return 'settled'
    let waiting = this.#pending.get(id)
    if (waiting === undefined) {
      waiting = new Map()
      this.#pending.set(id, waiting)
    }
    waiting.set(account, (waiting.get(account) ?? 0) | bits)
    return 'pending'
  }

  /** The update has come and is no mail, so that marks for it wait in vain. */
  settle(id: UpdateId): void {
    this.#pending.delete(id)
  }

  /** An account is gone: its copies are deleted. */
  removeOwner(account: AccountId): void {
    const { inbox, sent } = this.#store.copiesOf(account)
    for (const key of new Set([...inbox, ...sent])) this.#markOwned(key, account, markBits.deleted)
    this.#mailboxes.delete(account)
    this.#tidy()
  }

  /** Whether `account` has a copy that it has not deleted. */
  isOwnedBy(mail: MailEntry, account: AccountId): boolean {
    let owned = false
    eachCopy(mail, (owner, copy) => {
      if (owner === account && !isDeleted(mail, copy)) owned = true
    })
    return owned
  }

  /** Whether `account` has read the mail; a sender has always read what it sent. */
  isReadBy(mail: MailEntry, account: AccountId): boolean {
    const copy = mail.to.indexOf(account)
    return copy === -1 || ((mail.marks[copy + 1] ?? 0) & markBits.read) !== 0
  }

  /** The other half of a join: what the other state's vector covers and the other state has not is deleted. */
  join(columns: MailColumns, pending: readonly PendingMark[], context: JoinContext): void {
    const { mine, theirs, isGone, merges } = context
    // The folders are put in order when they are asked for: mails come by origin here, and most of the order would be wrong.
    this.#mailboxes.clear()
    if (this.#store.isUnused && this.#pending.size === 0 && mine.size === 0) {
      this.#store.adopt(columns, isGone)
      this.#digest = null
    } else {
      const repeated = new Repeated(merges)
      if (this.size > 0) this.#removeAbsent(columns, theirs, repeated)
      for (const record of mailRecords(columns)) {
        const merge = merges.length === 0 ? undefined : repeated.of(record)
        if (merge === undefined) this.#joinRecord(record, mine, isGone)
        else this.#joinRepeated(record, merge)
      }
    }
    this.#settlePending(theirs)
    for (const { mail, account, bits } of pending) this.mark(mail, account, bits, mine)
    this.#tidy()
  }

  /** Ascending by origin, then sequence. */
  records(): readonly MailRecord[] {
    return [...mailRecords(this.columns())]
  }

  /** What later changes do not touch. */
  columns(): MailColumns {
    return this.#store.columns()
  }

  /** Per origin the sequences of its mails: their contents are in the log. */
  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return new Map(this.columns().origins.map(({ origin, sequences }) => [origin, sequences]))
  }

  pendingMarks(): readonly PendingMark[] {
    const marks: PendingMark[] = []
    for (const [mail, waiting] of this.#pending) {
      for (const [account, bits] of waiting) marks.push({ mail, account, bits })
    }
    return marks
  }

  digest(digest: SetDigest): void {
    digest.addAll((this.#digest ??= digestOf(this.columns())))
    for (const { mail, account, bits } of this.pendingMarks()) digest.add(`pending ${mail} ${account} ${bits}`)
  }

  /** A mail of the other state that is known here by other names: here it may have been deleted by everyone. */
  #joinRepeated(record: MailRecord, { mine, merged }: ExecutionMerge): void {
    const key = this.#store.find(mine.origin, mine.sequence)
    if (key !== null) this.#rename(key, merged, (_owner, copy) => record.marks[copy] ?? 0)
  }

  /** Marks that waited for what the other state covers: the mail has come, perhaps by another name, or is gone for good. */
  #settlePending(theirs: VersionVector): void {
    for (const [id, waiting] of [...this.#pending]) {
      const { origin, sequence } = splitUpdateId(id)
      if (sequence > heldFrom(theirs, origin) && !this.#executions.isAlias(id)) continue
      this.#pending.delete(id)
      const standing = splitUpdateId(this.#executions.standing(id))
      for (const [account, bits] of waiting) {
        const key = this.#store.find(standing.origin, standing.sequence)
        if (key !== null) this.#markOwned(key, account, bits)
      }
    }
  }

  /** Whoever covers a mail of ours and has it not, has seen it deleted. */
  #removeAbsent(columns: MailColumns, theirs: VersionVector, repeated: Repeated): void {
    const kept = new Map(columns.origins.map(({ origin, sequences }) => [origin, new Set(sequences)]))
    const keptUnder = ({ origin, sequence }: Named): boolean => kept.get(origin)?.has(sequence) === true
    for (const { origin, sequences } of this.columns().origins) {
      const covered = heldFrom(theirs, origin)
      for (const sequence of sequences) {
        const merge = repeated.of({ origin, sequence })
        const isSeen = merge !== undefined || sequence <= covered
        if (!isSeen || keptUnder(merge?.theirs ?? { origin, sequence })) continue
        const key = this.#store.find(origin, sequence)
        if (key !== null) this.#remove(key)
      }
    }
  }

  #joinRecord(record: MailRecord, mine: VersionVector, isGone: (account: AccountId) => boolean): void {
    const key = this.#store.find(record.origin, record.sequence)
    if (key !== null) this.#mark(key, (_owner, copy) => record.marks[copy] ?? 0)
    else if (record.sequence > heldFrom(mine, record.origin)) this.add(record, isGone)
  }

  #remove(key: MailKey): void {
    this.#mark(key, () => markBits.deleted)
  }

  #markOwned(key: MailKey, account: AccountId, bits: number): void {
    this.#mark(key, (owner) => (owner === account ? bits : 0))
  }

  /** Adds what `bitsOf` gives to each copy's marks; a mail that everybody has deleted then is gone. */
  #mark(key: MailKey, bitsOf: (owner: AccountId, copy: number) => number): void {
    const before = this.#store.entryAt(key)
    const marks = [before.from, ...before.to].map((owner, copy) => (before.marks[copy] ?? 0) | bitsOf(owner, copy))
    if (marks.every((bits, copy) => bits === before.marks[copy])) return
    const mail: MailEntry = { ...before, marks }
    eachCopy(mail, (owner, copy) => {
      if (isDeleted(mail, copy) && !isDeleted(before, copy)) this.#index(owner, copy)?.remove(key)
    })
    this.#digest?.removeRecord(partsOf(before))
    if (!isDeletedByAll(marks)) this.#digest?.addRecord(partsOf(mail))
    this.#store.setMarks(key, marks)
  }

  #tidy(): void {
    if (this.#store.tidy() === 'rearranged') this.#mailboxes.clear()
  }

  /** Copy 0 is the sender's. None while nobody has asked for the owner's folders. */
  #index(owner: AccountId, copy: number): MailboxIndex | undefined {
    const mailbox = this.#mailboxes.get(owner)
    return copy === 0 ? mailbox?.sent : mailbox?.inbox
  }
}

export interface JoinContext {
  /** What this state covered before the join. */
  readonly mine: VersionVector
  readonly theirs: VersionVector
  readonly isGone: (account: AccountId) => boolean
  readonly merges: readonly ExecutionMerge[]
}

/** What is known of mails that both states of a join know by different names, by each name. */
class Repeated {
  readonly #merges = new Map<UpdateId, ExecutionMerge>()

  constructor(merges: readonly ExecutionMerge[]) {
    for (const merge of merges) {
      for (const { origin, sequence } of merge.merged.names) this.#merges.set(updateId(origin, sequence), merge)
    }
  }

  of({ origin, sequence }: Named): ExecutionMerge | undefined {
    return this.#merges.size === 0 ? undefined : this.#merges.get(updateId(origin, sequence))
  }
}

type Named = Pick<MailPlace, 'origin' | 'sequence'>

export interface RepeatContext {
  /** The command without and with the new name. */
  readonly before: Execution
  readonly after: Execution
  readonly isGone: (account: AccountId) => boolean
}

const eachCopy = (mail: MailRecord, visit: (owner: AccountId, copy: number) => void): void => {
  visit(mail.from, 0)
  mail.to.forEach((owner, index) => {
    visit(owner, index + 1)
  })
}

const isDeleted = ({ marks }: MailRecord, copy: number): boolean => ((marks[copy] ?? 0) & markBits.deleted) !== 0

const isDeletedByAll = (marks: readonly number[]): boolean => marks.every((bits) => (bits & markBits.deleted) !== 0)

const digestOf = (columns: MailColumns): SetDigest => {
  const digest = new SetDigest()
  for (const mail of mailRecords(columns)) digest.addRecord(partsOf(mail))
  return digest
}

/** There is one more mark than recipients, so that no two mails have the same parts. */
const partsOf = ({ origin, sequence, clock, from, to, marks }: MailRecord): readonly DigestPart[] => [
  origin,
  sequence,
  clock,
  from,
  ...to,
  ...marks,
]
