import type { AccountId, CommandId } from './ids.ts'

/** Fields that every change made by a person has; `signature` covers group, kind and payload (see docs/protocol.md). */
export interface Signed {
  readonly account: AccountId
  readonly command: CommandId
}
