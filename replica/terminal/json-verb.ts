import type { Header } from '../client/contract/mailbox.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import { readFields, type Fields } from './request-fields.ts'
import type { RequestKind } from './request-order.ts'

export interface Verb {
  readonly kind: RequestKind
  /** Checks the request's fields, at once, and gives the work that it asks for. */
  readonly prepare: (request: object) => (client: MailClient) => Promise<object>
}

/** A verb whose fields are checked before it is carried out. */
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

/** A header as programs know it. */
export const shownHeader = ({ mail, from, to, subject, sentAt, read }: Header): object => ({
  mail,
  from,
  to,
  subject,
  sentAt,
  read,
})
