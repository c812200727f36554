import { either, inviteName, machineName, server, text, wholeNumber } from './request-fields.ts'
import { verb, type Verb } from './json-verb.ts'

/** What a JSON request can ask for about the group and its machines. None needs a log-in. */
export const groupVerbs: readonly (readonly [string, Verb])[] = [
  ['network', verb('question', {}, (client) => client.network())],
  ['invites', verb('question', {}, (client) => client.invites())],
  ['revokeInvite', verb('session', { invite: inviteName }, (client, request) => client.revokeInvite(request))],
  ['retire', verb('session', { server }, (client, request) => client.retire(request))],
  [
    'letIn',
    verb('question', { server: either(server, undefined) }, (client, request) =>
      client.letIn(request.server === undefined ? {} : { server: request.server }),
    ),
  ],
  ['shutOut', verb('session', { machine: machineName }, (client, request) => client.shutOut(request))],
  ['renameGroup', verb('session', { name: text }, (client, request) => client.renameGroup(request))],
  ['renameMachine', verb('session', { name: text }, (client, request) => client.renameMachine(request))],
  ['rotateKey', verb('session', {}, (client) => client.rotateKey())],
  [
    'setSyncInterval',
    verb('session', { intervalMs: wholeNumber }, (client, request) => client.setSyncInterval(request)),
  ],
  ['seat', verb('session', { server }, (client, request) => client.takeSeat(request))],
]
