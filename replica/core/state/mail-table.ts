import type { AccountId, Clock, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, tagsAgree, updateId } from '../model/ids.ts'
import type { AnswerRecord, MarkRecord, MarkRegisters, PendingMark } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import { type MailColumns, type MailRecord, mailRecords } from '../model/mail-columns.ts'
import type { Meant } from '../model/meant.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import { Conversations } from './conversations.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'
import type { Execution, ExecutionMerge, ExecutionTable } from './execution-table.ts'
import { firstOf, standingOf } from './execution-table.ts'
import type { LiveSource } from './live-updates.ts'
import { isDeletedByAll, type MailEntry, type MailKey, type MailPlace, ownersOf } from './mail-entry.ts'
import { MailFolders, noCopy, placeOf } from './mail-folders.ts'
import type { JoinContext, MailsAndMarks, Named, RepeatContext } from './mail-join.ts'
import { Repeated } from './mail-join.ts'
import { MailStore } from './mail-store.ts'
import { compareMails } from './mailbox-index.ts'
import { noRegisters, RegisterTable } from './mark-registers.ts'
import type { WaitingMarks } from './pending-marks.ts'
import { PendingMarks } from './pending-marks.ts'

/** What a mark did: whether the mail is there, still to come, or gone for good. */
export type MarkOutcome = 'marked' | 'pending' | 'settled'

/**
 * Mails, the marks on each person's copy, and marks that came before their mail. Deletion wins over reading,
 * which wins over the mail; of the marks that can be taken back the last one by the hybrid clock counts. The version vector is the
 * tombstone: a mail that it covers and that is not here has been deleted by everyone who had it.
 */
export class MailTable implements LiveSource {
  readonly #store = new MailStore()
  readonly #registers = new RegisterTable()
  readonly #conversations = new Conversations()
  readonly #pending = new PendingMarks()
  /** By owner; made when somebody asks for it, because a start takes in as many mails as there are. */
  readonly #mailboxes = new Map<AccountId, MailFolders>()
  readonly #executions: ExecutionTable
  readonly #digest = new TableDigest(partsOf)

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

  /** As `find`, if it is the one that is meant. */
  findMeant({ id, tag }: Meant): MailEntry | undefined {
    const mail = this.find(id)
    return mail !== undefined && tagsAgree(mail.tag, tag) ? mail : undefined
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#store.find(origin, sequence) !== null
  }

  mailbox(account: AccountId): MailFolders {
    let mailbox = this.#mailboxes.get(account)
    if (mailbox === undefined) {
      mailbox = new MailFolders(this.#store, this.#store.placesOf(account, this.#registers))
      this.#mailboxes.set(account, mailbox)
    }
    return mailbox
  }

  /** `account`'s copies of a conversation's mails, oldest first. */
  conversation(account: AccountId, id: UpdateId): readonly MailEntry[] {
    const names = this.#executions.namesOf(id)
    const answers = names.flatMap((name) => [...this.#conversations.answers(name)])
    const mails = [id, ...answers].flatMap((name) => this.find(name) ?? [])
    return mails.filter((mail) => this.isOwnedBy(mail, account)).sort(compareMails)
  }

  /** Whether there are mails that answer in the conversation which a mail of this name began. */
  isAnswered(name: UpdateId): boolean {
    return this.#conversations.hasAnswers(name)
  }

  /** The first mail of the conversation in which a mail answers; null when it answers nothing. */
  conversationOf({ origin, sequence }: MailPlace): UpdateId | null {
    const conversation = this.#conversations.of(origin, sequence)
    return conversation && this.#executions.standing(conversation)
  }

  /**
   * Takes a mail in, with the marks that waited for it. An origin's mails come in the order of their sequences. A copy that
   * `isGone` says has no owner any more counts as deleted. `conversation` is the first mail of that in which it answers.
   */
  add(record: MailRecord, isGone: (account: AccountId) => boolean, conversation: UpdateId | null = null): void {
    if (this.has(record.origin, record.sequence)) return
    const waiting = this.#takePending(record)
    const marks = [record.from, ...record.to].map(
      (owner, copy) =>
        (record.marks[copy] ?? 0) | (waiting?.get(owner)?.bits ?? 0) | (isGone(owner) ? markBits.deleted : 0),
    )
    if (isDeletedByAll(marks)) return
    const mail = { ...record, marks }
    const key = this.#store.append(mail)
    this.#digest.add(mail)
    if (conversation !== null) this.#conversations.add({ origin: mail.origin, sequence: mail.sequence, conversation })
    for (const owner of ownersOf(mail)) this.#mailboxes.get(owner)?.move(key, 0, this.placeOf(mail, owner))
    for (const [account, { registers }] of waiting ?? []) this.#setOn(key, account, registers)
  }

  /** The same mail came once more, by a new name. */
  repeat(record: MailRecord, { before, after, isGone }: RepeatContext): void {
    const waiting = this.#takePending(record)
    const { origin, sequence } = standingOf(before)
    const key = this.#store.find(origin, sequence)
    // Deleted by everyone already, whatever it is called.
    if (key === null) return
    const goneBits = (owner: AccountId): number => (isGone(owner) ? markBits.deleted : 0)
    this.#rename(key, after, (owner) => (waiting?.get(owner)?.bits ?? 0) | goneBits(owner))
    for (const [account, { registers }] of waiting ?? []) this.#setByName(record, account, registers)
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
    const owners = [before.from, ...before.to]
    const marks = owners.map((owner, copy) => (before.marks[copy] ?? 0) | bitsOf(owner, copy))
    const registers = [...new Set(owners)].map((owner) => [owner, this.registersOf(before, owner)] as const)
    const conversation = this.#conversations.of(before.origin, before.sequence)
    this.#remove(key)
    this.add({ ...before, origin, sequence, clock, marks }, () => false, conversation)
    for (const [owner, set] of registers) this.#setByName({ origin, sequence }, owner, set)
  }

  #setClock(key: MailKey, clock: Clock): void {
    const before = this.#store.entryAt(key)
    const places = [...ownersOf(before)].map((owner) => [owner, this.placeOf(before, owner)] as const)
    for (const [owner, place] of places) this.#mailboxes.get(owner)?.move(key, place, 0)
    this.#store.setClock(key, clock)
    for (const [owner, place] of places) this.#mailboxes.get(owner)?.move(key, 0, place)
    this.#digest.remove(before)
    this.#digest.add({ ...before, clock })
  }

  /** The mail by any of its names. */
  #keyOf(name: Named): MailKey | null {
    const { origin, sequence } = splitUpdateId(this.#executions.standing(updateId(name.origin, name.sequence)))
    return this.#store.find(origin, sequence)
  }

  #setByName(name: Named, account: AccountId, registers: MarkRegisters): void {
    const key = this.#keyOf(name)
    if (key !== null) this.#setOn(key, account, registers)
  }

  /** What waited for a mail; usually nothing waits for any, and then no id need be put together. */
  #takePending({ origin, sequence, tag }: MailRecord): ReadonlyMap<AccountId, WaitingMarks> | undefined {
    return this.#pending.size === 0 ? undefined : this.#pending.take(updateId(origin, sequence), tag)
  }

  /** Marks `account`'s copies for good. `vector` tells a mail that is still to come from one that is gone. */
  mark(meant: Meant, account: AccountId, bits: number, vector: VersionVector): MarkOutcome {
    const target = this.#targetOf(meant, vector)
    if (target === 'settled') return target
    if (target === 'pending') return this.#wait({ meant, account, bits, registers: noRegisters })
    this.#markOwned(target, account, bits)
    this.#tidy()
    return 'marked'
  }

  /** Sets marks that can be taken back on `account`'s copies, where they are later than what is set. As `mark`. */
  set(meant: Meant, account: AccountId, registers: MarkRegisters, vector: VersionVector): MarkOutcome {
    const target = this.#targetOf(meant, vector)
    if (target === 'settled') return target
    if (target === 'pending') return this.#wait({ meant, account, bits: 0, registers })
    this.#setOn(target, account, registers)
    return 'marked'
  }

  /** Where a log has forked the name may be that of another mail than the one that is meant: then the mark is for nothing here. */
  #targetOf({ id, tag }: Meant, vector: VersionVector): MailKey | 'pending' | 'settled' {
    const { origin, sequence } = splitUpdateId(this.#executions.standing(id))
    const key = this.#store.find(origin, sequence)
    if (key !== null) return tagsAgree(tag, this.#store.tagAt(key)) ? key : 'settled'
    return heldFrom(vector, origin) >= sequence || this.#executions.isAlias(id) ? 'settled' : 'pending'
  }

  #wait({ meant: { id, tag }, ...mark }: Omit<PendingMark, 'mail' | 'tag'> & { readonly meant: Meant }): MarkOutcome {
    this.#pending.add({ mail: id, tag, ...mark })
    return 'pending'
  }

  /** The update has come and is no mail, so that marks for it wait in vain. */
  settle(id: UpdateId): void {
    this.#pending.drop(id)
  }

  /** An account is gone: its copies are deleted. */
  removeOwner(account: AccountId): void {
    this.#mailboxes.delete(account)
    for (const key of this.#store.keysOf(account)) this.#markOwned(key, account, markBits.deleted)
    this.#tidy()
  }

  /** Whether `account` has a copy that it has not deleted. */
  isOwnedBy(mail: MailEntry, account: AccountId): boolean {
    return this.placeOf(mail, account) !== 0
  }

  /** Whether a read was noted on `account`'s copies, whatever it has marked since. */
  hasRead({ from, to, marks }: MailEntry, account: AccountId): boolean {
    return [from, ...to].every((owner, copy) => owner !== account || ((marks[copy] ?? 0) & markBits.read) !== 0)
  }

  registersOf({ origin, sequence }: Named, account: AccountId): MarkRegisters {
    return this.#registers.get(account, origin, sequence)
  }

  /** Where `account` sees a mail, as `placeBits`; 0 when it has no copy. */
  placeOf(mail: MailEntry, account: AccountId): number {
    const received = mail.to.indexOf(account) + 1
    const sentBits = mail.from === account ? (mail.marks[0] ?? noCopy) : noCopy
    const receivedBits = received === 0 ? noCopy : (mail.marks[received] ?? noCopy)
    return placeOf(sentBits, receivedBits, this.#registers.get(account, mail.origin, mail.sequence))
  }

  /** The other half of a join: what the other state's vector covers and the other state has not is deleted. */
  join({ mails: columns, answers, marks, pending }: MailsAndMarks, context: JoinContext): void {
    const { mine, theirs, isGone, merges } = context
    // The folders are put in order when they are asked for: mails come by origin here, and most of the order would be wrong.
    this.#mailboxes.clear()
    if (this.#store.isUnused && this.#pending.size === 0 && mine.size === 0) {
      this.#store.adopt(columns, isGone)
      this.#digest.clear()
    } else {
      const repeated = new Repeated(merges)
      if (this.size > 0) this.#removeAbsent(columns, theirs, repeated)
      for (const record of mailRecords(columns)) {
        const merge = merges.length === 0 ? undefined : repeated.of(record)
        if (merge === undefined) this.#joinRecord(record, mine, isGone)
        else this.#joinRepeated(record, merge)
      }
    }
    for (const answer of answers) if (this.has(answer.origin, answer.sequence)) this.#conversations.add(answer)
    for (const { origin, sequence, account, registers } of marks) {
      const key = this.#keyOf({ origin, sequence })
      if (key !== null) this.#setOn(key, account, registers)
    }
    this.#settlePending(theirs)
    for (const { mail, tag, account, bits, registers } of pending) {
      this.mark({ id: mail, tag }, account, bits, mine)
      this.set({ id: mail, tag }, account, registers, mine)
    }
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

  answers(): readonly AnswerRecord[] {
    return this.#conversations.records()
  }

  markRecords(): readonly MarkRecord[] {
    return this.#registers.records()
  }

  pendingMarks(): readonly PendingMark[] {
    return this.#pending.records()
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => mailRecords(this.columns()))
    this.#registers.digest(digest)
    this.#pending.digest(digest)
  }

  /** A mail of the other state that is known here by other names: here it may have been deleted by everyone. */
  #joinRepeated(record: MailRecord, { mine, theirs, merged }: ExecutionMerge): void {
    // By another name than the one that stands there nobody lists it who is honest, and it would be put where others are still to come.
    if (record.origin !== theirs.origin || record.sequence !== theirs.sequence) return
    const key = this.#store.find(mine.origin, mine.sequence)
    if (key !== null) this.#rename(key, merged, (_owner, copy) => record.marks[copy] ?? 0)
  }

  /** Marks that waited for what the other state covers: the mail has come, perhaps by another name, or is gone for good. */
  #settlePending(theirs: VersionVector): void {
    if (this.#pending.size === 0) return
    for (const { mail, tag, account, bits, registers } of this.#pending.records()) {
      const name = splitUpdateId(mail)
      if (name.sequence > heldFrom(theirs, name.origin) && !this.#executions.isAlias(mail)) continue
      this.#pending.drop(mail)
      const key = this.#keyOf(name)
      if (key === null || !tagsAgree(tag, this.#store.tagAt(key))) continue
      this.#markOwned(key, account, bits)
      this.#setByName(name, account, registers)
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
    const { origin, sequence } = mail
    for (const owner of ownersOf(mail, (copy) => marks[copy] !== before.marks[copy])) {
      const [from, to] = [this.placeOf(before, owner), this.placeOf(mail, owner)]
      if (from !== to) this.#mailboxes.get(owner)?.move(key, from, to)
      if (to === 0) this.#registers.drop(owner, origin, sequence)
    }
    this.#digest.remove(before)
    if (isDeletedByAll(marks)) this.#conversations.drop(origin, sequence)
    else this.#digest.add(mail)
    this.#store.setMarks(key, marks)
  }

  #setOn(key: MailKey, account: AccountId, registers: MarkRegisters): void {
    const mail = this.#store.entryAt(key)
    const before = this.placeOf(mail, account)
    // A deleted copy has no marks, and whoever never had one sets none.
    if (before === 0) return
    this.#registers.merge({ origin: mail.origin, sequence: mail.sequence, account, registers })
    const after = this.placeOf(mail, account)
    if (after !== before) this.#mailboxes.get(account)?.move(key, before, after)
  }

  #tidy(): void {
    if (this.#store.tidy() === 'rearranged') this.#mailboxes.clear()
  }
}

/** There is one more mark than recipients, so that no two mails have the same parts. */
export const partsOf = ({ origin, sequence, clock, from, to, marks }: MailRecord): readonly DigestPart[] => [
  origin,
  sequence,
  clock,
  from,
  ...to,
  ...marks,
]
