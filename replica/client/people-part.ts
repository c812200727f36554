import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientContext } from './client-context.ts'
import type { People } from './contract/people.ts'
import { knownAccount, newAccount } from './session.ts'

type PeoplePart = Pick<People, 'signUp' | 'logIn' | 'logOut' | 'deleteAccount' | 'accounts'>

/** Who there is, and one's own account. */
export const peoplePart = (context: ClientContext): PeoplePart => {
  context.listen({
    // A name can move to another account when a partition heals.
    event: ({ event }) => {
      if (event === 'view') context.directory.forgetAll()
    },
  })
  return {
    signUp: async (request) => {
      const { session, submission } = await newAccount(context.groupId, request, context.ports)
      await context.submit(submission)
      await context.logInAs(session)
      return { recoveryPhrase: '' }
    },
    logIn: async (request) => {
      const lookUp: Parameters<typeof knownAccount>[0] = (query) => context.link.call((api) => api.lookUp(query))
      await context.logInAs(await knownAccount(lookUp, context.groupId, request, context.ports))
    },
    logOut: async () => {
      context.person()
      await context.logOut()
    },
    deleteAccount: async () => {
      await context.submit(await context.person().accountDeletion())
      await context.logOut()
    },
    accounts: async ({ like }) => {
      if (like.length > limits.likeChars) {
        throw new QuintetError('TOO_LARGE', `A pattern can have ${limits.likeChars} characters at most.`)
      }
      const people = await context.link.call((api) => api.people({ like: like.normalize('NFC') }))
      const followed = new Set(context.session === null ? [] : await context.link.call((api) => api.followed()))
      const accounts = people.map((person) => {
        const isFollowed = followed.has(person.account)
        return { ...person, servers: [], signedUpAt: 0, followed: isFollowed }
      })
      return { accounts }
    },
  }
}
