import type { UpdateId } from '../core/model/ids.ts'
import type { Mail } from './contract/mailbox.ts'

/**
 * The same mails, in the same order but that each answer stands after the mail that it answers. By their clocks it may not, where
 * one machine's is ahead by more than it may pull the others along.
 */
export const answersAfterQuestions = (mails: readonly Mail[]): readonly Mail[] => {
  const missing = new Set(mails.map(({ mail }) => mail))
  const waiting = new Map<UpdateId, Mail[]>()
  const ordered: Mail[] = []
  const place = (mail: Mail): void => {
    const due = [mail]
    for (let next = due.pop(); next !== undefined; next = due.pop()) {
      ordered.push(next)
      missing.delete(next.mail)
      due.push(...(waiting.get(next.mail) ?? []).reverse())
      waiting.delete(next.mail)
    }
  }
  for (const mail of mails) {
    const { inReplyTo } = mail
    if (inReplyTo === null || !missing.has(inReplyTo)) place(mail)
    else waiting.set(inReplyTo, [...(waiting.get(inReplyTo) ?? []), mail])
  }
  // Mails that answer each other in a ring, as nobody can who is honest.
  return [...ordered, ...mails.filter(({ mail }) => missing.has(mail))]
}
