import { foldName } from '../core/model/fold-name.ts'
import { LRUCache } from 'lru-cache'

import type { AccountInfo, KeysChange, PersonInfo, ReplicaApi } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { AccountChange, AccountKeysChange } from '../core/model/updates.ts'
import { sameBytes } from '../wire/bytes.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import type { ClientClock } from './client-ports.ts'
import { importPublicKey } from './hpke.ts'
import type { Recipient } from './mail-sealer.ts'
import type { ReplicaLink } from './replica-link.ts'

type LookUp = ReplicaApi['lookUp']
type KnownBy = (name: string) => Promise<AccountId | null>

export interface NamedRecipient {
  /** As it was asked for. */
  readonly name: string
  readonly recipient: Recipient
}

/** Names that were taken twice are told apart by what follows this: `name~<server>`. */
export const suffixMark = '~'

/** Whether who signed up by one name may be called by the other. */
export const isNameOf = (called: string, signed: string): boolean =>
  called === signed || called.startsWith(`${signed}${suffixMark}`)

/**
 * Who a name is. Kept for `limits.cachedNameMs` only, because a name can move to another account when a partition
 * heals, and forgotten at once when the replica does not know an account any more.
 */
export class AccountDirectory {
  readonly #known: LRUCache<string, Recipient & { readonly foundMs: number }>
  readonly #clock: ClientClock
  readonly #lookUp: LookUp
  /** Whom the person knows by a name. */
  #knownBy: KnownBy = () => Promise.resolve(null)

  constructor(lookUp: LookUp, clock: ClientClock) {
    this.#lookUp = lookUp
    this.#clock = clock
    this.#known = new LRUCache({ max: limits.cachedNames })
  }

  /** The accounts of these names, in their order. NO_SUCH_ACCOUNT names all that are unknown. */
  async recipients(groupId: Uint8Array, names: readonly string[]): Promise<readonly NamedRecipient[]> {
    const found = await this.known(groupId, names)
    if (found.length === names.length) return found
    const known = new Set(found.map(({ name }) => name))
    throw noSuchAccounts(names.filter((name) => !known.has(name)))
  }

  /** As `recipients`, of those names that are known. */
  async known(groupId: Uint8Array, names: readonly string[]): Promise<readonly NamedRecipient[]> {
    const found = await this.#found(groupId, names)
    return names.flatMap((name, index) => {
      const recipient = found[index]
      return recipient === undefined ? [] : [{ name, recipient }]
    })
  }

  /** `knownBy`: whom who is logged in knows by a name. That finds them when they are called otherwise by now, and nobody else is called so. */
  knowBy(knownBy: KnownBy): void {
    this.#knownBy = knownBy
  }

  forget(names: readonly string[]): void {
    for (const name of names) this.#known.delete(foldName(name))
  }

  forgetAll(): void {
    this.#known.clear()
  }

  /** In the order of the names. */
  async #found(groupId: Uint8Array, names: readonly string[]): Promise<readonly (Recipient | undefined)[]> {
    const oldest = this.#clock.nowMs() - limits.cachedNameMs
    const missing = names.filter((name) => (this.#known.get(foldName(name))?.foundMs ?? -Infinity) < oldest)
    const present = names.map((name) => this.#known.get(foldName(name)))
    // Not read back from what is kept: a loss of the connection meanwhile empties that.
    const looked = new Map<string, Recipient>()
    for (let start = 0; start < missing.length; start += limits.lookUpAccounts) {
      await this.#find(groupId, missing.slice(start, start + limits.lookUpAccounts), looked)
    }
    const isMissing = new Set(missing)
    return names.map((name, index) => (isMissing.has(name) ? looked.get(foldName(name)) : present[index]))
  }

  /** Keeps what it finds, and adds it to `looked`. */
  async #find(groupId: Uint8Array, names: readonly string[], looked: Map<string, Recipient>): Promise<void> {
    this.forget(names)
    const foundMs = this.#clock.nowMs()
    const asked = new Set(names.map(foldName))
    for (const info of await this.#lookUp({ names, accounts: [] })) {
      const name = foldName(info.name)
      if (!asked.has(name)) continue
      const { account, sealKey } = verifiedAccount(groupId, info)
      const recipient = { account, sealKey: await importPublicKey(sealKey) }
      looked.set(name, recipient)
      this.#known.set(name, { ...recipient, foundMs })
    }
    await this.#findRenamed(
      groupId,
      [...asked].filter((name) => !looked.has(name)),
      looked,
    )
  }

  /** As of a name with which sides of a split told two apart, of whom one has been deleted since. Not kept: somebody may take the name. */
  async #findRenamed(groupId: Uint8Array, names: readonly string[], looked: Map<string, Recipient>): Promise<void> {
    const known: { readonly name: string; readonly account: AccountId }[] = []
    for (const name of names) {
      const account = await this.#knownBy(name)
      if (account !== null) known.push({ name, account })
    }
    if (known.length === 0) return
    const found = await this.#lookUp({ names: [], accounts: known.map(({ account }) => account) })
    for (const { name, account } of known) {
      const info = found.find((one) => one.account === account)
      if (info === undefined) continue
      looked.set(name, { account, sealKey: await importPublicKey(verifiedAccount(groupId, info).sealKey) })
    }
  }
}

/** Their accounts, each once, in their order. */
export const eachOnce = (found: readonly NamedRecipient[]): readonly Recipient[] => [
  ...new Map(found.map(({ recipient }) => [recipient.account, recipient])).values(),
]

/** An account's record with the locks that it has now. */
export interface VerifiedAccount extends AccountChange {
  /** That of the locks. */
  readonly generation: number
  readonly keysChanged: KeysChange | null
}

/** What the person signed at sign-up and when the locks changed, if the replica's record agrees with it in everything. BAD_SIGNATURE. */
export const verifiedAccount = (groupId: Uint8Array, info: AccountInfo): VerifiedAccount => {
  const verified = verifySubmission(groupId, 'account', info.payload, info.signature)
  const change = verified.ok ? verified.value.change : null
  const keys = verifiedKeys(groupId, info)
  const agrees =
    change?.kind === 'account' &&
    change.account === info.account &&
    sameBytes(change.sealKey, info.sealKey) &&
    sameBytes(keys?.sealedKeys ?? change.sealedKeys, info.sealedKeys) &&
    (info.keys === null || keys?.account === change.account) &&
    isNameOf(info.name, change.name)
  if (!agrees) {
    throw new QuintetError('BAD_SIGNATURE', `The replica's record of ${info.name} is not what that person signed.`)
  }
  const { sealedKeys, keysChanged } = info
  return { ...change, sealedKeys, generation: keys?.generation ?? 0, keysChanged }
}

const verifiedKeys = (groupId: Uint8Array, { keys }: AccountInfo): AccountKeysChange | null => {
  if (keys === null) return null
  const verified = verifySubmission(groupId, 'accountKeys', keys.payload, keys.signature)
  const change = verified.ok ? verified.value.change : null
  return change?.kind === 'accountKeys' ? change : null
}

/** NO_SUCH_ACCOUNT, with the names. `elsewhere`: a server that went away knew them. */
export class UnknownNames extends QuintetError {
  readonly names: readonly string[]
  readonly known: 'elsewhere' | 'nowhere'

  constructor(names: readonly string[], known: UnknownNames['known'] = 'nowhere') {
    super('NO_SUCH_ACCOUNT', `There is no account named ${names.join(', ')} on this side.`)
    this.names = names
    this.known = known
  }
}

export const noSuchAccounts = (names: readonly string[]): QuintetError => new UnknownNames(names)

/** All accounts that are called like this, page by page, because a page has a limit. */
export const everybody = async (
  { link }: { readonly link: Pick<ReplicaLink, 'call'> },
  like: string,
): Promise<readonly PersonInfo[]> => {
  const people: PersonInfo[] = []
  for (let after: string | null = null; ; after = people.at(-1)?.name ?? null) {
    const query = { like, after }
    const page: readonly PersonInfo[] = await link.call((api) => api.people(query))
    people.push(...page)
    if (page.length < limits.pageAccounts) return people
  }
}
