import { QuintetError } from '../core/model/errors.ts'
import type { Header, Mail } from '../client/contract/mailbox.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import { either, folder, mailName, readFields, server, servers, text, texts, truth, wholeNumber } from './request-fields.ts'
import type { Fields } from './request-fields.ts'
import type { RequestKind } from './request-order.ts'

export interface Verb {
  readonly kind: RequestKind
  /** Checks the request's fields, at once, and gives the work that it asks for. */
  readonly prepare: (request: object) => (client: MailClient) => Promise<object>
}

const pageHeaders = 50

const verb = <const Of extends Fields>(
  kind: RequestKind,
  fields: Of,
  work: (client: MailClient, request: ReturnType<typeof readFields<Of>>) => Promise<unknown>,
): Verb => ({
  kind,
  prepare: (request) => {
    const values = readFields(fields, request)
    return async (client) => {
      const answer = await work(client, values)
      return typeof answer === 'object' && answer !== null ? answer : {}
    }
  },
})

/** A header as programs know it. */
export const shownHeader = ({ mail, from, to, subject, sentAt, read }: Header): object => ({
  mail,
  from,
  to,
  subject,
  sentAt,
  read,
})

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
  ...['post', 'follow', 'unfollow', 'timeline', 'search', 'retire'].map((name) => [name, later(name)] as const),
])
