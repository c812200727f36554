import type { AccountId, Clock, DocumentId, OriginId, Sequence } from '../model/ids.ts'
import type { DocumentRecord } from '../model/image.ts'
import type { Shelf } from '../model/mailbox-changes.ts'
import type { DigestPart } from './digest.ts'
import { SetDigest } from './digest.ts'
import type { LiveSource } from './live-updates.ts'

/**
 * Small things that a person keeps: drafts, the outbox, settings. Each is named by its account and 16 bytes; the last
 * writer by the hybrid clock wins, deletion included. Contents are sealed and in the log. A deletion is remembered for
 * as long as the account exists: nothing else would tell a late older version from a new document.
 */
export class DocumentTable implements LiveSource {
  readonly #byAccount = new Map<AccountId, Map<DocumentId, DocumentRecord>>()
  readonly #live = new Map<OriginId, Set<Sequence>>()
  /** Kept up with every change, as that of the mails. */
  readonly #digest = new SetDigest()

  get(account: AccountId, document: DocumentId): DocumentRecord | undefined {
    const record = this.#byAccount.get(account)?.get(document)
    return record?.state === 'written' ? record : undefined
  }

  /** When it was written or deleted last; 0 when never. */
  lastClock(account: AccountId, document: DocumentId): Clock {
    return this.#byAccount.get(account)?.get(document)?.clock ?? 0
  }

  /** What is on a person's shelf, in the order in which it was written last. */
  list(account: AccountId, shelf: Shelf): readonly DocumentRecord[] {
    const found = [...(this.#byAccount.get(account)?.values() ?? [])].filter(
      (record) => record.state === 'written' && record.shelf === shelf,
    )
    return found.sort((left, right) => (isLater(left, right) ? 1 : -1))
  }

  /** How many a person has, on all shelves. */
  countOf(account: AccountId): number {
    let count = 0
    for (const { state } of this.#byAccount.get(account)?.values() ?? []) if (state === 'written') count += 1
    return count
  }

  /** Takes a version in, unless a later one is there. */
  add(record: DocumentRecord): void {
    let ofAccount = this.#byAccount.get(record.account)
    if (ofAccount === undefined) {
      ofAccount = new Map()
      this.#byAccount.set(record.account, ofAccount)
    }
    const present = ofAccount.get(record.document)
    if (present !== undefined && !isLater(record, present)) return
    if (present !== undefined) this.#forget(present)
    ofAccount.set(record.document, record)
    this.#digest.addRecord(partsOf(record))
    if (record.state === 'written') this.#keep(record)
  }

  /** An account is gone, and its documents with it. */
  removeOwner(account: AccountId): void {
    for (const record of this.#byAccount.get(account)?.values() ?? []) this.#forget(record)
    this.#byAccount.delete(account)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#live.get(origin)?.has(sequence) ?? false
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return this.#live
  }

  records(): readonly DocumentRecord[] {
    return [...this.#byAccount.values()].flatMap((ofAccount) => [...ofAccount.values()])
  }

  digest(digest: SetDigest): void {
    digest.addAll(this.#digest)
  }

  #keep({ origin, sequence }: DocumentRecord): void {
    const sequences = this.#live.get(origin)
    if (sequences === undefined) this.#live.set(origin, new Set([sequence]))
    else sequences.add(sequence)
  }

  #forget(record: DocumentRecord): void {
    this.#digest.removeRecord(partsOf(record))
    const sequences = this.#live.get(record.origin)
    sequences?.delete(record.sequence)
    if (sequences?.size === 0) this.#live.delete(record.origin)
  }
}

/** By the clock; origin and sequence settle what it leaves open, the same way everywhere. */
const isLater = (one: DocumentRecord, two: DocumentRecord): boolean => {
  if (one.clock !== two.clock) return one.clock > two.clock
  if (one.origin !== two.origin) return one.origin > two.origin
  return one.sequence > two.sequence
}

const partsOf = ({
  account,
  document,
  origin,
  sequence,
  clock,
  shelf,
  state,
}: DocumentRecord): readonly DigestPart[] => ['document', account, document, origin, sequence, clock, shelf, state]
