import type { Header, Mail } from '../client/contract/mailbox.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import { readFields } from './request-fields.ts'
import type { Fields } from './request-fields.ts'
import type { RequestKind } from './request-order.ts'

export interface Verb {
  readonly kind: RequestKind
  /** Checks the request's fields, at once, and gives the work that it asks for. */
  readonly prepare: (request: object) => (client: MailClient) => Promise<object>
}

export const verb = <const Of extends Fields>(
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

/** How much of a mail a program asked for: what it always had, or all there is. */
export type Fullness = 'usual' | 'full'

/** A header as programs know it. */
export const shownHeader = (header: Header, fullness: Fullness = 'usual'): object => {
  if (fullness === 'full') return header
  const { mail, from, to, subject, sentAt, read } = header
  return { mail, from, ...strange(header), to, subject, sentAt, read }
}

export const shownMail = (mail: Mail, fullness: Fullness = 'usual'): object => {
  if (fullness === 'full') return mail
  const { mail: name, from, to, subject, body, sentAt, attachments } = mail
  const shown = { mail: name, from, ...strange(mail), to, subject, body, sentAt }
  return attachments.length === 0 ? shown : { ...shown, attachments }
}

/** What a program has to know, also one that was written before there was such a field. */
export const strange = ({
  fromAnother,
  toOthers,
  unproven,
}: Pick<Header, 'fromAnother' | 'toOthers' | 'unproven'>): object => ({
  ...(fromAnother === undefined ? {} : { fromAnother }),
  ...(toOthers === undefined ? {} : { toOthers }),
  ...(unproven === undefined ? {} : { unproven }),
})
