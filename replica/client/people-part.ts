import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { everybody } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { MailClient } from './contract/mail-client.ts'
import type { People } from './contract/people.ts'
import { isPhraseNoted, type Secret } from './key-lock.ts'
import { decodeKeptSession } from './kept-session.ts'
import type { LogInsHere } from './log-ins-here.ts'
import type { Memories } from './mailbox-part.ts'
import { isUnknown, OwnAccount } from './own-account.ts'
import { personKeysOf } from './person-keys.ts'
import { newRecoveryPhrase } from './recovery-phrase.ts'
import { checkedPassword, newAccount, Session } from './session.ts'
import { asWish } from './unanswered.ts'

type PeoplePart = Omit<People, 'profile'> & Pick<MailClient, 'keptSession' | 'resumeSession'>

/** Who there is, and one's own account. */
export const peoplePart = (
  context: ClientContext,
  { people, logIns }: Pick<Memories, 'people'> & { readonly logIns: LogInsHere },
): PeoplePart => {
  const account = new OwnAccount(context, logIns)
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
      await account.forget(session)
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

type WaysIn = Pick<PeoplePart, 'signUp' | 'logIn' | 'keptSession' | 'resumeSession' | 'resetPassword'>

const waysIn = (context: ClientContext, account: OwnAccount): WaysIn => ({
  signUp: async (request) => {
    const { session, submission, sealedKeys, recoveryPhrase } = await newAccount(
      context.groupId,
      request,
      context.ports,
    )
    // Nobody is logged in for that: the account signs itself.
    await context.link.call(asWish((api) => api.submit(submission)))
    await context.logInAs(session)
    await account.begin({ account: session.account, generation: 0, sealedKeys }, session.name)
    return { recoveryPhrase }
  },
  logIn: async ({ name, password }) => {
    const by: Secret = { kind: 'password', password: checkedPassword(password) }
    const { session, record } = await account.unlocked(name, by)
    await context.logInAs(session)
    account.tellChange(record, 'password')
    await account.begin(record, name)
    account.tellOtherName(record, name)
  },
  keptSession: () => context.person().kept(),
  resumeSession: async ({ kept }) => {
    const { groupId, ports } = context
    const earlier = decodeKeptSession(kept)
    const keys = await personKeysOf(earlier.halves)
    const sessionOf = (name: string): Session => new Session(name, groupId, keys, ports, earlier)
    const record = await account.record(keys.account).catch(async (error: unknown) => {
      if (isUnknown(error)) await asDeleted(context, account, sessionOf(earlier.name))
      throw error
    })
    await account.load()
    await context.logInAs(sessionOf(record.calledNow))
    account.tellChange(record, 'kept log-in')
    await account.begin(record, record.calledNow)
  },
  resetPassword: async ({ name, recoveryPhrase, newPassword }) => {
    const by: Secret = { kind: 'phrase', phrase: recoveryPhrase }
    const to: Secret = { kind: 'password', password: checkedPassword(newPassword) }
    const { session, record } = await account.unlocked(name, by)
    await context.logInAs(session)
    await account.begin(record, name)
    account.tellOtherName(record, name)
    await account.changeLock(session, by, to)
  },
})

/** Deleted, in which case the person is told and this fails, or not here yet: then the log-in is kept. The server says which to who proves to be that person. */
const asDeleted = async (context: ClientContext, account: OwnAccount, session: Session): Promise<void> => {
  try {
    await context.link.call((api) => session.logIn(api))
  } catch (error) {
    if (isUnknown(error)) await account.forget(session)
    if (isUnknown(error) && session.name !== '') context.tell({ event: 'accountDeleted', name: session.name })
    throw error
  }
}
