import type { AccountId, Clock, OriginId, Sequence } from '../model/ids.ts'

/** A mail in memory: `MailRecord` with marks that change. */
export interface MailEntry {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly from: AccountId
  readonly to: readonly AccountId[]
  readonly marks: number[]
}

/** A place in the order shown. */
export type MailPlace = Pick<MailEntry, 'clock' | 'origin' | 'sequence'>
