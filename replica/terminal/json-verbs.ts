import { QuintetError } from '../core/model/errors.ts'
import type { Mail } from '../client/contract/mailbox.ts'
import { shownHeader, verb, type Verb } from './json-verb.ts'
import { either, folder, mailName, server, servers, text, texts, wholeNumber } from './request-fields.ts'
import { socialVerbs } from './social-verbs.ts'

const pageHeaders = 50

const shownMail = ({ mail, from, to, subject, body, sentAt }: Mail): object => ({
  mail,
  from,
  to,
  subject,
  body,
  sentAt,
})

const later = (name: string): Verb => ({
  kind: 'aside',
  prepare: () => () => Promise.reject(new QuintetError('NOT_YET', `"${name}" comes with a later version.`)),
})

/** What a JSON request can ask for, with the fields that each needs. */
export const verbs: ReadonlyMap<string, Verb> = new Map([
  [
    'signUp',
    verb('session', { name: text, password: text }, (client, request) => client.signUp(request).then(() => ({}))),
  ],
  ['logIn', verb('session', { name: text, password: text }, (client, request) => client.logIn(request))],
  ['logOut', verb('session', {}, (client) => client.logOut())],
  ['deleteAccount', verb('session', {}, (client) => client.deleteAccount())],
  ['connect', verb('session', { server }, (client, request) => client.connect(request))],
  ['send', verb('send', { to: texts, subject: text, body: text }, (client, request) => client.send(request))],
  [
    'list',
    verb(
      'question',
      { folder, limit: either(wholeNumber, pageHeaders), before: either(text, null) },
      async (client, { before, ...query }) => {
        const { headers, total, next } = await client.list(before === null ? query : { ...query, before })
        const shown = { headers: headers.map(shownHeader), total }
        return next === undefined ? shown : { ...shown, next }
      },
    ),
  ],
  ['read', verb('question', { mail: mailName }, (client, request) => client.read(request).then(shownMail))],
  ['delete', verb('change', { mail: mailName }, (client, request) => client.delete(request))],
  ['safety', verb('question', { mail: mailName }, (client, request) => client.safety(request))],
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
  ...socialVerbs,
  ...['retire'].map((name) => [name, later(name)] as const),
])
