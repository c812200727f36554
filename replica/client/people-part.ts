import { QuintetError } from '../core/model/errors.ts'
import { foldName } from '../core/model/fold-name.ts'
import { allServerIds, type AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { everybody, suffixMark, verifiedAccount, type VerifiedAccount } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { MailClient } from './contract/mail-client.ts'
import type { People } from './contract/people.ts'
import { toBase64Url } from '../wire/bytes.ts'
import { changedKeys, changeLock, isPhraseNoted, notePhrase, type Secret } from './key-lock.ts'
import { decodeKeptSession } from './kept-session.ts'
import type { Memories } from './mailbox-part.ts'
import { personKeysOf } from './person-keys.ts'
import { newRecoveryPhrase } from './recovery-phrase.ts'
import { accountNamed, checkedPassword, knownAccount, newAccount, normalName, Session } from './session.ts'
import { asWish } from './unanswered.ts'

type PeoplePart = Omit<People, 'profile'> & Pick<MailClient, 'keptSession' | 'resumeSession'>

/** Who there is, and one's own account. */
export const peoplePart = (context: ClientContext, { people }: Pick<Memories, 'people'>): PeoplePart => {
  const account = new OwnAccount(context)
  context.listen({
    event: ({ event }) => {
      if (event !== 'view' && event !== 'people') return
      // A name can move to another account when a partition heals.
      context.directory.forgetAll()
      void account.look().catch(() => undefined)
      if (event === 'people') context.tell({ event: 'people' })
    },
    connected: () => {
      void account.look().catch(() => undefined)
    },
  })
  return {
    ...waysIn(context, account),
    logOut: async () => {
      context.person()
      await context.logOut()
    },
    deleteAccount: async () => {
      const session = context.person()
      // What was sent arrives, also what could be taken back until now; afterwards there is nobody who sends it.
      await context.leave()
      await context.submit(session, await session.accountDeletion())
      if (context.isPresent(session)) await context.logOut()
    },
    changePassword: async ({ password, newPassword }) => {
      const by: Secret = { kind: 'password', password: checkedPassword(password) }
      const to: Secret = { kind: 'password', password: checkedPassword(newPassword) }
      await account.changeLock(context.person(), by, to)
    },
    renewRecoveryPhrase: async ({ password }) => {
      const recoveryPhrase = newRecoveryPhrase(context.ports.random)
      const by: Secret = { kind: 'password', password: checkedPassword(password) }
      await account.changeLock(context.person(), by, { kind: 'phrase', phrase: recoveryPhrase })
      return { recoveryPhrase }
    },
    keysChange: async ({ name }) => ({ change: (await account.named(name)).keysChanged }),
    recoveryNoted: async () => ({ noted: isPhraseNoted((await account.own(context.person())).sealedKeys) }),
    noteRecovery: () => account.notePhrase(context.person()),
    accounts: async ({ like }) => {
      if (like.length > limits.likeChars) {
        throw new QuintetError('TOO_LARGE', `A pattern can have ${limits.likeChars} characters at most.`)
      }
      const found = await everybody(context, like.normalize('NFC'))
      const { session } = context
      const followed = new Set(session === null ? [] : await context.ask(session, (api) => api.followed()))
      return { accounts: found.map((person) => ({ ...person, followed: followed.has(person.account) })) }
    },
    identities: async ({ names }) => ({ identities: await people.identities(context.person(), names) }),
    accept: ({ name, account: accepted }) => people.accept(context.person(), name, accepted),
  }
}

type NamedRecord = VerifiedAccount & { readonly calledNow: string }

type WaysIn = Pick<PeoplePart, 'signUp' | 'logIn' | 'keptSession' | 'resumeSession' | 'resetPassword'>

const waysIn = (context: ClientContext, account: OwnAccount): WaysIn => ({
  signUp: async (request) => {
    const { session, submission, recoveryPhrase } = await newAccount(context.groupId, request, context.ports)
    // Nobody is logged in for that: the account signs itself.
    await context.link.call(asWish((api) => api.submit(submission)))
    await context.logInAs(session)
    return { recoveryPhrase }
  },
  logIn: async ({ name, password }) => {
    const by: Secret = { kind: 'password', password: checkedPassword(password) }
    const { session, record } = await account.unlocked(name, by)
    await context.logInAs(session)
    account.tellOtherPhrase(record)
    account.begin(record)
    account.tellOtherName(record, name)
  },
  keptSession: () => context.person().kept(),
  resumeSession: async ({ kept }) => {
    const { groupId, ports } = context
    const earlier = decodeKeptSession(kept)
    const keys = await personKeysOf(earlier.halves)
    const sessionOf = (name: string): Session => new Session(name, groupId, keys, ports, earlier)
    const record = await account.record(keys.account).catch(async (error: unknown) => {
      if (isUnknown(error)) await asDeleted(context, sessionOf(earlier.name))
      throw error
    })
    await context.logInAs(sessionOf(record.calledNow))
    account.begin(record)
  },
  resetPassword: async ({ name, recoveryPhrase, newPassword }) => {
    const by: Secret = { kind: 'phrase', phrase: recoveryPhrase }
    const to: Secret = { kind: 'password', password: checkedPassword(newPassword) }
    const { session, record } = await account.unlocked(name, by)
    await context.logInAs(session)
    account.begin(record)
    account.tellOtherName(record, name)
    await account.changeLock(session, by, to)
  },
})

/** Deleted, in which case the person is told and this fails, or not here yet: then the log-in is kept. The server says which to who proves to be that person. */
const asDeleted = async (context: ClientContext, session: Session): Promise<void> => {
  try {
    await context.link.call((api) => session.logIn(api))
  } catch (error) {
    if (isUnknown(error) && session.name !== '') context.tell({ event: 'accountDeleted', name: session.name })
    throw error
  }
}

/** The account of who is logged in, as the connected replica knows it. */
class OwnAccount {
  readonly #context: ClientContext
  /** The last change of the locks that this client has made or seen. */
  readonly #generations = new Map<AccountId, number>()
  /** The sealed keys that were seen last. */
  readonly #seen = new Map<AccountId, Uint8Array>()
  /** Those that this client has made, and does not know yet to be given in. */
  readonly #made = new Set<string>()

  constructor(context: ClientContext) {
    this.#context = context
  }

  named(name: string): ReturnType<typeof accountNamed> {
    const { link, groupId } = this.#context
    return accountNamed((query) => link.call((api) => api.lookUp(query)), groupId, name)
  }

  /**
   * Opens the account of this name, or that of somebody who signed up by it as well, apart, and who is called otherwise since the sides of a split have
   * met, or since the other account was deleted: nothing has told them, if they were not logged in then. NO_SUCH_ACCOUNT, WRONG_PASSWORD, WRONG_PHRASE,
   * and as `knownAccount`.
   */
  async unlocked(name: string, by: Secret): Promise<{ readonly session: Session; readonly record: NamedRecord }> {
    const { groupId, ports } = this.#context
    let named: NamedRecord | null = null
    try {
      named = await this.named(name)
      return { record: named, session: await knownAccount(named, groupId, by, ports) }
    } catch (error) {
      if (!isUnknown(error) && !isWrongSecret(error)) throw error
      for (const record of await this.#namesakes(name)) {
        if (record.account === named?.account) continue
        const session = await knownAccount(record, groupId, by, ports).catch(() => null)
        if (session !== null) return { record, session }
      }
      throw named !== null && isWrongSecret(error) ? withChange(error, named) : error
    }
  }

  async #namesakes(name: string): Promise<readonly NamedRecord[]> {
    const { link, groupId } = this.#context
    const signed = normalName(name).replace(suffix, '')
    const names = [signed, ...allServerIds.map((server) => `${signed}${suffixMark}${server}`)]
    const found = await link.call((api) => api.lookUp({ names, accounts: [] }))
    return found.map((info) => ({ ...verifiedAccount(groupId, info), calledNow: info.name }))
  }

  tellOtherName(record: NamedRecord, asked: string): void {
    if (foldName(record.calledNow) !== foldName(normalName(asked))) this.#tellName(record)
  }

  #tellName({ calledNow, name }: NamedRecord): void {
    this.#context.tell({ event: 'renamed', name: calledNow, ...(calledNow === name ? { again: true } : {}) })
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async own({ account }: Session): Promise<NamedRecord> {
    const record = await this.record(account)
    const known = this.#generations.get(account) ?? 0
    if (record.generation >= known) this.#saw(record)
    if (record.generation > known) this.#generations.set(account, record.generation)
    return record
  }

  /** Somebody has logged in by the password of this record, and the phrase that counted when this client saw them last opens nothing any more. */
  tellOtherPhrase({ account, generation, sealedKeys, keysChanged }: VerifiedAccount): void {
    const before = this.#seen.get(account)
    if (before === undefined || generation < (this.#generations.get(account) ?? 0)) return
    const what = this.#made.has(toBase64Url(sealedKeys)) ? null : changedKeys(before, sealedKeys)
    if (what === 'phrase' || what === 'both')
      this.#context.tell({ event: 'keysChanged', what: 'phrase', change: keysChanged })
  }

  /** Somebody has logged in by this record. */
  begin({ account, generation, sealedKeys }: VerifiedAccount): void {
    this.#seen.set(account, sealedKeys)
    this.#generations.set(account, Math.max(generation, this.#generations.get(account) ?? 0))
  }

  /** Of two changes that were made apart one counts, and whoever made the other one goes by a password, or a phrase, that opens nothing. */
  #saw({ account, sealedKeys, keysChanged }: VerifiedAccount): void {
    const before = this.#seen.get(account)
    this.#seen.set(account, sealedKeys)
    if (before === undefined || this.#context.session?.account !== account) return
    const what = this.#made.has(toBase64Url(sealedKeys)) ? null : changedKeys(before, sealedKeys)
    if (what !== null) this.#context.tell({ event: 'keysChanged', what, change: keysChanged })
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async record(account: AccountId): Promise<NamedRecord> {
    const query = { names: [], accounts: [account] }
    const found = (await this.#context.link.call((api) => api.lookUp(query))).find((info) => info.account === account)
    if (found === undefined) throw new QuintetError('NO_SUCH_ACCOUNT', 'This account does not exist (any more).')
    return { ...verifiedAccount(this.#context.groupId, found), calledNow: found.name }
  }

  /** With the locks that a change replaces. An older lock would come back with the change: a phrase that was given up, say. NOT_HERE_YET. */
  async #locks(session: Session): Promise<VerifiedAccount> {
    const record = await this.own(session)
    if (record.generation >= (this.#generations.get(session.account) ?? 0)) return record
    throw new QuintetError('NOT_HERE_YET', 'This server does not have the last change of the password yet.')
  }

  async #giveIn(session: Session, generation: number, sealedKeys: Uint8Array): Promise<void> {
    const made = toBase64Url(sealedKeys)
    this.#made.add(made)
    await this.#context.submit(session, await session.accountKeys(generation, sealedKeys))
    this.#made.delete(made)
    this.#seen.set(session.account, sealedKeys)
    this.#generations.set(session.account, generation)
  }

  async changeLock(session: Session, by: Secret, to: Secret): Promise<void> {
    const { random, passwordCost: cost } = this.#context.ports
    const { generation, sealedKeys } = await this.#locks(session)
    const changed = await changeLock(sealedKeys, session.account, by, to, { random, cost })
    await this.#giveIn(session, generation + 1, changed)
  }

  async notePhrase(session: Session): Promise<void> {
    const { generation, sealedKeys } = await this.#locks(session)
    if (!isPhraseNoted(sealedKeys)) await this.#giveIn(session, generation, notePhrase(sealedKeys))
  }

  /** Another account may have had the name first, on another side of a partition; or the account been deleted there. */
  async look(): Promise<void> {
    const { session } = this.#context
    if (session === null) return
    const record = await this.own(session).catch((error: unknown) => {
      if (isUnknown(error)) return null
      throw error
    })
    if (record === null) return this.#context.confirm(session)
    if (record.calledNow === session.name || !this.#context.isPresent(session)) return
    session.rename(record.calledNow)
    this.#tellName(record)
  }
}

/** Of a name that was taken twice. */
const suffix = new RegExp(`${suffixMark}\\d+$`)

const isUnknown = (error: unknown): boolean => error instanceof QuintetError && error.code === 'NO_SUCH_ACCOUNT'

const isWrongSecret = (error: unknown): error is QuintetError =>
  error instanceof QuintetError && ['WRONG_PASSWORD', 'WRONG_PHRASE'].includes(error.code)

/** With what a wrong password, or phrase, may be due to. */
const withChange = (error: QuintetError, { keysChanged }: VerifiedAccount): QuintetError => {
  if (keysChanged === null) return error
  const { server, at } = keysChanged
  const moment = new Date(at).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ')
  const sentence = `The password or the recovery phrase was last changed on ${moment} (UTC), at server ${server}.`
  return new QuintetError(error.code, `${error.message} ${sentence}`)
}
