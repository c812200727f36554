import { QuintetError } from '../core/model/errors.ts'
import { mailboxVerbs } from './json-mailbox-verbs.ts'
import { verb, type Verb } from './json-verb.ts'
import { either, server, servers, text } from './request-fields.ts'

const later = (name: string): Verb => ({
  kind: 'aside',
  prepare: () => () => Promise.reject(new QuintetError('NOT_YET', `"${name}" comes with a later version.`)),
})

/** What a JSON request can ask for, with the fields that each needs. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  [
    'signUp',
    verb('session', { name: text, password: text }, (client, request) => client.signUp(request).then(() => ({}))),
  ],
  ['logIn', verb('session', { name: text, password: text }, (client, request) => client.logIn(request))],
  ['logOut', verb('session', {}, (client) => client.logOut())],
  ['deleteAccount', verb('session', {}, (client) => client.deleteAccount())],
  ['connect', verb('session', { server }, (client, request) => client.connect(request))],
  ...mailboxVerbs,
  [
    'accounts',
    verb('question', { like: either(text, '') }, async (client, request) => {
      const { accounts } = await client.accounts(request)
      return { accounts: accounts.map(({ name, online }) => ({ name, online })) }
    }),
  ],
  ['view', verb('aside', {}, (client) => client.view())],
  ['status', verb('question', {}, (client) => client.status())],
  ['invite', verb('aside', {}, (client) => client.invite())],
  ['pause', verb('session', { servers }, (client, request) => client.pause(request))],
  ['resume', verb('session', { servers }, (client, request) => client.resume(request))],
  ...['post', 'follow', 'unfollow', 'timeline', 'search', 'retire'].map((name) => [name, later(name)] as const),
])
