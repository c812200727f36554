import type { AccountId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, updateId } from '../model/ids.ts'
import type { MailRecord, MarkRecord, MarkRegisters, PendingMark } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import { Conversations } from './conversations.ts'
import { SetDigest } from './digest.ts'
import type { LiveSource } from './live-updates.ts'
import type { MailEntry } from './mail-entry.ts'
import { eachCopy, isDeletedByAll, partsOf } from './mail-entry.ts'
import { MailFolders, placeBits } from './mail-folders.ts'
import { compareMails } from './mailbox-index.ts'
import { isOn, noRegisters, RegisterTable } from './mark-registers.ts'
import type { WaitingMarks } from './pending-marks.ts'
import { PendingMarks } from './pending-marks.ts'

/** What a mark did: whether the mail is there, still to come, or gone for good. */
export type MarkOutcome = 'marked' | 'pending' | 'settled'

/**
 * Mails, the marks on each person's copy, and marks that came before their mail. Deletion wins over reading,
 * which wins over the mail; of the marks that can be taken back the last one by the hybrid clock counts. The version vector is
 * the tombstone: a mail that it covers and that is not here has been deleted by everyone who had it.
 */
export class MailTable implements LiveSource {
  readonly #byOrigin = new Map<OriginId, Map<Sequence, MailEntry>>()
  readonly #pending = new PendingMarks()
  readonly #mailboxes = new Map<AccountId, MailFolders>()
  /** Kept up with every change, so that asking for it costs the same with one mail as with a million. */
  readonly #digest = new SetDigest()
  readonly #registers = new RegisterTable(this.#digest)
  readonly #conversations = new Conversations()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(origin: OriginId, sequence: Sequence): MailEntry | undefined {
    return this.#byOrigin.get(origin)?.get(sequence)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#byOrigin.get(origin)?.has(sequence) ?? false
  }

  mailbox(account: AccountId): MailFolders {
    let mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) {
      mailbox = new MailFolders()
      this.#mailboxes.set(account, mailbox)
    }
    return mailbox
  }

  /** `account`'s copies of a conversation's mails, oldest first. */
  conversation(account: AccountId, id: UpdateId): readonly MailEntry[] {
    const { origin, sequence } = splitUpdateId(id)
    const first = this.get(origin, sequence)
    const all = [...(first === undefined ? [] : [first]), ...this.#conversations.answers(id)]
    return all.filter((mail) => this.isOwnedBy(mail, account)).sort(compareMails)
  }

  /** Takes a mail in, with the marks that waited for it. A copy that `isGone` says has no owner any more counts as deleted. */
  add(record: MailRecord, isGone: (account: AccountId) => boolean): void {
    if (this.has(record.origin, record.sequence)) return
    const conversation = this.#conversations.shared(record.conversation)
    const mail: MailEntry = { ...record, conversation, marks: [...record.marks] }
    const waiting = this.#takePending(mail)
    eachCopy(mail, (owner, copy) => {
      const bits = (mail.marks[copy] ?? 0) | (waiting?.get(owner)?.bits ?? 0) | (isGone(owner) ? markBits.deleted : 0)
      mail.marks[copy] = bits
    })
    if (isDeletedByAll(mail)) return
    this.#insert(mail)
    for (const [account, { registers }] of waiting ?? []) this.#setOn(mail, account, registers)
  }

  /** What waited for a mail; usually nothing waits for any, and then no id need be put together. */
  #takePending({ origin, sequence }: MailRecord): ReadonlyMap<AccountId, WaitingMarks> | undefined {
    return this.#pending.size === 0 ? undefined : this.#pending.take(updateId(origin, sequence))
  }

  /** Marks `account`'s copies for good. `vector` tells a mail that is still to come from one that is gone. */
  mark(id: UpdateId, account: AccountId, bits: number, vector: VersionVector): MarkOutcome {
    const { origin, sequence } = splitUpdateId(id)
    const mail = this.get(origin, sequence)
    if (mail !== undefined) {
      this.#markEntry(mail, account, bits)
      return 'marked'
    }
    if (heldFrom(vector, origin) >= sequence) return 'settled'
    this.#pending.add({ mail: id, account, bits, registers: noRegisters })
    return 'pending'
  }

  /** Sets marks that can be taken back on `account`'s copies, where they are later than what is set. As `mark`. */
  set(id: UpdateId, account: AccountId, registers: MarkRegisters, vector: VersionVector): MarkOutcome {
    const { origin, sequence } = splitUpdateId(id)
    const mail = this.get(origin, sequence)
    if (mail !== undefined) {
      this.#setOn(mail, account, registers)
      return 'marked'
    }
    if (heldFrom(vector, origin) >= sequence) return 'settled'
    this.#pending.add({ mail: id, account, bits: 0, registers })
    return 'pending'
  }

  /** The update has come and is no mail, so that marks for it wait in vain. */
  settle(id: UpdateId): void {
    this.#pending.take(id)
  }

  /** An account is gone: its copies are deleted. */
  removeOwner(account: AccountId): void {
    const mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) return
    for (const mail of mailbox.mails()) this.#markEntry(mail, account, markBits.deleted)
    this.#mailboxes.delete(account)
  }

  /** Whether `account` has a copy that it has not deleted. */
  isOwnedBy(mail: MailEntry, account: AccountId): boolean {
    return (this.placeOf(mail, account) & (placeBits.inbox | placeBits.sent | placeBits.trash)) !== 0
  }

  registersOf(mail: MailEntry, account: AccountId): MarkRegisters {
    return this.#registers.get(account, mail)
  }

  /** Where `account` sees the mail, as `placeBits`. A sender has read what it sent. */
  placeOf(mail: MailEntry, account: AccountId): number {
    const received = mail.to.indexOf(account) + 1
    const receivedBits = received === 0 ? markBits.deleted : (mail.marks[received] ?? 0)
    const sentBits = mail.from === account ? (mail.marks[0] ?? 0) : markBits.deleted
    const inbox = (receivedBits & markBits.deleted) === 0 ? placeBits.inbox : 0
    const place = inbox | ((sentBits & markBits.deleted) === 0 ? placeBits.sent : 0)
    if (place === 0) return 0
    const { read, star, trash } = this.#registers.get(account, mail)
    const isRead = read === 0 ? received === 0 || (receivedBits & markBits.read) !== 0 : isOn(read)
    const unread = isRead ? 0 : placeBits.unread
    if (isOn(trash)) return placeBits.trash | unread
    return place | unread | (isOn(star) ? placeBits.starred : 0)
  }

  /** The other half of a join: what the other state's vector covers and the other state has not is deleted. */
  join({ mails, marks, pending }: MailsAndMarks, context: JoinContext): void {
    const { mine, theirs, isGone } = context
    if (this.#size > 0) this.#removeAbsent(mails, theirs)
    // In the order shown, in which the folders' indexes only grow at their ends.
    for (const record of mails.toSorted(compareMails)) this.#joinRecord(record, mine, isGone)
    for (const { origin, sequence, account, registers } of marks) {
      const mail = this.get(origin, sequence)
      if (mail !== undefined) this.#setOn(mail, account, registers)
    }
    this.#pending.settle(theirs)
    for (const { mail, account, bits, registers } of pending) {
      this.mark(mail, account, bits, mine)
      this.set(mail, account, registers, mine)
    }
  }

  /** Ascending by origin, then sequence. */
  records(): readonly MailRecord[] {
    const origins = [...this.#byOrigin.keys()].sort()
    return origins.flatMap((origin) => {
      const mails = [...(this.#byOrigin.get(origin)?.values() ?? [])]
      return mails.sort((left, right) => left.sequence - right.sequence)
    })
  }

  /** Per origin the sequences of its mails: their contents are in the log. */
  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return new Map([...this.#byOrigin].map(([origin, mails]) => [origin, mails.keys()]))
  }

  markRecords(): readonly MarkRecord[] {
    return this.#registers.records()
  }

  pendingMarks(): readonly PendingMark[] {
    return this.#pending.records()
  }

  digest(digest: SetDigest): void {
    digest.addAll(this.#digest)
    this.#pending.digest(digest)
  }

  /** Whoever covers a mail of ours and has it not, has seen it deleted. */
  #removeAbsent(records: readonly MailRecord[], theirs: VersionVector): void {
    const kept = new Map<OriginId, Set<Sequence>>()
    for (const record of records) {
      let sequences = kept.get(record.origin)
      if (sequences === undefined) {
        sequences = new Set()
        kept.set(record.origin, sequences)
      }
      sequences.add(record.sequence)
    }
    for (const [origin, mails] of this.#byOrigin) {
      const covered = heldFrom(theirs, origin)
      for (const mail of mails.values()) {
        if (mail.sequence <= covered && kept.get(origin)?.has(mail.sequence) !== true) this.#remove(mail)
      }
    }
  }

  #joinRecord(record: MailRecord, mine: VersionVector, isGone: (account: AccountId) => boolean): void {
    const mail = this.get(record.origin, record.sequence)
    if (mail !== undefined) {
      eachCopy(mail, (owner, copy) => {
        const bits = record.marks[copy] ?? 0
        const before = this.placeOf(mail, owner)
        if (this.#markCopy(mail, copy, bits)) this.#moved(mail, owner, before)
      })
      this.#removeIfGone(mail)
    } else if (record.sequence > heldFrom(mine, record.origin)) {
      this.add(record, isGone)
    }
  }

  #insert(mail: MailEntry): void {
    let mails = this.#byOrigin.get(mail.origin)
    if (mails === undefined) {
      mails = new Map()
      this.#byOrigin.set(mail.origin, mails)
    }
    mails.set(mail.sequence, mail)
    this.#size += 1
    this.#digest.addRecord(partsOf(mail))
    this.#conversations.add(mail)
    eachOwner(mail, (owner) => {
      const place = this.placeOf(mail, owner)
      if (place !== 0) this.mailbox(owner).move(mail, 0, place)
    })
  }

  #remove(mail: MailEntry): void {
    const mails = this.#byOrigin.get(mail.origin)
    if (mails?.delete(mail.sequence) !== true) return
    eachOwner(mail, (owner) => {
      const place = this.placeOf(mail, owner)
      if (place !== 0) this.mailbox(owner).move(mail, place, 0)
      this.#registers.drop(owner, mail)
    })
    this.#size -= 1
    this.#digest.removeRecord(partsOf(mail))
    this.#conversations.remove(mail)
    if (mails.size === 0) this.#byOrigin.delete(mail.origin)
  }

  #markEntry(mail: MailEntry, account: AccountId, bits: number): void {
    const before = this.placeOf(mail, account)
    eachCopy(mail, (owner, copy) => {
      if (owner === account) this.#markCopy(mail, copy, bits)
    })
    this.#moved(mail, account, before)
    this.#removeIfGone(mail)
  }

  /** Whether that changed anything. */
  #markCopy(mail: MailEntry, copy: number, bits: number): boolean {
    const before = mail.marks[copy] ?? 0
    if ((before | bits) === before) return false
    this.#digest.removeRecord(partsOf(mail))
    mail.marks[copy] = before | bits
    this.#digest.addRecord(partsOf(mail))
    return true
  }

  #setOn(mail: MailEntry, account: AccountId, registers: MarkRegisters): void {
    const before = this.placeOf(mail, account)
    // A deleted copy has no marks, and whoever never had one sets none.
    if (before === 0) return
    this.#registers.merge(account, mail, registers)
    this.#moved(mail, account, before)
  }

  /** Shows the change of a copy that was at `before`. */
  #moved(mail: MailEntry, account: AccountId, before: number): void {
    const after = this.placeOf(mail, account)
    if (after !== before) this.mailbox(account).move(mail, before, after)
    if (after === 0) this.#registers.drop(account, mail)
  }

  #removeIfGone(mail: MailEntry): void {
    if (isDeletedByAll(mail)) this.#remove(mail)
  }
}

/** What a state image has of mails. */
export interface MailsAndMarks {
  readonly mails: readonly MailRecord[]
  readonly marks: readonly MarkRecord[]
  readonly pending: readonly PendingMark[]
}

export interface JoinContext {
  /** What this state covered before the join. */
  readonly mine: VersionVector
  readonly theirs: VersionVector
  readonly isGone: (account: AccountId) => boolean
}

/** Everybody who has or had a copy, once. */
const eachOwner = (mail: MailEntry, visit: (owner: AccountId) => void): void => {
  visit(mail.from)
  for (const owner of mail.to) if (owner !== mail.from) visit(owner)
}
