import type { Clock, ServerId } from './ids.ts'

/** Where a session is: the server that it is logged in at, and the machine that its client runs on. */
export interface SessionPlace {
  readonly server: ServerId
  readonly machine: string
}

/** What becomes of a log-in. */
export type LogInVerdict =
  | { readonly kind: 'taken'; readonly clock: Clock }
  /** A later session of the account has been seen since this one began. */
  | { readonly kind: 'superseded'; readonly by: SessionPlace }
