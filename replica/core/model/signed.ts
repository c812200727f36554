import type { AccountId, Clock, CommandId } from './ids.ts'

/** Fields that every change made by a person has; `signature` covers group, kind and payload (see docs/protocol.md). */
export interface Signed {
  readonly account: AccountId
  readonly command: CommandId
}

/** What its person can say anew: of what was said about one thing the last word counts. */
export interface Word extends Signed {
  /**
   * When it was said, as its person signed it: so whoever writes it once more, into whichever log, does not make it the last word. One that was
   * signed by a version of before this field has none, and was said when it was written.
   */
  readonly saidAt?: Clock
}

/** Why a word would not count, and what its person's client has to know to say it anew. */
export interface Overtaken {
  /** It is to be said later than this. */
  readonly by: Clock
  /** What the server's clock says. */
  readonly clock: Clock
}
