import type { AccountInfo } from '../api/contract.ts'
import { deletedName, isDeletedName } from '../core/model/deleted-name.ts'
import { QuintetError } from '../core/model/errors.ts'
import { foldName } from '../core/model/fold-name.ts'
import { accountId, type AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { isNameOf, verifiedAccount } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { Identity } from './contract/people.ts'
import type { Documents } from './documents.ts'
import { ownDocuments } from './own-documents.ts'
import { Remembered } from './remembered.ts'
import { safetyWords } from './safety-words.ts'
import { normalName, type Session } from './session.ts'

/** Behind an account that the person has accepted: it replaces the one that was known before. */
const accepted = '!'
/** Accounts that were met by one name apart: as many as a value has room for. */
const mostMet = 3

const accountsIn = (value: string): readonly AccountId[] => value.replace(accepted, '').split(' ').map(accountId)

/** Two of a person's clients have met two accounts by one name, as on two sides of a split, or because a server lied to one of them: neither is the one. */
const joined = (later: string, earlier: string): string => {
  if (later.endsWith(accepted)) return later
  const met = new Set([...accountsIn(later), ...accountsIn(earlier)])
  return [...met].sort().slice(0, mostMet).join(' ')
}

const memory = {
  document: ownDocuments.knownPeople,
  most: limits.rememberedNames,
  forMs: null,
  everyMs: limits.rememberEveryMs,
  joined,
}
const accountForm = /^[\w-]{43}$/

/**
 * Who an account is that is shown under a name: another one than the person knows by it, or that never signed up by it; one that did, and whom the
 * person does not know yet; or nothing to be said of it.
 */
type Author = 'another' | 'signed' | 'unknown'

/**
 * Which account a name was when the person first wrote to it, or opened a mail from it (trust on first use). Servers say whose a name is, and can
 * lie; a name can also become somebody else's, by a merge. Either way the person is asked.
 */
export class KnownPeople {
  readonly #context: ClientContext
  readonly #names: Remembered

  constructor(context: ClientContext, documents: Documents) {
    this.#context = context
    this.#names = new Remembered(context, documents, memory)
    context.directory.knowBy(async (name) => {
      if (context.session === null) return null
      await this.asFarAsKnown(context.session)
      const [known, ...others] = this.#knownBy(name)
      return known === undefined || others.length > 0 ? null : known
    })
  }

  /** Fulfilled when it is known whom the person knows. */
  ready(session: Session): Promise<void> {
    return this.#names.ready(session)
  }

  /** As `ready`, for those who show something also when it cannot be had. */
  async asFarAsKnown(session: Session): Promise<void> {
    await this.ready(session).catch(() => undefined)
  }

  /** Whether the person knows somebody else by this name. */
  isAnother(session: Session, name: string, account: AccountId): boolean {
    if (name === '' || account === session.account) return false
    return this.#knownBy(name).some((known) => known !== account)
  }

  /** What an account is shown as that a server calls `name`. Servers know no name of one that is deleted; the person may have known it. */
  nameOf(name: string, account: AccountId): string {
    if (!isDeletedName(name)) return name
    // Not taken apart: a page may have a thousand of them, and two thousand names are known.
    for (const [known, value] of this.#names.all()) if (value.includes(account)) return deletedName(known)
    return ''
  }

  /** The person writes to these, or follows them, by these names. NAME_CHANGED_HANDS when one of them is not whom the person knows. */
  async meet(session: Session, people: readonly (readonly [name: string, account: AccountId])[]): Promise<void> {
    await this.ready(session)
    const others = people.filter(([name, account]) => this.isAnother(session, name, account)).map(([name]) => name)
    if (others.length > 0) throw changedHands(await this.identities(session, others))
    for (const [name, account] of people) this.#note(session, name, account)
  }

  /**
   * The person reads what this account wrote, which the server shows under this name.
   */
  async read(session: Session, name: string, account: AccountId): Promise<Author> {
    const author = await this.author(session, name, account)
    if (author === 'signed') this.#note(session, name, account)
    return author
  }

  /** As `read`, where the person reads nothing: who exports a thousand mails has met nobody. */
  async author(session: Session, name: string, account: AccountId): Promise<Author> {
    await this.asFarAsKnown(session)
    if (name === '' || account === session.account) return 'unknown'
    if (this.#names.get(foldName(name)) !== null) return this.isAnother(session, name, account) ? 'another' : 'unknown'
    const isSigned = await this.#isCalled(session, name, account).catch(() => null)
    if (isSigned === null) return 'unknown'
    return isSigned ? 'signed' : 'another'
  }

  /** Of these names those that somebody has here, in their order. */
  async identities(session: Session, asked: readonly string[]): Promise<readonly Identity[]> {
    await this.ready(session)
    if (asked.length > limits.lookUpAccounts)
      throw new QuintetError('TOO_MANY', `At most ${limits.lookUpAccounts} names can be asked for at once.`)
    const names = [...new Set(asked.map(normalName))]
    const found = await this.#lookUp(session, { names, accounts: [] })
    const present = names.flatMap((name) => {
      const info = found.find((one) => foldName(one.name) === foldName(name))
      if (info === undefined) return []
      const { account } = verifiedAccount(this.#context.groupId, info)
      const other = account === session.account ? undefined : this.#knownBy(name).find((one) => one !== account)
      return [{ name: info.name, account, other }]
    })
    const others = present.flatMap(({ other }) => other ?? [])
    const former = others.length === 0 ? [] : await this.#lookUp(session, { names: [], accounts: others })
    return present.map(({ name, account, other }): Identity => {
      const identity = { name, account, words: this.#wordsOf(account) }
      if (other === undefined) return { ...identity, known: null }
      const calledNow = former.find((one) => one.account === other)?.name ?? null
      return { ...identity, known: { account: other, words: this.#wordsOf(other), calledNow } }
    })
  }

  /** From now on the person knows this account by this name. */
  async accept(session: Session, name: string, account: string): Promise<void> {
    if (!accountForm.test(account)) throw new QuintetError('BAD_REQUEST', 'This is not an account.')
    await this.ready(session)
    this.#names.set(session, foldName(normalName(name)), `${account}${accepted}`)
    this.#context.directory.forget([name])
    await this.#names.flush(session)
  }

  /** Whom the person knows by this name: nobody, one account, or several that were met apart. */
  #knownBy(name: string): readonly AccountId[] {
    const value = this.#names.get(foldName(name))
    return value === null ? [] : accountsIn(value)
  }

  #note(session: Session, name: string, account: AccountId): void {
    const folded = foldName(name)
    if (account !== session.account && this.#names.get(folded) === null) this.#names.set(session, folded, account)
  }

  /** Whether an account signed up by this name, or by one that it was told apart from. */
  async #isCalled(session: Session, name: string, account: AccountId): Promise<boolean> {
    try {
      const [info] = await this.#lookUp(session, { names: [], accounts: [account] })
      const signed = info && verifiedAccount(this.#context.groupId, info)
      return signed?.account === account && isNameOf(name, signed.name)
    } catch (error) {
      if (error instanceof QuintetError && error.code === 'BAD_SIGNATURE') return false
      throw error
    }
  }

  #lookUp(
    session: Session,
    query: { readonly names: readonly string[]; readonly accounts: readonly AccountId[] },
  ): Promise<readonly AccountInfo[]> {
    return this.#context.ask(session, (api) => api.lookUp(query))
  }

  #wordsOf(account: AccountId): string {
    return safetyWords(this.#context.groupId, account)
  }
}

const changedHands = (identities: readonly Identity[]): QuintetError => {
  const sentences = identities.flatMap(({ name, known }) =>
    known === null ? [] : [`${name} is another account than the one that you know by this name${calledNow(known)}.`],
  )
  const reasons =
    'Two who had taken one name apart may have met, or this server gives a wrong account. Compare the safety words with them, then accept the new one.'
  return new QuintetError('NAME_CHANGED_HANDS', [...sentences, reasons].join(' '))
}

const calledNow = ({ calledNow: name }: NonNullable<Identity['known']>): string =>
  name === null ? ', which is here no more' : `, which is called ${name} now`
