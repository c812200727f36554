import { foldName } from '../model/fold-name.ts'
import type { AccountId } from '../model/ids.ts'
import { seatOf } from '../model/ids.ts'
import type { AccountRecord } from '../model/image.ts'
import type { AccountChange, Update } from '../model/updates.ts'
import type { SetDigest } from './digest.ts'

/**
 * The people. An account is its id; the name is a label that the earliest account (clock, then id) keeps. One
 * that took the same name on another side of a partition shows as `name~<server>`.
 */
export class AccountTable {
  readonly #accounts = new Map<AccountId, AccountRecord>()
  readonly #deleted = new Set<AccountId>()
  readonly #labels = new Map<AccountId, string>()
  readonly #byLabel = new Map<string, AccountId>()
  readonly #rivals = new Map<string, AccountRecord[]>()
  #revision = 0

  get size(): number {
    return this.#accounts.size
  }

  /** Changes whenever an account comes, goes, or is called otherwise. */
  get revision(): number {
    return this.#revision
  }

  get(account: AccountId): AccountRecord | undefined {
    return this.#accounts.get(account)
  }

  isDeleted(account: AccountId): boolean {
    return this.#deleted.has(account)
  }

  /** What the account is called now. */
  nameOf(account: AccountId): string | undefined {
    return this.#labels.get(account)
  }

  /** The account that is called so now, in any case. */
  named(name: string): AccountRecord | undefined {
    const account = this.#byLabel.get(foldName(name))
    return account === undefined ? undefined : this.#accounts.get(account)
  }

  /** Whether it is not known, or as of a later time. */
  isNews(record: AccountRecord): boolean {
    const present = this.#accounts.get(record.account)
    return !this.#deleted.has(record.account) && (present === undefined || isEarlier(record, present))
  }

  /** One that signed up twice, at two replicas, is taken as of the earlier time. */
  add(record: AccountRecord): void {
    if (!this.isNews(record)) return
    const present = this.#accounts.get(record.account)
    if (present !== undefined) this.#drop(present)
    this.#accounts.set(record.account, record)
    const folded = foldName(record.name)
    const rivals = this.#rivals.get(folded) ?? []
    rivals.push(record)
    this.#rivals.set(folded, rivals)
    this.#label(folded)
  }

  remove(account: AccountId): void {
    this.#deleted.add(account)
    const record = this.#accounts.get(account)
    if (record !== undefined) this.#drop(record)
  }

  records(): readonly AccountRecord[] {
    return [...this.#accounts.values()]
  }

  deleted(): readonly AccountId[] {
    return [...this.#deleted]
  }

  digest(digest: SetDigest): void {
    for (const { account, name, clock } of this.#accounts.values()) digest.add(`account ${account} ${clock} ${name}`)
    for (const account of this.#deleted) digest.add(`deleted ${account}`)
  }

  #drop(record: AccountRecord): void {
    this.#accounts.delete(record.account)
    this.#unlabel(record.account)
    const folded = foldName(record.name)
    const rivals = (this.#rivals.get(folded) ?? []).filter((rival) => rival !== record)
    if (rivals.length === 0) this.#rivals.delete(folded)
    else this.#rivals.set(folded, rivals)
    this.#label(folded)
  }

  /** Gives the claimants of one name their labels: the earliest the name itself, the others one with their server. */
  #label(folded: string): void {
    this.#revision += 1
    const rivals = this.#rivals.get(folded) ?? []
    rivals.sort((left, right) => left.clock - right.clock || (left.account < right.account ? -1 : 1))
    for (const rival of rivals) this.#unlabel(rival.account)
    rivals.forEach((rival, index) => {
      const base = index === 0 ? rival.name : `${rival.name}~${seatOf(rival.origin)}`
      let label = base
      for (let round = 2; this.#byLabel.has(foldName(label)); round += 1) label = `${base}~${round}`
      this.#labels.set(rival.account, label)
      this.#byLabel.set(foldName(label), rival.account)
    })
  }

  #unlabel(account: AccountId): void {
    const label = this.#labels.get(account)
    if (label === undefined) return
    this.#labels.delete(account)
    this.#byLabel.delete(foldName(label))
  }
}

const isEarlier = (left: AccountRecord, right: AccountRecord): boolean =>
  left.clock < right.clock || (left.clock === right.clock && left.origin < right.origin)

/** What an update that signs somebody up brings. */
export const accountRecord = ({ origin, clock, bytes }: Update, change: AccountChange): AccountRecord => ({
  account: change.account,
  name: change.name,
  sealKey: change.sealKey,
  sealedKeys: change.sealedKeys,
  clock,
  origin,
  bytes,
})
