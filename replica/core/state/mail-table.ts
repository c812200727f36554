import type { AccountId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, updateId } from '../model/ids.ts'
import type { MailRecord, PendingMark } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import type { DigestPart } from './digest.ts'
import { SetDigest } from './digest.ts'
import type { LiveSource } from './live-updates.ts'
import type { MailEntry } from './mail-entry.ts'
import { compareMails, MailboxIndex } from './mailbox-index.ts'

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
  readonly #byOrigin = new Map<OriginId, Map<Sequence, MailEntry>>()
  readonly #pending = new Map<UpdateId, Map<AccountId, number>>()
  readonly #mailboxes = new Map<AccountId, Mailbox>()
  /** Kept up with every change, so that asking for it costs the same with one mail as with a million. */
  readonly #digest = new SetDigest()
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

  mailbox(account: AccountId): Mailbox {
    let mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) {
      mailbox = { inbox: new MailboxIndex(), sent: new MailboxIndex() }
      this.#mailboxes.set(account, mailbox)
    }
    return mailbox
  }

  /** Takes a mail in, with the marks that waited for it. A copy that `isGone` says has no owner any more counts as deleted. */
  add(record: MailRecord, isGone: (account: AccountId) => boolean): void {
    if (this.has(record.origin, record.sequence)) return
    const mail: MailEntry = { ...record, marks: [...record.marks] }
    const waiting = this.#takePending(mail)
    eachCopy(mail, (owner, copy) => {
      const bits = (mail.marks[copy] ?? 0) | (waiting?.get(owner) ?? 0) | (isGone(owner) ? markBits.deleted : 0)
      mail.marks[copy] = bits
    })
    if (isDeletedByAll(mail)) return
    this.#insert(mail)
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
    const { origin, sequence } = splitUpdateId(id)
    const mail = this.get(origin, sequence)
    if (mail !== undefined) {
      this.#markEntry(mail, account, bits)
      return 'marked'
    }
    if (heldFrom(vector, origin) >= sequence) return 'settled'
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
    const mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) return
    const mails = new Set([
      ...mailbox.inbox.page(mailbox.inbox.size, null),
      ...mailbox.sent.page(mailbox.sent.size, null),
    ])
    for (const mail of mails) this.#markEntry(mail, account, markBits.deleted)
    this.#mailboxes.delete(account)
  }

  /** Whether `account` has a copy that it has not deleted. */
  isOwnedBy(mail: MailEntry, account: AccountId): boolean {
    let owned = false
    eachCopy(mail, (owner, copy) => {
      if (owner === account && ((mail.marks[copy] ?? 0) & markBits.deleted) === 0) owned = true
    })
    return owned
  }

  /** Whether `account` has read the mail; a sender has always read what it sent. */
  isReadBy(mail: MailEntry, account: AccountId): boolean {
    const copy = mail.to.indexOf(account)
    return copy === -1 || ((mail.marks[copy + 1] ?? 0) & markBits.read) !== 0
  }

  /** The other half of a join: what the other state's vector covers and the other state has not is deleted. */
  join(records: readonly MailRecord[], pending: readonly PendingMark[], context: JoinContext): void {
    const { mine, theirs, isGone } = context
    if (this.#size > 0) this.#removeAbsent(records, theirs)
    // In the order shown, in which the folders' indexes only grow at their ends.
    for (const record of records.toSorted(compareMails)) this.#joinRecord(record, mine, isGone)
    for (const id of [...this.#pending.keys()]) {
      const { origin, sequence } = splitUpdateId(id)
      if (sequence <= heldFrom(theirs, origin)) this.#pending.delete(id)
    }
    for (const { mail, account, bits } of pending) this.mark(mail, account, bits, mine)
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

  pendingMarks(): readonly PendingMark[] {
    const marks: PendingMark[] = []
    for (const [mail, waiting] of this.#pending) {
      for (const [account, bits] of waiting) marks.push({ mail, account, bits })
    }
    return marks
  }

  digest(digest: SetDigest): void {
    digest.addAll(this.#digest)
    for (const { mail, account, bits } of this.pendingMarks()) digest.add(`pending ${mail} ${account} ${bits}`)
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
        if (bits !== 0) this.#markCopy(mail, owner, copy, bits)
      })
      if (isDeletedByAll(mail)) this.#remove(mail)
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
    eachCopy(mail, (owner, copy) => {
      if (((mail.marks[copy] ?? 0) & markBits.deleted) === 0) this.#index(owner, copy).add(mail)
    })
  }

  #remove(mail: MailEntry): void {
    eachCopy(mail, (owner, copy) => {
      if (((mail.marks[copy] ?? 0) & markBits.deleted) === 0) this.#index(owner, copy).remove(mail)
    })
    const mails = this.#byOrigin.get(mail.origin)
    if (mails?.delete(mail.sequence) === true) {
      this.#size -= 1
      this.#digest.removeRecord(partsOf(mail))
    }
    if (mails?.size === 0) this.#byOrigin.delete(mail.origin)
  }

  #markEntry(mail: MailEntry, account: AccountId, bits: number): void {
    eachCopy(mail, (owner, copy) => {
      if (owner === account) this.#markCopy(mail, owner, copy, bits)
    })
    if (isDeletedByAll(mail)) this.#remove(mail)
  }

  #markCopy(mail: MailEntry, owner: AccountId, copy: number, bits: number): void {
    const before = mail.marks[copy] ?? 0
    if ((before | bits) === before) return
    this.#digest.removeRecord(partsOf(mail))
    mail.marks[copy] = before | bits
    this.#digest.addRecord(partsOf(mail))
    if ((before & markBits.deleted) === 0 && (bits & markBits.deleted) !== 0) this.#index(owner, copy).remove(mail)
  }

  /** Copy 0 is the sender's. */
  #index(owner: AccountId, copy: number): MailboxIndex {
    const mailbox = this.mailbox(owner)
    return copy === 0 ? mailbox.sent : mailbox.inbox
  }
}

export interface JoinContext {
  /** What this state covered before the join. */
  readonly mine: VersionVector
  readonly theirs: VersionVector
  readonly isGone: (account: AccountId) => boolean
}

const eachCopy = (mail: MailEntry, visit: (owner: AccountId, copy: number) => void): void => {
  visit(mail.from, 0)
  mail.to.forEach((owner, index) => {
    visit(owner, index + 1)
  })
}

const isDeletedByAll = (mail: MailEntry): boolean => mail.marks.every((bits) => (bits & markBits.deleted) !== 0)

/** There is one more mark than recipients, so that no two mails have the same parts. */
const partsOf = ({ origin, sequence, clock, from, to, marks }: MailEntry): readonly DigestPart[] => [
  origin,
  sequence,
  clock,
  from,
  ...to,
  ...marks,
]
