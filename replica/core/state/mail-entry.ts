import type { AccountId } from '../model/ids.ts'
import { markBits } from '../model/image.ts'
import type { MailRecord } from '../model/mail-columns.ts'

/** A mail as it is shown: a copy, which later changes do not touch. */
export type MailEntry = MailRecord

/** Where a table keeps a mail: a number that stays the same as long as the index that holds it. */
export type MailKey = number

/** A place in the order shown. */
export type MailPlace = Pick<MailEntry, 'clock' | 'origin' | 'sequence'>

/** Whose copies there are, each once; with `isMeant` of those copies only. */
export const ownersOf = (
  { from, to }: MailRecord,
  isMeant: (copy: number) => boolean = () => true,
): ReadonlySet<AccountId> => new Set([from, ...to].filter((_, copy) => isMeant(copy)))

export const isDeletedByAll = (marks: readonly number[]): boolean =>
  marks.every((bits) => (bits & markBits.deleted) !== 0)
