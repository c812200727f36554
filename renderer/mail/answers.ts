import type { Mail, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import { formatList, text } from '../locales/i18n.ts'
import { isDeleted, shownName } from '../people/person-words.ts'
import { fullDate } from './dates.ts'
import { shortBody, shortQuotation, shortSubject } from './shortening.ts'

/** More than a file's name and what is around it take. */
const fileOverheadBytes = 512

export type AnswerKind = 'reply' | 'replyAll' | 'forward'

/** What a reply or a forward begins with. `self` is the person's own name. */
export const answerTo = (mail: Mail, kind: AnswerKind, self: string): TakenBackLetter => {
  switch (kind) {
    case 'reply':
      return { ...answer(mail), to: named(mail.own ? mail.to : [mail.from]), cc: [] }
    case 'replyAll': {
      const to = mail.own ? [...mail.to] : [mail.from, ...mail.to]
      return { ...answer(mail), to: named(others(to, [self])), cc: named(others(mail.cc, [self, ...to])) }
    }
    case 'forward':
      return { to: [], cc: [], subject: prefixed('Fwd', mail.subject), body: forwardedBody(mail) }
  }
}

/** Whether a reply to all reaches more people than a reply. */
export const hasMoreRecipients = (mail: Mail, self: string): boolean => {
  const { to, cc = [] } = answerTo(mail, 'replyAll', self)
  return to.length + cc.length > 1
}

const answer = (mail: Mail): Omit<TakenBackLetter, 'to' | 'cc'> => ({
  subject: prefixed('Re', mail.subject),
  body: shortQuotation(
    `\n\n${text('mail.quote', { date: fullDate(mail.sentAt), name: shownName(mail.from) })}\n\n${quote(mail.body)}`,
  ),
  inReplyTo: mail.mail,
})

const prefixed = (prefix: string, subject: string): string =>
  subject.toLowerCase().startsWith(`${prefix.toLowerCase()}:`)
    ? subject
    : shortSubject(`${prefix}: ${subject}`.trimEnd())

const answerMark = /^(?:re|aw|fwd?|wg):\s*/iu

/** What a conversation is about: its subject without what answering and forwarding have put before it. */
export const topicOf = (subject: string): string => {
  const rest = subject.trim().replace(answerMark, '')
  return rest === subject.trim() ? rest : topicOf(rest)
}

const quote = (body: string): string =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('>') || line === '' ? `>${line}` : `> ${line}`))
    .join('\n')

/** Its files go along, and need their room. */
const forwardedBody = (mail: Mail): string =>
  shortBody(
    `\n\n${forwarded(mail)}`,
    '',
    mail.attachments.reduce((sum, { size }) => sum + size + fileOverheadBytes, 0),
  )

const forwarded = (mail: Mail): string => {
  const words = {
    from: shownName(mail.from),
    date: fullDate(mail.sentAt),
    subject: mail.subject,
    to: formatList([...mail.to, ...mail.cc].map(shownName)),
  }
  return `${text('mail.forwarded', words)}\n\n${mail.body}`
}

/** A deleted account gets no answer. */
const named = (names: readonly string[]): readonly string[] => names.filter((name) => !isDeleted(name))

/** Each name once, none of `without`; never empty-handed: a letter to oneself stays one. */
const others = (names: readonly string[], without: readonly string[]): readonly string[] => {
  const left = [...new Set(names)].filter((name) => !without.includes(name))
  return left.length === 0 && names.length > 0 && without.length === 1 ? [...new Set(names)] : left
}
