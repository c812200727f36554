import type { KeysChange, ViewInfo } from '../../api/contract.ts'
import type { Failure } from '../../core/model/errors.ts'
import type { ServerId, UpdateId } from '../../core/model/ids.ts'
import type { Header } from './mailbox.ts'
import type { DocumentId } from './mailbox.ts'
import type { Post } from './people.ts'

/** What opens an account's keys otherwise than before. */
export type ChangedKeys = 'password' | 'phrase' | 'both'

export type ClientEvent =
  /** A mail arrived in the inbox, durably. `late`: it was sent over a minute ago, so it came with a merge or after an absence. */
  | { readonly event: 'mail'; readonly header: Header; readonly late: boolean }
  /** Marks, drafts or the outbox changed, here or at another client of this person: what is shown of them is out of date. */
  | { readonly event: 'mailbox' }
  /**
   * A draft that was written here was written, sent or thrown away elsewhere, too, as on the other side of a split. What was written here and what is there are
   * both among the drafts: `copy` is a new one.
   */
  | { readonly event: 'draftKept'; readonly draft: DocumentId; readonly copy: DocumentId }
  /** An outbox entry has left. */
  | { readonly event: 'sent'; readonly outbox: DocumentId; readonly mail: UpdateId }
  /** Somebody whom this person follows posted. */
  | { readonly event: 'post'; readonly post: Post }
  | { readonly event: 'view'; readonly view: ViewInfo }
  /** Replicas know more of each other than before (safety, removals, the matrix); at most twice a second. */
  | { readonly event: 'knowledge' }
  /** Accounts, names, or who is online changed; at most twice a second. */
  | { readonly event: 'people' }
  /** The account was logged in elsewhere: this client is logged out. */
  | { readonly event: 'takenOver'; readonly server: ServerId; readonly machine: string }
  /** The account was deleted, elsewhere: this client is logged out, or cannot go on with a log-in of before, and all that the account had is gone. `name`: as it was called. */
  | { readonly event: 'accountDeleted'; readonly name: string }
  /**
   * The password or the recovery phrase of who is logged in was changed elsewhere, as on another side of a split: what this client had set, or knew, counts
   * no more. `change`: when and where, as far as the server says that.
   */
  | { readonly event: 'keysChanged'; readonly what: ChangedKeys; readonly change: KeysChange | null }
  /**
   * The account was renamed, because another one had its name first; it is told at the log-in to who logs in by the former name. `again`: it has the name
   * by which it signed up, because nobody else has that any more.
   */
  | { readonly event: 'renamed'; readonly name: string; readonly again?: true }
  /** The server cannot be reached; the client goes on to the next by itself. */
  | { readonly event: 'disconnected'; readonly failure: Failure }
  /** Connected (again, or to another server); a logged-in session has been taken up. */
  | { readonly event: 'connected'; readonly server: ServerId }
