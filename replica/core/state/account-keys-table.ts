import type { AccountId } from '../model/ids.ts'
import type { AccountKeysRecord } from '../model/image.ts'
import type { SetDigest } from './digest.ts'

/** The locks of private keys that were changed since the sign-up: of each account the last writer's. They may come before the account. */
export class AccountKeysTable {
  readonly #keys = new Map<AccountId, AccountKeysRecord>()

  get(account: AccountId): AccountKeysRecord | undefined {
    return this.#keys.get(account)
  }

  add(record: AccountKeysRecord): void {
    if (this.isNews(record)) this.#keys.set(record.account, record)
  }

  /** Whether it is later than what is known. */
  isNews(record: AccountKeysRecord): boolean {
    const present = this.#keys.get(record.account)
    return present === undefined || isLater(record, present)
  }

  remove(account: AccountId): void {
    this.#keys.delete(account)
  }

  records(): readonly AccountKeysRecord[] {
    return [...this.#keys.values()]
  }

  digest(digest: SetDigest): void {
    for (const { account, generation, clock, origin } of this.#keys.values())
      digest.add(`keys ${account} ${generation} ${clock} ${origin}`)
  }
}

const isLater = (one: AccountKeysRecord, two: AccountKeysRecord): boolean => {
  if (one.generation !== two.generation) return one.generation > two.generation
  if (one.clock !== two.clock) return one.clock > two.clock
  return one.origin > two.origin
}
