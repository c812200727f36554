import type { AccountId, Clock, Hash, InviteId, OriginId, PeerId, Sequence, ServerId, SessionId } from './ids.ts'
import type { Failure } from './errors.ts'
import type { RetirementProof, SignedEnd, Voucher } from './proofs.ts'
import type { Batch, Update } from './updates.ts'

/** Highest gapless sequence held, per origin. */
export type VersionVector = ReadonlyMap<OriginId, Sequence>

/** One row per install that holds a replica. */
export type KnowledgeRows = ReadonlyMap<OriginId, VersionVector>

/** First message each way on a replica's stream. */
export interface HelloMessage {
  readonly kind: 'hello'
  readonly origin: OriginId
  readonly server: ServerId
  readonly clock: Clock
  readonly rows: KnowledgeRows
  /** The member's batch that admitted this install, while others may not know of it yet. */
  readonly admission: Batch | null
  /** Each admits the install that wrote the one before it, which admits the sender: `wire` has checked that. */
  readonly vouchers: readonly Batch[]
  /** Where the sender, and the members that it knows, can be dialled. */
  readonly addresses: ReadonlyMap<PeerId, readonly string[]>
  /** When the group key that the sender has was made; 0 when it only knows it from an invite. */
  readonly keyMadeAt: Clock
  /** Where the receiver's own log ends, as the sender holds it; null where it has no signature of that, or the receiver found that it does not hold. */
  readonly end: SignedEnd | null
}

/** A person is logged in at the server that says so. Of an account's sessions the one with the highest clock, then id, stands. */
export interface SessionClaim {
  readonly account: AccountId
  readonly session: SessionId
  /** When the person logged in: it stays the same when the client goes from one server to another. */
  readonly clock: Clock
  /** Where the client runs. */
  readonly machine: string
}

/** Sent every second and after a view change: heartbeat, knowledge matrix, who is online here. */
export interface KnowledgeMessage {
  readonly kind: 'knowledge'
  readonly clock: Clock
  readonly rows: KnowledgeRows
  /** Chain value of each origin where the sender's copy of its log ends, so that a fork is found. */
  readonly hashes: ReadonlyMap<OriginId, Hash>
  /** `as before`: as this connection was told last. Only to who understands that. */
  readonly sessions: readonly SessionClaim[] | 'as before'
  /** Whether the sender understands `as before`; versions before this one do not. */
  readonly mayShorten?: true
  /** Of who has no state: how many updates the copy covers that it has set aside and could take up again. */
  readonly aside?: number
}

/** Asks for `origin`'s batches after `after`, about `maxBytes` of them. */
export interface RequestMessage {
  readonly kind: 'request'
  readonly id: number
  readonly origin: OriginId
  readonly after: Sequence
  readonly maxBytes: number
}

/** Batches of one origin, in order: the answer to request `id`, or fresh ones unasked (`id` 0). */
export interface BatchesMessage {
  readonly kind: 'batches'
  readonly id: number
  readonly batches: readonly Batch[]
}

/** The asked range is discarded here: take a state transfer. */
export interface DiscardedMessage {
  readonly kind: 'discarded'
  readonly id: number
  readonly origin: OriginId
}

/** Asks for the live state, by chunks; `index` 0 makes a new image, the others are of image `image`. */
export interface StateRequestMessage {
  readonly kind: 'stateRequest'
  readonly image: number
  readonly index: number
}

/** Chunk `index` of `count`; `image` 0 means that the asked image is gone: begin again. */
export interface StateChunkMessage {
  readonly kind: 'stateChunk'
  readonly image: number
  readonly index: number
  readonly count: number
  readonly chunk: string
}

/** Asks for the bytes of single live updates (mails and what else the log keeps) by sequence, ascending. */
export interface MailRequestMessage {
  readonly kind: 'mailRequest'
  readonly id: number
  readonly origin: OriginId
  readonly sequences: readonly Sequence[]
}

/** The asked updates that the sender holds, as many as fit; `covered` is the last asked sequence that was looked at. */
export interface MailsMessage {
  readonly kind: 'mails'
  readonly id: number
  readonly origin: OriginId
  readonly covered: Sequence
  readonly updates: readonly Update[]
}

/**
 * What the receiver holds of `origin` is not what the sender holds, or less of its own log: a copy was restored. `end` is where the
 * sender's ends; null where it has no signature of that, or the receiver found that it does not hold.
 */
export interface ForkMessage {
  readonly kind: 'fork'
  readonly origin: OriginId
  readonly end: SignedEnd | null
  /** A batch that the receiver has signed, and that does not follow on `end`: it may have forgotten where the batches of that time ended. */
  readonly unfitting?: Batch
}

/** A newer group key, for members only. */
export interface GroupKeyMessage extends GroupKey, FormerKeys {
  readonly kind: 'groupKey'
}

/** The group's key and when it was made; of two the later counts. */
export interface GroupKey {
  /** 32 bytes, base64url. */
  readonly key: string
  readonly madeAt: Clock
}

/** What the group had before: for members that were away when it was changed. */
export interface FormerKeys {
  /** As `GroupKey.key`, at most `limits.formerKeys`; left out when none are known. */
  readonly former?: readonly string[]
}

/** The group's key as an install keeps it on its disk. */
export interface KeptGroupKey extends GroupKey, FormerKeys {
  /** It is not handed on yet: it may be here before the word of whom it was made to keep out. */
  readonly isHeldBack: boolean
}

/** This peer is not served, and why (NOT_ADMITTED, RETIRED). */
export interface RefusalMessage {
  readonly kind: 'refusal'
  readonly failure: Failure
  /** Of RETIRED; null where there is none, or the receiver found that it proves nothing. */
  readonly retirement: RetirementNews | null
}

export interface RetirementNews {
  readonly retired: OriginId
  readonly proof: RetirementProof
  /** The first let in who signed the proof, the next one whom that one is by, and so on: `wire` has checked that. */
  readonly vouchers: readonly Voucher[]
}

/** What one replica says to another on their direct stream. */
export type Message =
  | HelloMessage
  | KnowledgeMessage
  | RequestMessage
  | BatchesMessage
  | DiscardedMessage
  | StateRequestMessage
  | StateChunkMessage
  | MailRequestMessage
  | MailsMessage
  | RefusalMessage
  | ForkMessage
  | GroupKeyMessage

/** `droppable`: it is not sent to a peer for which too much waits already. What it would bring is asked for later. */
export type Urgency = 'ordinary' | 'droppable'

/** An install asks to be let in, on the join protocol. */
export interface JoinRequest {
  readonly token: Uint8Array
  readonly peer: PeerId
  /** Null asks for the first free seat. */
  readonly server: ServerId | null
  readonly machine: string
}

/** The seat given and the batch that proves the admission. */
export interface JoinAnswer {
  readonly server: ServerId
  readonly groupName: string
  readonly invite: InviteId
  readonly admission: Batch
  /** What proves that the member itself was admitted. */
  readonly vouchers: readonly Batch[]
}
