import type {
  AccountId,
  Clock,
  CommandId,
  DocumentId,
  OriginId,
  PeerId,
  ServerId,
  SessionId,
  Tag,
  UpdateId,
} from '../core/model/ids.ts'
import type { Failure } from '../core/model/errors.ts'
import type { Meant } from '../core/model/meant.ts'
import type { GroupApi, PromisedSeat } from './group-contract.ts'
import type { Overtaken } from '../core/model/signed.ts'
import type { PersonChange } from '../core/model/updates.ts'

/** The folders of a mailbox that the replica knows. A mail in the trash is in no other. */
export const folders = ['inbox', 'starred', 'sent', 'trash'] as const
export type Folder = (typeof folders)[number]

/** The group as a client must know it. `groupId` is bound into every signature and seal. */
export interface GroupInfo {
  readonly groupId: Uint8Array
  readonly groupName: string
  readonly serverId: ServerId
  readonly origin: OriginId
}

export interface ViewInfo {
  readonly number: number
  /** Reachable now, this server included, ascending. */
  readonly servers: readonly ServerId[]
}

export interface StatusInfo {
  readonly serverId: ServerId
  readonly origin: OriginId
  readonly groupName: string
  readonly view: ViewInfo
  /** Sequences held here, per origin. */
  readonly vector: Readonly<Record<string, number>>
  /** Per server the origins' sequences that it is known to hold. */
  readonly matrix: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Per origin what every seat in use holds durably. */
  readonly stable: Readonly<Record<string, number>>
  readonly accounts: number
  readonly mails: number
  /** Equal on two replicas exactly when their replicated states are. */
  readonly digest: string
  /** What is out of the ordinary, as sentences for people: a full disk, a clock that is off, a log being taken back. */
  readonly warnings: readonly string[]
  readonly diskBytes: number
  readonly paused: readonly ServerId[]
  readonly seats: readonly SeatInfo[]
  readonly promised: readonly PromisedSeat[] | null
}

export interface SeatInfo {
  readonly server: ServerId
  readonly origin: OriginId | null
  readonly machine: string | null
  readonly connected: boolean
  readonly lagMs: number | null
}

/** An account as the replica knows it: names and keys are public in the group, private keys are sealed by the password. */
export interface AccountInfo {
  readonly account: AccountId
  /** What it is called now; a name taken twice in a partition shows as `name~<server>` for the later. */
  readonly name: string
  readonly sealKey: Uint8Array
  readonly sealedKeys: Uint8Array
  /** The payload that the person signed at sign-up, and the signature: verify before trusting the keys. */
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  /** The last change of the locks on the private keys, as the person signed it: `sealedKeys` are those. Null when there was none. */
  readonly keys: { readonly payload: Uint8Array; readonly signature: Uint8Array } | null
  /** When and where that was; null when there was none, and from replicas of versions that do not say it. */
  readonly keysChanged: KeysChange | null
}

/** A change of a password or a recovery phrase, as the replica says. */
export interface KeysChange {
  readonly server: ServerId
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly at: number
}

export interface PersonInfo {
  readonly account: AccountId
  readonly name: string
  readonly online: boolean
  /** The servers at which the person is logged in now, ascending. */
  readonly servers: readonly ServerId[]
  /** Milliseconds since 1970. */
  readonly signedUpAt: number
}

/** A log-in, proven by `signature` over the challenge. */
export interface LogInRequest {
  readonly account: AccountId
  readonly signature: Uint8Array
  /** Names this log-in, and stays the same when the client goes to another server. */
  readonly session: SessionId
  /** What the first server answered; null at a new log-in, which takes over all sessions before it. */
  readonly clock: Clock | null
  readonly machine: string
}

export interface SessionPlace {
  readonly server: ServerId
  /** Where the client of the session runs. */
  readonly machine: string
}

/** `clock` is to be given at each later log-in of the session. `takenBy`: a later session has taken it over; it is not logged in. */
export type LogInAnswer =
  { readonly clock: Clock; readonly takenBy: null } | { readonly clock: null; readonly takenBy: SessionPlace }

/** A server of the group, and where it can be dialled. */
export interface MemberInfo {
  readonly server: ServerId
  readonly peer: PeerId
  readonly machine: string
  readonly addresses: readonly string[]
}

/** A mail as the replica can tell it: who and when, and the bytes that only its people can open. */
export interface SealedMail {
  readonly mail: UpdateId
  readonly from: AccountId
  readonly fromName: string
  readonly to: readonly AccountId[]
  readonly toNames: readonly string[]
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly sentAt: number
  readonly read: boolean
  /** Unread because the person marked it so: only a mark of the same kind makes it read again. */
  readonly markedUnread: boolean
  readonly starred: boolean
  readonly inTrash: boolean
  /** The first mail of the conversation; null for one that answers nothing. */
  readonly conversation: UpdateId | null
  /** The payload that the sender signed, with the sealed subject and, when the whole mail was asked for or it is short, the sealed body. */
  readonly payload: Uint8Array
  /** The sender's, over the payload with its body. */
  readonly signature: Uint8Array
  /** Where the body is left out, the whole mail's leaf, if it may be that the signature proves the payload by it (`header-proof.ts`). */
  readonly leaf: Uint8Array | null
}

export interface SealedPage {
  readonly mails: readonly SealedMail[]
  /** How many mails the folder has. */
  readonly total: number
  /** How many of them are unread. */
  readonly unread: number
  /** The `before` of the next page; null at the end. */
  readonly next: string | null
}

/** Names of mails, for those who keep account of a whole mailbox. */
export interface NamePage {
  readonly mails: readonly UpdateId[]
  /** The `before` of the next page; null at the end. */
  readonly next: string | null
}

/** The account's mails among those that were asked for, in their order. */
export interface ManyMails {
  readonly mails: readonly SealedMail[]
  /** So many of the asked ones were looked at; the rest did not fit. */
  readonly covered: number
}

/** How much of a mail is given: lists leave a long body out. */
export type MailContent = 'header' | 'whole'

/** A post as its author signed it; verify it before it is shown. */
export interface SignedPost {
  readonly post: UpdateId
  readonly author: AccountId
  readonly authorName: string
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly postedAt: number
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

export interface SignedPosts {
  readonly posts: readonly SignedPost[]
  /** The `before` of the next page; null at the end. */
  readonly next: string | null
}

/** Whose posts: one person's, or those of whom the account follows, with or without its own. */
export type PostsOf =
  | { readonly kind: 'author'; readonly author: AccountId }
  | { readonly kind: 'followed' }
  | { readonly kind: 'timeline' }

export interface ProfileInfo {
  readonly account: AccountId
  readonly name: string
  readonly online: boolean
  readonly servers: readonly ServerId[]
  /** Milliseconds since 1970. */
  readonly signedUpAt: number
  /** Whether the account that is logged in follows this one. */
  readonly followed: boolean
  /** Names, ascending, at most `limits.shownFollows`. */
  readonly followers: readonly string[]
  readonly following: readonly string[]
  readonly posts: number
}

/** A person's signed wish. `kind` is the update's kind code of docs/protocol.md. */
export interface Submission {
  readonly kind: PersonChange['kind']
  readonly command: CommandId
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

/** How many mails and documents an account has. `unread` is that of the inbox. */
export interface CountsInfo {
  readonly inbox: number
  readonly unread: number
  readonly starred: number
  readonly sent: number
  readonly trash: number
  readonly drafts: number
  readonly outbox: number
}

/** A document of the account without its content; `update` tells one version from another. */
export interface DocumentInfo {
  readonly document: DocumentId
  readonly update: UpdateId
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly writtenAt: number
}

/** The payload that the person signed, with the sealed content. */
export interface SealedDocument extends DocumentInfo {
  readonly payload: Uint8Array
}

/**
 * What has been in the trash since before `beforeMs` (milliseconds since 1970), and for `forMs` by the server's clock; null: for however long. Of
 * these mails, up to `limits.marksPerUpdate`; null: of all.
 */
export interface TrashQuery {
  readonly beforeMs: number
  readonly forMs: number | null
  readonly among: readonly UpdateId[] | null
}

/** What was said of the account's documents up to a time: which are there, and how many others are remembered as deleted. */
export interface ForgettableInfo {
  readonly saidUpTo: Clock
  readonly left: readonly DocumentId[]
  readonly deleted: number
}

export interface SafetyInfo {
  readonly mail: UpdateId
  readonly servers: readonly ServerId[]
}

/** Where an update is known to be held durably, and the seats in use where it is not, ascending. */
export interface SpreadInfo {
  readonly heldBy: readonly ServerId[]
  readonly waitingFor: readonly ServerId[]
}

export interface Accepted {
  /** The update that it became; for a mail, its name. */
  readonly update: UpdateId
  readonly clock: Clock
}

/** Not written, because it would not count: a word that is to be said anew. Which `by` and `clock` are: `Overtaken`. */
export interface SayAnew {
  readonly overtaken: Overtaken
}

export type ReplicaEvent =
  | { readonly event: 'view'; readonly view: ViewInfo }
  /** A mail for the account that is logged in on this connection arrived, durably. */
  | { readonly event: 'mail'; readonly mail: SealedMail }
  /** A later log-in took the session over: it has ended here. */
  | ({ readonly event: 'takenOver' } & SessionPlace)
  /** Nothing has been heard from the replica for so long; said by this side. Requests that are under way may still be answered. */
  | { readonly event: 'silent'; readonly forMs: number }
  /** It is heard again. */
  | { readonly event: 'heard' }
  /** Marks or documents of the account changed; told at most every `limits.mailboxEventMs`. */
  | { readonly event: 'mailbox' }
  /** Replicas know more of each other than before; told at most every `limits.knowledgeEventMs`. */
  | { readonly event: 'knowledge' }
  /** Somebody whom the account follows told the group something. */
  | { readonly event: 'post'; readonly post: SignedPost }
  /** Accounts, names, or who is online changed; told at most every `limits.knowledgeEventMs`. */
  | { readonly event: 'people' }
  /** The group has another key: connections are made by it from now on. */
  | { readonly event: 'groupKey' }
  /** The replica is going down, or the connection to it was lost. */
  | { readonly event: 'closed'; readonly failure: Failure }

/**
 * What one replica offers to one client: ciphertext only. One object is one connection with at most one session.
 * Every method rejects with a `QuintetError`. `admin` methods need the right to the data directory (NOT_ALLOWED).
 */
export interface ReplicaApi extends GroupApi {
  group(): Promise<GroupInfo>
  view(): Promise<ViewInfo>
  status(): Promise<StatusInfo>

  /** Accounts by present name or by id; unknown ones are left out. */
  lookUp(query: {
    readonly names: readonly string[]
    readonly accounts: readonly AccountId[]
  }): Promise<readonly AccountInfo[]>
  /** By name, with `*` and `?`, or a plain substring; ascending by name from after the name `after`, at most `limits.pageAccounts`. */
  people(query: { readonly like: string; readonly after: string | null }): Promise<readonly PersonInfo[]>
  /** The servers in use, ascending. */
  members(): Promise<readonly MemberInfo[]>
  /** The present one, 32 bytes, for people of the group only. NOT_LOGGED_IN. */
  groupKey(): Promise<Uint8Array>

  /** Random bytes that the client signs to log in. */
  challenge(): Promise<Uint8Array>
  /** `signature` by the account's key over `"quintet/log-in/1" || groupId || challenge`. BAD_SIGNATURE, NO_SUCH_ACCOUNT (deleted), NOT_HERE_YET. */
  logIn(request: LogInRequest): Promise<LogInAnswer>
  logOut(): Promise<void>

  /**
   * Durable here when fulfilled, executed once however often it is given. Only kind `account` needs no session; only words that tell when
   * they were said have to be said anew.
   * NAME_TAKEN, BAD_NAME, NO_SUCH_ACCOUNT, NO_SUCH_MAIL, BAD_SIGNATURE, TOO_LARGE, DISK_FULL.
   */
  submit(submission: Submission): Promise<Accepted | SayAnew>
  /** Newest first. `before` is a page's `next`; null begins at the mail at `offset`. */
  list(query: {
    readonly folder: Folder
    readonly limit: number
    readonly before: string | null
    readonly offset: number
  }): Promise<SealedPage>
  counts(): Promise<CountsInfo>
  /** The account's copies of a conversation's mails, oldest first; of more than `limits.conversationMails` the newest. */
  conversation(query: { readonly conversation: UpdateId }): Promise<readonly UpdateId[]>
  /** Up to `limits.marksPerUpdate` mails. */
  trashed(query: TrashQuery): Promise<readonly Meant[]>
  /** Of each name what goes by it here: the tag of the account's mail, or of a post; null when there is none. At most `limits.marksPerUpdate`. */
  tags(query: { readonly names: readonly UpdateId[] }): Promise<readonly (Tag | null)[]>
  /** All documents on one of the account's shelves, in the order in which they were written last. */
  documents(query: { readonly shelf: number }): Promise<readonly DocumentInfo[]>
  /** Null when there is none (any more). */
  document(query: { readonly document: DocumentId }): Promise<SealedDocument | null>
  /** By clocks as `trashed`; null where nothing can be: updates are kept that are not understood, or more is there than one forgetting can name. Former versions do not know it. */
  forgettable(query: { readonly beforeMs: number; readonly forMs: number }): Promise<ForgettableInfo | null>
  /** With body. NO_SUCH_MAIL unless the account has it in its mailbox. */
  fetch(query: { readonly mail: UpdateId }): Promise<SealedMail>
  /** Many at once, or as many as fit; mails that the account has not are left out. At most `limits.fetchedMails`. */
  fetchMany(query: { readonly mails: readonly UpdateId[]; readonly content: MailContent }): Promise<ManyMails>
  /** Newest first; with `unread` only those. A page looks at `limit` mails, so it can have fewer, and still go on. */
  mailNames(query: {
    readonly folder: Folder
    readonly only: 'all' | 'unread'
    readonly limit: number
    readonly before: string | null
  }): Promise<NamePage>
  /** Newest first. A post whose content is being repaired is left out. */
  posts(query: { readonly of: PostsOf; readonly limit: number; readonly before: string | null }): Promise<SignedPosts>
  /** By present name; null when there is no such account. */
  profile(query: { readonly name: string }): Promise<ProfileInfo | null>
  /** Whom the account follows. */
  followed(): Promise<readonly AccountId[]>
  /** Servers that hold the mail durably, as far as is known here, ascending. */
  safety(query: { readonly mail: UpdateId }): Promise<readonly ServerId[]>
  /** As `safety`, for those of `mails` that the account has, up to `limits.pageHeaders`. */
  safeties(query: { readonly mails: readonly UpdateId[] }): Promise<readonly SafetyInfo[]>
  /** Where any update has arrived. */
  spread(query: { readonly update: UpdateId }): Promise<SpreadInfo>

  /** admin */
  invite(): Promise<string>
  /** admin */
  pause(query: { readonly servers: readonly ServerId[] }): Promise<void>
  /** admin */
  resume(query: { readonly servers: readonly ServerId[] }): Promise<void>

  /** Told in order; at most one listener. */
  onEvent(listener: (event: ReplicaEvent) => void): void
  close(): Promise<void>
}
