import type { Failure } from './model/errors.ts'
import type { Clock, CommandId, PeerId, ServerId, UpdateId } from './model/ids.ts'
import type { SignedChange, SystemChange } from './model/updates.ts'

/** Who carries a command out, and the name that the update gets by which it is. */
export interface Writer {
  readonly peer: PeerId
  readonly next: UpdateId
}

/** What becomes of a command. */
export type Decision =
  | {
      readonly kind: 'write'
      readonly changes: readonly (SystemChange | SignedChange)[]
      readonly server: ServerId | null
    }
  /** It was carried out before. */
  | { readonly kind: 'done'; readonly update: UpdateId; readonly clock: Clock }
  /** The same command is being carried out in this very step. */
  | { readonly kind: 'joins'; readonly command: CommandId }
  | { readonly kind: 'refused'; readonly failure: Failure }

/** These changes, of which the caller is told the first. */
export const write = (...changes: readonly (SystemChange | SignedChange)[]): Decision => ({
  kind: 'write',
  changes,
  server: null,
})

/** Why not, for people. */
export const refuse = (code: Failure['code'], message: string): Decision => ({
  kind: 'refused',
  failure: { code, message },
})
