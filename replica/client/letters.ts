import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { utf8 } from '../wire/bytes.ts'
import { checkSoughtName } from '../wire/names.ts'
import type { Letter } from './contract/mailbox.ts'
import { normalName } from './session.ts'

/** A letter with every field. */
export interface WholeLetter {
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly body: string
  readonly inReplyTo: UpdateId | null
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
  const reason = name === '' ? 'An account that was deleted has no name any more.' : checked.failure.message
  throw new QuintetError('BAD_NAME', `Nobody is called ${JSON.stringify(name)}: ${reason}`)
}

/** As `checkedLetter`, for one that need not have recipients yet. */
export const wholeLetter = ({ to, cc = [], subject, body, inReplyTo }: Letter): WholeLetter => {
  const names = { to: normalNames(to), cc: normalNames(cc) }
  checkRecipients(Math.max(names.to.length, names.cc.length))
  if (subject.length > limits.subjectChars && Array.from(subject).length > limits.subjectChars) {
    throw new QuintetError('TOO_LARGE', `A subject can have ${limits.subjectChars} characters at most.`)
  }
  if (body.length > limits.bodyBytes || utf8(body).length > limits.bodyBytes) {
    throw new QuintetError('TOO_LARGE', `A body can have ${limits.bodyBytes} bytes at most.`)
  }
  return { ...names, subject, body, inReplyTo: inReplyTo ?? null }
}

export const checkRecipients = (count: number): void => {
  if (count <= limits.recipients) return
  throw new QuintetError('TOO_MANY', `A mail can have ${limits.recipients} recipients at most; this one has ${count}.`)
}

/** As the contract has it, where what is not there has no field. */
export const letterOf = ({ to, cc, subject, body, inReplyTo }: WholeLetter): Letter => ({
  to,
  cc,
  subject,
  body,
  ...(inReplyTo === null ? {} : { inReplyTo }),
})

const normalNames = (names: readonly string[]): readonly string[] => [...new Set(names.map(normalName))]
