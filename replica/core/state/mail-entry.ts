import type { AccountId, Clock, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { markBits } from '../model/image.ts'
import type { DigestPart } from './digest.ts'

/** A mail in memory: `MailRecord` with marks that change. */
export interface MailEntry {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly from: AccountId
  readonly to: readonly AccountId[]
  readonly conversation: UpdateId | null
  readonly marks: number[]
}

/** A place in the order shown. */
export type MailPlace = Pick<MailEntry, 'clock' | 'origin' | 'sequence'>

/** Copy 0 is the sender's, copy `i + 1` that of `to[i]`. */
export const eachCopy = (mail: MailEntry, visit: (owner: AccountId, copy: number) => void): void => {
  visit(mail.from, 0)
  mail.to.forEach((owner, index) => {
    visit(owner, index + 1)
  })
}

export const isDeletedByAll = (mail: MailEntry): boolean => mail.marks.every((bits) => (bits & markBits.deleted) !== 0)

/** There is one more mark than recipients, so that no two mails have the same parts. */
export const partsOf = ({ origin, sequence, clock, from, to, marks }: MailEntry): readonly DigestPart[] => [
  origin,
  sequence,
  clock,
  from,
  ...to,
  ...marks,
]
