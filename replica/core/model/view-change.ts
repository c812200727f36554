import type { ServerId } from './ids.ts'

/** What happened to the view. */
export interface ViewChange {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly number: number
  readonly servers: readonly ServerId[]
  readonly joined: readonly ServerId[]
  readonly left: readonly ServerId[]
  /** Mails that came in from others since, until the next change: what a merge brought. */
  readonly mailsIn: number
}
