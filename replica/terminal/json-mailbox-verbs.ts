import { marks } from '../client/contract/mailbox.ts'
import type { Letter, SendAnswer } from '../client/contract/mailbox.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { gatherPages } from './gathered-pages.ts'
import { shownHeader, shownMail, verb, type Verb } from './json-verb.ts'
import { either, flag, folder, mailName, mailNames, oneOf, text, texts, wholeNumber } from './request-fields.ts'

const pageHeaders = 50

const letterFields = {
  to: texts,
  cc: either(texts, []),
  subject: text,
  body: text,
  attachments: either(texts, []),
  inReplyTo: either(mailName, null),
  draft: either(text, null),
  basedOn: either(text, null),
} as const

interface AskedLetter extends Omit<Letter, 'inReplyTo'> {
  readonly inReplyTo: UpdateId | null
  readonly draft: string | null
  readonly basedOn: string | null
}

/** Without the fields that were not given. */
const letterOf = ({ inReplyTo, draft, basedOn, ...letter }: AskedLetter) => ({
  ...letter,
  ...(inReplyTo === null ? {} : { inReplyTo }),
  ...(draft === null ? {} : { draft }),
  ...(basedOn === null ? {} : { basedOn }),
})

/** What has not left says for whom, or until when, it waits. */
const shownAnswer = (answer: SendAnswer): object => {
  if ('mail' in answer) return { mail: answer.mail }
  const { outbox, reason } = answer
  switch (reason.kind) {
    case 'unknownNames':
      return { outbox, waitingFor: reason.names }
    case 'held':
      return { outbox, waitingFor: [], heldUntil: reason.until }
    case 'failed':
      return { outbox, waitingFor: [], code: reason.code, message: reason.message }
  }
}

/** What a JSON request can ask for about mail. */
export const mailboxVerbs: readonly (readonly [string, Verb])[] = [
  [
    'send',
    verb('send', { ...letterFields, holdMs: either(wholeNumber, 0) }, async (client, { holdMs, ...letter }) =>
      shownAnswer(await client.send({ ...letterOf(letter), holdMs })),
    ),
  ],
  [
    'list',
    verb(
      'question',
      {
        folder,
        limit: either(wholeNumber, pageHeaders),
        before: either(text, null),
        offset: either(wholeNumber, 0),
        full: flag,
      },
      async (client, { folder: asked, limit, before, offset, full }) => {
        const { items: headers, last } = await gatherPages({
          limit,
          before,
          perPage: limits.pageHeaders,
          // Those after the first page begin where the one before them ended.
          ask: (page) =>
            client.list({ ...page, folder: asked, offset: page.before === (before ?? undefined) ? offset : 0 }),
          itemsOf: ({ headers: found }) => found,
        })
        const { total, unread, next } = last
        const shown = { headers: headers.map((header) => shownHeader(header, full)), total }
        const counted = full === 'full' ? { ...shown, unread } : shown
        return next === undefined ? counted : { ...counted, next }
      },
    ),
  ],
  [
    'read',
    verb('reading', { mail: mailName, full: flag }, (client, { full, ...request }) =>
      client.read(request).then((mail) => shownMail(mail, full)),
    ),
  ],
  [
    'conversation',
    verb('question', { conversation: mailName, full: flag }, async (client, { full, ...request }) => {
      const { mails } = await client.conversation(request)
      return { mails: mails.map((mail) => shownMail(mail, full)) }
    }),
  ],
  ['attach', verb('change', { name: text, content: text }, (client, request) => client.attach(request))],
  ['attachFrom', verb('change', { mail: mailName }, (client, request) => client.attachFrom(request))],
  [
    'attachment',
    verb('question', { mail: mailName, number: wholeNumber }, (client, request) => client.attachment(request)),
  ],
  ['exportMail', verb('question', { mail: mailName }, (client, request) => client.exportMail(request))],
  ['counts', verb('question', {}, (client) => client.counts())],
  ['mark', verb('change', { mails: mailNames, mark: oneOf(marks) }, (client, request) => client.mark(request))],
  [
    'delete',
    verb('deletion', { mail: mailName, full: flag }, async (client, { full, ...request }) => {
      const answer = await client.delete(request)
      return full === 'full' ? answer : {}
    }),
  ],
  ['deleteMany', verb('change', { mails: mailNames }, (client, request) => client.deleteMany(request))],
  ['emptyTrash', verb('change', {}, (client) => client.emptyTrash())],
  ['removal', verb('question', { removal: mailName }, (client, request) => client.removal(request))],
  ['safety', verb('question', { mail: mailName }, (client, request) => client.safety(request))],
  ['safeties', verb('question', { mails: mailNames }, (client, request) => client.safeties(request))],
  ['drafts', verb('question', {}, (client) => client.drafts())],
  ['saveDraft', verb('change', letterFields, (client, letter) => client.saveDraft(letterOf(letter)))],
  [
    'discardDraft',
    verb('change', { draft: text, basedOn: either(text, null) }, (client, { draft, basedOn }) =>
      client.discardDraft({ draft, ...(basedOn === null ? {} : { basedOn }) }),
    ),
  ],
  ['outbox', verb('question', {}, (client) => client.outbox())],
  ['cancelOutbox', verb('change', { outbox: text }, (client, request) => client.cancelOutbox(request))],
]
