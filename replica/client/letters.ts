import { isDeletedName } from '../core/model/deleted-name.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { DocumentId, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { utf8 } from '../wire/bytes.ts'
import { checkSoughtName } from '../wire/names.ts'
import type { AttachedFile, Letter } from './contract/mailbox.ts'
import { checkedDocumentId } from './documents.ts'
import { normalName } from './session.ts'

/** A file's name, with what is around it. */
const fileOverhead = limits.fileNameChars * 3 + 16

/** A letter with every field. */
export interface WholeLetter {
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly body: string
  readonly inReplyTo: UpdateId | null
  readonly attachments: readonly DocumentId[]
}

/** A letter with names written in one way, each once, and everything within its limits. TOO_MANY, TOO_LARGE, BAD_REQUEST, BAD_NAME. */
export const checkedLetter = (letter: Letter): WholeLetter => {
  const whole = wholeLetter(letter)
  const names = new Set([...whole.to, ...whole.cc])
  const count = names.size
  if (count === 0) throw new QuintetError('BAD_REQUEST', 'A mail needs at least one recipient.')
  checkRecipients(count)
  names.forEach(checkRecipient)
  return whole
}

/** A mail to somebody who can never be there would wait for ever. */
const checkRecipient = (name: string): void => {
  const checked = checkSoughtName(name)
  if (checked.ok) return
  const reason = isDeletedName(name) ? 'An account that was deleted gets no mail.' : checked.failure.message
  throw new QuintetError('BAD_NAME', `Nobody is called ${JSON.stringify(name)}: ${reason}`)
}

/** As `checkedLetter`, for one that need not have recipients yet. */
export const wholeLetter = ({ to, cc = [], subject, body, inReplyTo, attachments = [] }: Letter): WholeLetter => {
  const names = { to: normalNames(to), cc: normalNames(cc) }
  checkRecipients(Math.max(names.to.length, names.cc.length))
  if (subject.length > limits.subjectChars && Array.from(subject).length > limits.subjectChars) {
    throw new QuintetError('TOO_LARGE', `A subject can have ${limits.subjectChars} characters at most.`)
  }
  if (body.length > limits.bodyBytes || utf8(body).length > limits.bodyBytes) {
    throw new QuintetError('TOO_LARGE', `A body can have ${limits.bodyBytes} bytes at most.`)
  }
  return { ...names, subject, body, inReplyTo: inReplyTo ?? null, attachments: checkedAttachments(attachments) }
}

/** As a caller names them, each once. BAD_REQUEST, TOO_MANY. */
const checkedAttachments = (ids: readonly string[]): readonly DocumentId[] => {
  const checked = [...new Set(ids)].map((id) => checkedDocumentId(id))
  if (checked.length <= limits.attachments) return checked
  throw new QuintetError('TOO_MANY', `A mail can have ${limits.attachments} files attached at most.`)
}

/** Body and files share a mail's room. TOO_LARGE. */
export const checkSize = (body: string, files: readonly AttachedFile[]): void => {
  if (files.length === 0) return
  const bytes = files.reduce((sum, { size }) => sum + size + fileOverhead, utf8(body).length)
  if (bytes <= limits.bodyBytes) return
  throw new QuintetError(
    'TOO_LARGE',
    `A mail can have ${limits.bodyBytes} bytes at most, with what is attached; this one has ${bytes}.`,
  )
}

export const checkRecipients = (count: number): void => {
  if (count <= limits.recipients) return
  throw new QuintetError('TOO_MANY', `A mail can have ${limits.recipients} recipients at most; this one has ${count}.`)
}

const normalNames = (names: readonly string[]): readonly string[] => [...new Set(names.map(normalName))]
