import type { AccountId, Clock, DocumentId, OriginId, Sequence } from '../model/ids.ts'
import type { DocumentRecord, ForgettingRecord } from '../model/image.ts'
import type { Shelf } from '../model/mailbox-changes.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'
import { ForgettingTable } from './forgetting-table.ts'
import { LiveNames } from './live-names.ts'
import type { LiveSource } from './live-updates.ts'

/**
 * Small things that a person keeps: drafts, the outbox, settings. Each is named by its account and 16 bytes; the last
 * writer by the hybrid clock wins, deletion included. Contents are sealed and in the log. A deletion is remembered until
 * its person says that it can be forgotten: nothing else would tell a late older version from a new document.
 */
export class DocumentTable implements LiveSource {
  readonly forgettings = new ForgettingTable()
  readonly #written = new Shelves()
  /** Every mail that was written in the window leaves two or three: what is asked all the time does not go through them. */
  readonly #deleted = new Shelves()
  readonly #live = new LiveNames()
  readonly #digest = new TableDigest(partsOf)

  get(account: AccountId, document: DocumentId): DocumentRecord | undefined {
    return this.#written.get(account, document)
  }

  /** Whether it is there, or remembered as deleted. */
  isKnown(account: AccountId, document: DocumentId): boolean {
    return this.#last(account, document) !== undefined
  }

  /** When it was written or deleted last, at the latest where that is forgotten; 0 when never. What is said up to then is not its last version. */
  lastClock(account: AccountId, document: DocumentId): Clock {
    return this.#last(account, document)?.clock ?? Math.max(0, this.forgettings.from(account, document) - 1)
  }

  /** What is on a person's shelf, in the order in which it was written last. */
  list(account: AccountId, shelf: Shelf): readonly DocumentRecord[] {
    const found = [...this.#written.of(account)].filter((record) => record.shelf === shelf)
    return found.sort((left, right) => (isLater(left, right) ? 1 : -1))
  }

  /** How many a person has, on all shelves. */
  countOf(account: AccountId): number {
    return this.#written.countOf(account)
  }

  /** Of what was said up to `saidUpTo`: the documents of a person that are there, and how many others are remembered as deleted. */
  saidUpTo(account: AccountId, saidUpTo: Clock): { readonly left: readonly DocumentId[]; readonly deleted: number } {
    const isOld = ({ clock }: DocumentRecord): boolean => clock <= saidUpTo
    const left = [...this.#written.of(account)].filter(isOld).map(({ document }) => document)
    let deleted = 0
    for (const record of this.#deleted.of(account)) if (isOld(record)) deleted += 1
    return { left, deleted }
  }

  /** Whether a document that is there would be gone by this. */
  wouldLose({ account, saidUpTo, documents }: Pick<ForgettingRecord, 'account' | 'saidUpTo' | 'documents'>): boolean {
    const named = new Set(documents)
    return this.saidUpTo(account, saidUpTo).left.some((document) => !named.has(document))
  }

  /** Takes a version in, unless a later one is there, or it does not count any more. */
  add(record: DocumentRecord): void {
    if (!this.forgettings.allows(record)) return
    const present = this.#last(record.account, record.document)
    if (present !== undefined && !isLater(record, present)) return
    if (present !== undefined) {
      this.#forget(present)
      if (present.state !== record.state) this.#stateOf(present).remove(present)
    }
    this.#stateOf(record).put(record)
    this.#digest.add(record)
    if (record.state === 'written') this.#live.add(record)
  }

  /** Takes in what a person has said of old documents: what does not count any more is gone. */
  forget(record: ForgettingRecord): void {
    this.forgettings.add(record)
    for (const documents of [this.#written, this.#deleted]) {
      for (const present of documents.of(record.account)) {
        if (this.forgettings.allows(present)) continue
        this.#forget(present)
        documents.remove(present)
      }
    }
  }

  /** An account is gone, and its documents with it. */
  removeOwner(account: AccountId): void {
    for (const documents of [this.#written, this.#deleted]) {
      for (const record of documents.of(account)) this.#forget(record)
      documents.removeOwner(account)
    }
    this.forgettings.removeOwner(account)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#live.has(origin, sequence)
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return this.#live.liveSequences()
  }

  records(): readonly DocumentRecord[] {
    return [...this.#written.all(), ...this.#deleted.all()]
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => this.records())
    this.forgettings.digest(digest)
  }

  #last(account: AccountId, document: DocumentId): DocumentRecord | undefined {
    return this.#written.get(account, document) ?? this.#deleted.get(account, document)
  }

  #stateOf({ state }: DocumentRecord): Shelves {
    return state === 'written' ? this.#written : this.#deleted
  }

  #forget(record: DocumentRecord): void {
    this.#digest.remove(record)
    this.#live.remove(record)
  }
}

/** Documents by their accounts and names. */
class Shelves {
  readonly #byAccount = new Map<AccountId, Map<DocumentId, DocumentRecord>>()

  get(account: AccountId, document: DocumentId): DocumentRecord | undefined {
    return this.#byAccount.get(account)?.get(document)
  }

  of(account: AccountId): Iterable<DocumentRecord> {
    return this.#byAccount.get(account)?.values() ?? []
  }

  countOf(account: AccountId): number {
    return this.#byAccount.get(account)?.size ?? 0
  }

  *all(): Iterable<DocumentRecord> {
    for (const ofAccount of this.#byAccount.values()) yield* ofAccount.values()
  }

  put(record: DocumentRecord): void {
    const ofAccount = this.#byAccount.get(record.account)
    if (ofAccount === undefined) this.#byAccount.set(record.account, new Map([[record.document, record]]))
    else ofAccount.set(record.document, record)
  }

  remove({ account, document }: DocumentRecord): void {
    this.#byAccount.get(account)?.delete(document)
  }

  removeOwner(account: AccountId): void {
    this.#byAccount.delete(account)
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
