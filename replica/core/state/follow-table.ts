import type { AccountId, Clock, OriginId, Sequence } from '../model/ids.ts'
import type { FollowRecord } from '../model/image.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'

/**
 * Who follows whom: of each pair the last word by the hybrid clock. That somebody does not follow any more is remembered for as long as
 * both accounts exist: nothing else would tell a late older word from a new one.
 */
export class FollowTable {
  readonly #byAccount = new Map<AccountId, Map<AccountId, FollowRecord>>()
  readonly #byWhom = new Map<AccountId, Set<AccountId>>()
  readonly #digest = new TableDigest(partsOf)

  /** Whom `account` follows. */
  followedBy(account: AccountId): readonly AccountId[] {
    return [...(this.#byAccount.get(account)?.values() ?? [])].filter(isOn).map(({ whom }) => whom)
  }

  /** Who follows `whom`. */
  followersOf(whom: AccountId): readonly AccountId[] {
    return [...(this.#byWhom.get(whom) ?? [])].filter((account) => this.follows(account, whom))
  }

  follows(account: AccountId, whom: AccountId): boolean {
    return this.#byAccount.get(account)?.get(whom)?.state === 'follows'
  }

  /** When `account` last said whether it follows `whom`; 0 when never. */
  lastClock(account: AccountId, whom: AccountId): Clock {
    return this.#byAccount.get(account)?.get(whom)?.clock ?? 0
  }

  /** Takes a word in, unless a later one is there or one of the two is gone. */
  add(record: FollowRecord, isGone: (account: AccountId) => boolean): void {
    const { account, whom } = record
    if (isGone(account) || isGone(whom)) return
    const present = this.#byAccount.get(account)?.get(whom)
    if (present !== undefined && !isLater(record, present)) return
    if (present !== undefined) this.#digest.remove(present)
    this.#digest.add(record)
    entryOf(this.#byAccount, account, () => new Map<AccountId, FollowRecord>()).set(whom, record)
    entryOf(this.#byWhom, whom, () => new Set<AccountId>()).add(account)
  }

  /** An account is gone: whom it followed, and who followed it. */
  removeAccount(account: AccountId): void {
    for (const record of this.#byAccount.get(account)?.values() ?? []) this.#remove(record)
    for (const follower of [...(this.#byWhom.get(account) ?? [])]) {
      const record = this.#byAccount.get(follower)?.get(account)
      if (record !== undefined) this.#remove(record)
    }
  }

  /** Of the last words, whose bytes show what somebody signed. */
  liveSequences(): ReadonlyMap<OriginId, readonly Sequence[]> {
    const found = new Map<OriginId, Sequence[]>()
    for (const { origin, sequence } of this.records()) entryOf(found, origin, (): Sequence[] => []).push(sequence)
    return found
  }

  records(): readonly FollowRecord[] {
    return [...this.#byAccount.values()].flatMap((records) => [...records.values()])
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => this.records())
  }

  #remove(record: FollowRecord): void {
    const { account, whom } = record
    this.#digest.remove(record)
    const records = this.#byAccount.get(account)
    records?.delete(whom)
    if (records?.size === 0) this.#byAccount.delete(account)
    const followers = this.#byWhom.get(whom)
    followers?.delete(account)
    if (followers?.size === 0) this.#byWhom.delete(whom)
  }
}

const isOn = ({ state }: FollowRecord): boolean => state === 'follows'

const entryOf = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** By the clock; origin and sequence settle what it leaves open, the same way everywhere. */
const isLater = (one: FollowRecord, two: FollowRecord): boolean => {
  if (one.clock !== two.clock) return one.clock > two.clock
  if (one.origin !== two.origin) return one.origin > two.origin
  return one.sequence > two.sequence
}

const partsOf = ({ account, whom, origin, sequence, clock, state }: FollowRecord): readonly DigestPart[] => [
  'follow',
  account,
  whom,
  origin,
  sequence,
  clock,
  state,
]
