import type { MailColumns, MailRecord } from '../model/mail-columns.ts'
import { mailRecords } from '../model/mail-columns.ts'
import type { DigestPart } from './digest.ts'
import { SetDigest } from './digest.ts'

/** Of all of them together. */
export const digestOf = (columns: MailColumns): SetDigest => {
  const digest = new SetDigest()
  for (const mail of mailRecords(columns)) digest.addRecord(partsOf(mail))
  return digest
}

/** There is one more mark than recipients, so that no two mails have the same parts. */
export const partsOf = ({ origin, sequence, clock, from, to, marks }: MailRecord): readonly DigestPart[] => [
  origin,
  sequence,
  clock,
  from,
  ...to,
  ...marks,
]
