import type { Clock, DocumentId, Tag, UpdateId } from './ids.ts'
import type { Signed, Word } from './signed.ts'

/** Marks that can be set and taken back: the last word counts. */
const settableMarks = ['read', 'unread', 'star', 'unstar', 'trash', 'restore'] as const
export type SettableMark = (typeof settableMarks)[number]

/** What one update can do to many of a person's copies. `delete` is for good, as a deletion is. */
export const bulkMarks = [...settableMarks, 'delete'] as const
export type BulkMark = (typeof bulkMarks)[number]

/** `account` marks its copies of `mails`. */
export interface MarksChange extends Word {
  readonly kind: 'marks'
  readonly mark: BulkMark
  readonly mails: readonly UpdateId[]
  /** Of each of `mails`, as its person saw it. */
  readonly tags: readonly Tag[]
}

/** What some of the mails that a person marked are called now: they were written anew, or are gone (null). */
export type Aims = ReadonlyMap<UpdateId, UpdateId | null>

/** What kind of document it is, so that a list of drafts need not open the outbox: `shelves`, and numbers of later versions. */
export type Shelf = number
export const shelves = { drafts: 1, outbox: 2, settings: 3, unposted: 4, attachments: 5, memory: 6 } as const

/** `account` writes or deletes a document. The sealed content is in the update's bytes only. */
export interface DocumentChange extends Word {
  readonly kind: 'document'
  readonly document: DocumentId
  readonly shelf: Shelf
  readonly state: 'written' | 'deleted'
}

/**
 * Of what `account` has said of its documents up to `saidUpTo` only that about `documents` still counts: all others of then are gone, and that they
 * were deleted need not be remembered. Nobody can take it back.
 */
export interface ForgettingChange extends Signed {
  readonly kind: 'forgetting'
  readonly saidUpTo: Clock
  /** Ascending by their bytes, each once. */
  readonly documents: readonly DocumentId[]
}
