import type { AccountId, ServerId, UpdateId } from '../../core/model/ids.ts'

/** The folders whose pages hold mails. A mail in the trash is in no other of them; `starred` shows what is elsewhere, too. */
export const folders = ['inbox', 'starred', 'sent', 'trash'] as const
export type Folder = (typeof folders)[number]

/** A draft or an outbox entry of the person, base64url of 16 random bytes chosen by the client. */
export type DocumentId = string

/** What a list shows of a mail. */
export interface Header {
  readonly mail: UpdateId
  readonly from: string
  /** The sender is another account than the one that the person knows by this name, or never signed up by it. Absent otherwise. */
  readonly fromAnother?: true
  /**
   * Nothing proves, or nothing proves yet, that the sender has written this: what is said here is the server's word. Opening the mail shows it, or
   * fails with CANNOT_OPEN; after an event `mailbox` a list may know. Absent otherwise.
   */
  readonly unproven?: true
  readonly to: readonly string[]
  readonly cc: readonly string[]
  /** Names in `to` and `cc` of accounts that are others than the person knows by these names: a server says what accounts are called. Absent where there are none. */
  readonly toOthers?: readonly string[]
  readonly subject: string
  /** The beginning of the body as one line of plain text, at most 160 characters; empty when the mail has none. */
  readonly snippet: string
  /** Milliseconds since 1970, by the hybrid logical clock: an answer never sorts before what it answers. */
  readonly sentAt: number
  /**
   * When it was written by the clock of its writer's machine, as sealed in it (milliseconds since 1970): absent unless that is more than a day
   * apart from `sentAt`, which the servers say. A clock is wrong then, or an old mail has been brought back.
   */
  readonly writtenAt?: number
  readonly read: boolean
  readonly starred: boolean
  /** The first mail of the conversation; its own name for a mail that answers nothing. */
  readonly conversation: UpdateId
  /** Whether this person sent it. */
  readonly own: boolean
  readonly inTrash: boolean
  readonly attachmentCount: number
}

/** What is attached to a mail. `name` is safe to show and to write, whatever its sender called it. */
export interface AttachedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/** A file that is kept for a letter that is being written. */
export interface Attachment extends AttachedFile {
  readonly attachment: DocumentId
}

/** A file on its way in or out: its bytes in base64. */
export interface FileData {
  readonly name: string
  readonly content: string
}

export interface Mail extends Header {
  /** Markdown. */
  readonly body: string
  readonly attachments: readonly AttachedFile[]
  /** The mail that this one answers; null when it answers none. */
  readonly inReplyTo: UpdateId | null
  /** The sender's account: names can change hands, this cannot. */
  readonly fromAccount: AccountId
}

export interface HeaderPage {
  readonly headers: readonly Header[]
  /** How many mails the folder has. */
  readonly total: number
  /** How many of them are unread. */
  readonly unread: number
  /** The `before` of the next page; absent at the end. */
  readonly next?: string
}

export interface FolderCounts {
  readonly inbox: number
  readonly unread: number
  readonly starred: number
  readonly sent: number
  readonly trash: number
  readonly drafts: number
  readonly outbox: number
}

/** What a person writes. Names are as `accounts` gives them; `everyone` in `to` or `cc` stands for all others' accounts. */
export interface Letter {
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly subject: string
  /** Markdown. */
  readonly body: string
  readonly inReplyTo?: UpdateId
  /** As `attach` names them. With the body they have 1 MiB at most. */
  readonly attachments?: readonly DocumentId[]
}

/** A letter as it is kept. */
export interface KeptLetter extends Required<Omit<Letter, 'inReplyTo' | 'attachments'>> {
  readonly inReplyTo: UpdateId | null
  readonly attachments: readonly Attachment[]
}

/** A letter that was taken back, to go on writing: without fields for what it does not have. */
export interface TakenBackLetter extends Omit<Letter, 'attachments'> {
  readonly attachments?: readonly Attachment[]
}

export interface TakenBack extends TakenBackLetter {
  /** It was not written since the log-in here, and not all servers have heard yet that it was taken back: it may have left there, or leave. Absent otherwise. */
  readonly mayHaveLeft?: true
}

/** A version of a draft, as the client tells it. Nothing is to be read in it. */
export type DraftVersion = string

/**
 * A draft, and the version of it that its person has seen: with `basedOn` another version that has come meanwhile becomes a draft of its own, and an event
 * `draftKept` tells. BAD_REQUEST for what is no version.
 */
export interface SeenDraft {
  readonly draft: DocumentId
  readonly basedOn?: DraftVersion
}

export interface Draft extends KeptLetter {
  readonly draft: DocumentId
  readonly version: DraftVersion
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

/** Why an outbox entry has not left. */
export type OutboxReason =
  /** The time for taking it back runs until `until` (milliseconds since 1970). */
  | { readonly kind: 'held'; readonly until: number }
  /** These names are not known on this side of a partition; it leaves by itself when they are. `nobody`: all of the group can be reached by now, and nobody in it is called so. */
  | { readonly kind: 'unknownNames'; readonly names: readonly string[]; readonly nobody?: true }
  /**
   * It was written before the log-in here, and may have been taken back at these servers, which cannot be reached (none: what they have said is on its way). It
   * leaves when they have been heard, or at `until` (milliseconds since 1970).
   */
  | { readonly kind: 'inDoubt'; readonly servers: readonly ServerId[]; readonly until: number }
  /** No server can be reached, or its disk is full: it is tried again. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface OutboxEntry extends KeptLetter {
  readonly outbox: DocumentId
  readonly queuedAt: number
  readonly reason: OutboxReason
}

/** Accepted and durable, or durably waiting in the outbox. */
export type SendAnswer =
  | { readonly mail: UpdateId }
  | { readonly outbox: DocumentId; readonly reason: Exclude<OutboxReason, { readonly kind: 'inDoubt' }> }

export const marks = ['read', 'unread', 'star', 'unstar', 'trash', 'restore'] as const
export type Mark = (typeof marks)[number]

/** Where a deletion has arrived, as far as is known: the mail's content is gone from `removedOn`, not yet from `waitingFor`. */
export interface Removal {
  readonly removedOn: readonly ServerId[]
  readonly waitingFor: readonly ServerId[]
}

/** A person's mail. Every method rejects with a `QuintetError`; NOT_LOGGED_IN when nobody is. */
export interface Mailbox {
  /**
   * NO_SUCH_ACCOUNT when a name is unknown and every seat in use is reachable; in a partition the mail waits in the
   * outbox. With `holdMs` it waits there that long, and can be taken back by `cancelOutbox`; it leaves at
   * once when its writer logs out or the client ends. `draft` is discarded when the mail is durable.
   * BAD_NAME when nobody can be called like a recipient, wherever that is. NAME_CHANGED_HANDS when a name is not whom the person knows by it:
   * `identities` says who it is, `accept` takes the new one.
   */
  send(request: Letter & { readonly holdMs?: number } & Partial<SeenDraft>): Promise<SendAnswer>
  /** Newest first. From before `before` (a page's `next`), or from the mail at `offset`. */
  list(request: {
    readonly folder: Folder
    readonly limit: number
    readonly before?: string
    readonly offset?: number
  }): Promise<HeaderPage>
  counts(): Promise<FolderCounts>
  /** Opens the mail and marks it read. */
  read(request: { readonly mail: UpdateId }): Promise<Mail>
  /** The person's copies of a conversation's mails, oldest first but no answer before what it answers, opened; none of them is marked. */
  conversation(request: { readonly conversation: UpdateId }): Promise<{ readonly mails: readonly Mail[] }>
  mark(request: { readonly mails: readonly UpdateId[]; readonly mark: Mark }): Promise<void>
  /** Removes the person's own copy for good. `removal` names the deletion, for `removal`. */
  delete(request: { readonly mail: UpdateId }): Promise<{ readonly removal: UpdateId }>
  /** As `delete`, for many. Empties the trash with its mails. */
  deleteMany(request: { readonly mails: readonly UpdateId[] }): Promise<{ readonly removals: readonly UpdateId[] }>
  emptyTrash(): Promise<void>
  safety(request: { readonly mail: UpdateId }): Promise<{ readonly servers: readonly ServerId[] }>
  /** As `safety`, for a page. */
  safeties(request: {
    readonly mails: readonly UpdateId[]
  }): Promise<{ readonly safeties: readonly { readonly mail: UpdateId; readonly servers: readonly ServerId[] }[] }>
  removal(request: { readonly removal: UpdateId }): Promise<Removal>

  /** `leftOut`: how many more there are that cannot be read here, such as those of a later version. They are kept; absent when there are none. */
  drafts(): Promise<{ readonly drafts: readonly Draft[]; readonly leftOut?: number }>
  /** Durable on this person's server when fulfilled; without `draft` a new one is made. */
  saveDraft(
    request: Letter & Partial<SeenDraft>,
  ): Promise<{ readonly draft: DocumentId; readonly version: DraftVersion }>
  discardDraft(request: SeenDraft): Promise<void>
  /** `leftOut` as of `drafts`; these do not leave from here. */
  outbox(): Promise<{ readonly entries: readonly OutboxEntry[]; readonly leftOut?: number }>
  /** Takes it back and gives what was written; with `keep` it becomes the draft of that name in the same step. NO_SUCH_MAIL when it has left. */
  cancelOutbox(request: { readonly outbox: DocumentId; readonly keep?: 'draft' }): Promise<TakenBack>

  /** Keeps a file for a letter; durable when fulfilled. It goes when the letter is sent. TOO_LARGE. */
  attach(request: FileData): Promise<Attachment>
  /** Keeps the files of a mail for a letter that forwards it. */
  attachFrom(request: { readonly mail: UpdateId }): Promise<{ readonly attachments: readonly Attachment[] }>
  /** A file of a mail; `number` counts from 1. The mail is not marked. NO_SUCH_ATTACHMENT. */
  attachment(request: { readonly mail: UpdateId; readonly number: number }): Promise<FileData>
  /** The whole mail as other mail programs read it (RFC 5322, `.eml`). The mail is not marked. */
  exportMail(request: { readonly mail: UpdateId }): Promise<FileData>

  /**
   * Full text over the person's own mail: words are prefixes and may have typing errors; `from:ben to:anna cc: subject:
   * before:2026-01-31 after:2026-01-01 is:unread is:read is:starred in:inbox`, and "quoted phrases" narrow it. Best first, then newest.
   * Answers with what is searchable so far; with `until` only when everything is. What is in the trash is found with `in:trash`
   * and `in:anywhere` only. BAD_REQUEST for an operator with a wrong value.
   */
  search(request: {
    readonly query: string
    readonly limit: number
    readonly offset?: number
    readonly until?: 'indexed'
  }): Promise<SearchPage>
}

export interface SearchPage {
  readonly headers: readonly Header[]
  readonly total: number
  /** Mails that are searchable so far, and all that there are: less while the index is still being built. */
  readonly indexed: number
  readonly mails: number
}
