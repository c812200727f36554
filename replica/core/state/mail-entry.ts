import type { MailRecord } from '../model/mail-columns.ts'

/** A mail as it is shown: a copy, which later changes do not touch. */
export type MailEntry = MailRecord

/** A place in the order shown. */
export type MailPlace = Pick<MailEntry, 'clock' | 'origin' | 'sequence'>
