import { QuintetError } from '../core/model/errors.ts'
import type { AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { everybody, verifiedAccount, type VerifiedAccount } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { MailClient } from './contract/mail-client.ts'
import type { People } from './contract/people.ts'
import { changeLock, isPhraseNoted, notePhrase, type Secret } from './key-lock.ts'
import { decodeKeptSession } from './kept-session.ts'
import type { Memories } from './mailbox-part.ts'
import { personKeysOf } from './person-keys.ts'
import { newRecoveryPhrase } from './recovery-phrase.ts'
import { accountNamed, checkedPassword, knownAccount, newAccount, Session } from './session.ts'
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
    signUp: async (request) => {
      const { session, submission, recoveryPhrase } = await newAccount(context.groupId, request, context.ports)
      // Nobody is logged in for that: the account signs itself.
      await context.link.call(asWish((api) => api.submit(submission)))
      await context.logInAs(session)
      return { recoveryPhrase }
    },
    logIn: async ({ name, password }) => {
      const by: Secret = { kind: 'password', password: checkedPassword(password) }
      const record = await account.named(name)
      await context.logInAs(await knownAccount(record, context.groupId, by, context.ports))
    },
    keptSession: () => context.person().kept(),
    resumeSession: async ({ kept }) => {
      const { groupId, ports } = context
      const earlier = decodeKeptSession(kept)
      const keys = await personKeysOf(earlier.halves)
      const { calledNow } = await account.record(keys.account)
      await context.logInAs(new Session(calledNow, groupId, keys, ports, earlier))
    },
    logOut: async () => {
      context.person()
      await context.logOut()
    },
    deleteAccount: async () => {
      const session = context.person()
      await context.submit(session, await session.accountDeletion())
      if (context.isPresent(session)) await context.logOut()
    },
    changePassword: async ({ password, newPassword }) => {
      const by: Secret = { kind: 'password', password: checkedPassword(password) }
      const to: Secret = { kind: 'password', password: checkedPassword(newPassword) }
      await account.changeLock(context.person(), by, to)
    },
    resetPassword: async ({ name, recoveryPhrase, newPassword }) => {
      const by: Secret = { kind: 'phrase', phrase: recoveryPhrase }
      const to: Secret = { kind: 'password', password: checkedPassword(newPassword) }
      const record = await account.named(name)
      const session = await knownAccount(record, context.groupId, by, context.ports)
      await context.logInAs(session)
      await account.changeLock(session, by, to)
    },
    renewRecoveryPhrase: async ({ password }) => {
      const recoveryPhrase = newRecoveryPhrase(context.ports.random)
      const by: Secret = { kind: 'password', password: checkedPassword(password) }
      await account.changeLock(context.person(), by, { kind: 'phrase', phrase: recoveryPhrase })
      return { recoveryPhrase }
    },
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

/** The account of who is logged in, as the connected replica knows it. */
class OwnAccount {
  readonly #context: ClientContext
  /** The last change of the locks that this client has made or seen. */
  readonly #generations = new Map<AccountId, number>()

  constructor(context: ClientContext) {
    this.#context = context
  }

  named(name: string): ReturnType<typeof accountNamed> {
    const { link, groupId } = this.#context
    return accountNamed((query) => link.call((api) => api.lookUp(query)), groupId, name)
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async own({ account }: Session): Promise<VerifiedAccount & { readonly calledNow: string }> {
    const record = await this.record(account)
    if (record.generation > (this.#generations.get(account) ?? 0)) this.#generations.set(account, record.generation)
    return record
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async record(account: AccountId): Promise<VerifiedAccount & { readonly calledNow: string }> {
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
    await this.#context.submit(session, await session.accountKeys(generation, sealedKeys))
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

  /** Null when there is no such account. */
  async #calledNow(session: Session): Promise<string | null> {
    try {
      return (await this.own(session)).calledNow
    } catch (error) {
      if (error instanceof QuintetError && error.code === 'NO_SUCH_ACCOUNT') return null
      throw error
    }
  }

  /** Another account may have had the name first, on another side of a partition; or the account been deleted there. */
  async look(): Promise<void> {
    const { session } = this.#context
    if (session === null) return
    const calledNow = await this.#calledNow(session)
    if (calledNow === null) return this.#context.confirm(session)
    if (calledNow === session.name || !this.#context.isPresent(session)) return
    session.rename(calledNow)
    this.#context.tell({ event: 'renamed', name: calledNow })
  }
}
