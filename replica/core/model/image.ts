import type {
  AccountId,
  Clock,
  CommandId,
  DocumentId,
  Hash,
  InviteId,
  OriginId,
  PeerId,
  Sequence,
  ServerId,
  Tag,
  UpdateId,
} from './ids.ts'
import type { Shelf } from './mailbox-changes.ts'
import type { MailColumns } from './mail-columns.ts'
import type { VersionVector } from './messages.ts'
import type { RetirementProof, Voucher } from './proofs.ts'

/** Bits of one person's copy of a mail. */
export const markBits = { read: 1, deleted: 2 } as const

export interface SeatClaim {
  readonly origin: OriginId
  readonly server: ServerId
  readonly peer: PeerId
  readonly machine: string
  readonly replaces: OriginId | null
  readonly clock: Clock
}

/** A machine that is gone for good. */
export interface RetirementRecord {
  readonly origin: OriginId
  /** By which it is told so; null when it is not kept. */
  readonly proof: RetirementProof | null
}

/** By what a machine was let in. */
export interface VoucherRecord extends Voucher {
  readonly peer: PeerId
  readonly server: ServerId
}

/** A member that made an invite: it is answerable for whoever is let in by that, at whichever server. */
export interface InviterRecord {
  readonly invite: InviteId
  readonly by: OriginId
}

/** What a machine was called after it took its seat. */
export interface MachineName {
  readonly origin: OriginId
  readonly name: string
  readonly clock: Clock
}

export interface AccountRecord {
  readonly account: AccountId
  readonly name: string
  readonly sealKey: Uint8Array
  readonly sealedKeys: Uint8Array
  readonly clock: Clock
  /** Where the account was made; with `clock` it decides who keeps a name. */
  readonly origin: OriginId
  /** The account's update as encoded by its origin, whose payload the person signed: clients verify it. */
  readonly bytes: Uint8Array
}

/**
 * What a person has set on a copy, each 0 while never set, and `clock * 2 + value` since: the larger one wins, so that the
 * last writer does. Once `read` was set it outweighs the mark bit.
 */
export interface MarkRegisters {
  readonly read: number
  readonly star: number
  readonly trash: number
}

/** A mail that answers, and the first mail of its conversation. */
export interface AnswerRecord {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly conversation: UpdateId
}

/** The registers of one person's copies of a mail; copies on which nothing was set have no record. */
export interface MarkRecord {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly account: AccountId
  readonly registers: MarkRegisters
}

/** A mark that came before its mail. */
export interface PendingMark {
  readonly mail: UpdateId
  readonly tag: Tag
  readonly account: AccountId
  readonly bits: number
  readonly registers: MarkRegisters
}

/** The last version of a document, or its deletion. The sealed content is in the log, under `origin` and `sequence`. */
export interface DocumentRecord {
  readonly account: AccountId
  readonly document: DocumentId
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly shelf: Shelf
  readonly state: 'written' | 'deleted'
}

/** What a person said of old documents: see `ForgettingChange`. */
export interface ForgettingRecord {
  readonly account: AccountId
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly saidUpTo: Clock
  readonly documents: readonly DocumentId[]
  /** As in `AccountRecord`. */
  readonly bytes: Uint8Array
}

/** The locks of a person's private keys that replaced those of the sign-up. */
export interface AccountKeysRecord {
  readonly account: AccountId
  readonly generation: number
  readonly sealedKeys: Uint8Array
  readonly clock: Clock
  readonly origin: OriginId
  /** As in `AccountRecord`. */
  readonly bytes: Uint8Array
}

/** An install that uses the group's servers and keeps no replica. */
export interface ClientRecord {
  readonly invite: InviteId
  readonly peer: PeerId
  readonly machine: string
}

/** A post. Its text is in the log, under `origin` and `sequence`. */
export interface PostRecord {
  readonly account: AccountId
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  /** `anyTag` for one that came from an image without tags. */
  readonly tag: Tag
}

/** A deletion of a post that came before it. */
export interface PostDeletionRecord {
  readonly post: UpdateId
  readonly tag: Tag
  readonly account: AccountId
}

/** The last word on whether `account` follows `whom`, and the update that brought it. */
export interface FollowRecord {
  readonly account: AccountId
  readonly whom: AccountId
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly state: 'follows' | 'not'
}

/** An update of a kind that only a later version understands. Its bytes are in the log. */
export interface LaterRecord {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly type: number
}

/** Where a batch of a log ended, and the beginning of the chain value there: of the newest part of each log. */
export interface CheckpointRecord {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly prefix: string
}

export interface InviteRecord {
  readonly invite: InviteId
  readonly expiresAtMs: number
  /** Who spent it; more than one when it was used on two sides of a partition. */
  readonly admitted: readonly { readonly peer: PeerId; readonly server: ServerId }[]
  readonly revoked: boolean
}

/** A command that was carried out: the same one given again gets the same answer. */
export interface CommandRecord {
  readonly command: CommandId
  readonly update: UpdateId
  readonly clock: Clock
}

/**
 * A command that was executed, for a kind that executing twice would double. `names` are its updates, ascending by clock, origin and
 * sequence: more than one when a client gave it to several servers.
 */
export interface ExecutionRecord {
  readonly account: AccountId
  readonly command: CommandId
  /** A digest of whom it was for. */
  readonly recipients: string
  readonly names: readonly { readonly origin: OriginId; readonly sequence: Sequence; readonly clock: Clock }[]
}

/** The whole replicated state at one version vector: what a snapshot holds and a state transfer sends. */
export interface StateImage {
  readonly vector: VersionVector
  /** Chain value of each origin at `vector`, so that its log can be followed on. */
  readonly hashes: ReadonlyMap<OriginId, Hash>
  /** The origins' signatures of these ends, as far as they are known. */
  readonly signatures: ReadonlyMap<OriginId, Uint8Array>
  /** The highest clock of each origin's updates up to `vector`: what is written after a start sorts after them. */
  readonly clocks: ReadonlyMap<OriginId, Clock>
  /** The highest clock of all, also of words that are ahead of the clocks of those who wrote them. */
  readonly newestClock: Clock
  readonly group: { readonly name: string; readonly clock: Clock; readonly origin: OriginId } | null
  readonly claims: readonly SeatClaim[]
  readonly invites: readonly InviteRecord[]
  readonly inviters: readonly InviterRecord[]
  readonly machineNames: readonly MachineName[]
  readonly retired: readonly RetirementRecord[]
  readonly vouchers: readonly VoucherRecord[]
  readonly clients: readonly ClientRecord[]
  readonly accounts: readonly AccountRecord[]
  readonly accountKeys: readonly AccountKeysRecord[]
  readonly deletedAccounts: readonly AccountId[]
  readonly mails: MailColumns
  readonly answers: readonly AnswerRecord[]
  readonly marks: readonly MarkRecord[]
  readonly pending: readonly PendingMark[]
  readonly documents: readonly DocumentRecord[]
  /** Those of which no other of the same person says as much. */
  readonly forgettings: readonly ForgettingRecord[]
  readonly posts: readonly PostRecord[]
  readonly postDeletions: readonly PostDeletionRecord[]
  readonly follows: readonly FollowRecord[]
  readonly commands: readonly CommandRecord[]
  readonly executions: readonly ExecutionRecord[]
  readonly later: readonly LaterRecord[]
  /** By origin, ascending; the last one of an origin is where `vector` is. */
  readonly checkpoints: readonly CheckpointRecord[]
}

/** What an image has without telling by which updates it came. */
export type Known = Pick<StateImage, 'accounts' | 'accountKeys' | 'marks'>
