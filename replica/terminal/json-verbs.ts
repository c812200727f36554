import { groupVerbs } from './group-verbs.ts'
import { mailboxVerbs } from './json-mailbox-verbs.ts'
import { socialVerbs } from './json-social-verbs.ts'
import { verb, type Verb } from './json-verb.ts'
import { either, server, servers, text, truth } from './request-fields.ts'

/** What a JSON request can ask for, with the fields that each needs. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  [
    'signUp',
    verb(
      'session',
      { name: text, password: text, phrase: either(truth, false) },
      async (client, { phrase, ...request }) => {
        const answer = await client.signUp(request)
        return phrase ? answer : {}
      },
    ),
  ],
  ['logIn', verb('session', { name: text, password: text }, (client, request) => client.logIn(request))],
  [
    'changePassword',
    verb('session', { password: text, newPassword: text }, (client, request) => client.changePassword(request)),
  ],
  [
    'resetPassword',
    verb('session', { name: text, recoveryPhrase: text, newPassword: text }, (client, request) =>
      client.resetPassword(request),
    ),
  ],
  [
    'renewRecoveryPhrase',
    verb('session', { password: text }, (client, request) => client.renewRecoveryPhrase(request)),
  ],
  ['logOut', verb('session', {}, (client) => client.logOut())],
  ['deleteAccount', verb('session', {}, (client) => client.deleteAccount())],
  ['connect', verb('session', { server }, (client, request) => client.connect(request))],
  ...mailboxVerbs,
  [
    'accounts',
    verb('question', { like: either(text, ''), servers: either(truth, false) }, async (client, request) => {
      const { accounts } = await client.accounts({ like: request.like })
      const shown = accounts.map(({ name, online, servers: at }) =>
        request.servers ? { name, online, servers: at } : { name, online },
      )
      return { accounts: shown }
    }),
  ],
  ['view', verb('aside', {}, (client) => client.view())],
  ['status', verb('question', {}, (client) => client.status())],
  ['invite', verb('aside', {}, (client) => client.invite())],
  ['pause', verb('session', { servers }, (client, request) => client.pause(request))],
  ['resume', verb('session', { servers }, (client, request) => client.resume(request))],
  ...groupVerbs,
  ...socialVerbs,
])
