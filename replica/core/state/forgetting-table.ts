import type { AccountId, Clock, DocumentId, OriginId, Sequence } from '../model/ids.ts'
import type { DocumentRecord, ForgettingRecord } from '../model/image.ts'
import type { ForgettingChange } from '../model/mailbox-changes.ts'
import type { Update } from '../model/updates.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'
import { LiveNames } from './live-names.ts'
import type { LiveSource } from './live-updates.ts'

/**
 * From when on what is said of a document counts, by what its person has said of old documents. Each such forgetting raises that time for the
 * documents that it does not name and of several the highest counts, so that their order does not matter. What counts of a document is closed
 * upwards in time: where its last version does not count, no earlier one does, so none of it has to be remembered. Those are kept of which no
 * other says as much, so that others can be shown what the person has signed.
 */
export class ForgettingTable implements LiveSource {
  readonly #byAccount = new Map<AccountId, OfPerson>()
  readonly #live = new LiveNames()
  readonly #digest = new TableDigest(partsOf)

  /** The time from which on what is said of this document counts; 0 where all of it does. */
  from(account: AccountId, document: DocumentId): Clock {
    const ofPerson = this.#byAccount.get(account)
    return ofPerson === undefined ? 0 : fromIn(ofPerson, document)
  }

  allows({ account, document, clock }: Pick<DocumentRecord, 'account' | 'document' | 'clock'>): boolean {
    return clock >= this.from(account, document)
  }

  /** Whether all that it says is said already. */
  knows(said: Said): boolean {
    return this.#of(said.account).some((known) => saysAllOf(known, said))
  }

  add(record: ForgettingRecord): void {
    const known = this.#of(record.account)
    if (known.some((other) => standsBefore(other, record))) return
    const left = known.filter((other) => {
      const stays = !standsBefore(record, other)
      if (!stays) this.#drop(other)
      return stays
    })
    this.#byAccount.set(record.account, raised(this.#byAccount.get(record.account), record, [...left, record]))
    this.#live.add(record)
    this.#digest.add(record)
  }

  /** An account is gone. */
  removeOwner(account: AccountId): void {
    for (const record of this.#of(account)) this.#drop(record)
    this.#byAccount.delete(account)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#live.has(origin, sequence)
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return this.#live.liveSequences()
  }

  records(): readonly ForgettingRecord[] {
    return [...this.#byAccount.values()].flatMap(({ records }) => records)
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => this.records())
  }

  #of(account: AccountId): readonly ForgettingRecord[] {
    return this.#byAccount.get(account)?.records ?? []
  }

  #drop(record: ForgettingRecord): void {
    this.#live.remove(record)
    this.#digest.remove(record)
  }
}

export const forgettingRecord = (
  { origin, sequence, clock, bytes }: Update,
  { account, saidUpTo, documents }: ForgettingChange,
): ForgettingRecord => ({ account, origin, sequence, clock, saidUpTo, documents, bytes })

type Said = Pick<ForgettingRecord, 'account' | 'saidUpTo' | 'documents'>

interface OfPerson {
  readonly records: readonly ForgettingRecord[]
  /** Of all documents but those in `ofNamed`, of which what was said earlier counts, too. */
  readonly from: Clock
  readonly ofNamed: ReadonlyMap<DocumentId, Clock>
}

const fromIn = ({ from, ofNamed }: Pick<OfPerson, 'from' | 'ofNamed'>, document: DocumentId): Clock =>
  ofNamed.get(document) ?? from

/** The later of both times for each document. */
const raised = (before: OfPerson | undefined, said: Said, records: readonly ForgettingRecord[]): OfPerson => {
  const one = before ?? { from: 0, ofNamed: new Map<DocumentId, Clock>() }
  const other = { from: said.saidUpTo + 1, ofNamed: new Map(said.documents.map((document) => [document, 0])) }
  const from = Math.max(one.from, other.from)
  const ofNamed = new Map<DocumentId, Clock>()
  for (const document of [...one.ofNamed.keys(), ...other.ofNamed.keys()]) {
    const latest = Math.max(fromIn(one, document), fromIn(other, document))
    if (latest < from) ofNamed.set(document, latest)
  }
  return { records, from, ofNamed }
}

/** Whether `one` leaves nothing that `other` does not leave either. */
const saysAllOf = (one: Said, other: Said): boolean => {
  if (one.saidUpTo < other.saidUpTo || one.documents.length > other.documents.length) return false
  const named = new Set(other.documents)
  return one.documents.every((document) => named.has(document))
}

/** Of two that say the same the one with the smaller name stays, the same everywhere. */
const standsBefore = (one: ForgettingRecord, other: ForgettingRecord): boolean => {
  if (!saysAllOf(one, other)) return false
  if (!saysAllOf(other, one)) return true
  return one.origin === other.origin ? one.sequence <= other.sequence : one.origin < other.origin
}

const partsOf = ({ account, origin, sequence, saidUpTo, documents }: ForgettingRecord): readonly DigestPart[] => [
  'forgetting',
  account,
  origin,
  sequence,
  saidUpTo,
  ...documents,
]
