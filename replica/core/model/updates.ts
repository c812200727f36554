import type { AccountId, Clock, Hash, InviteId, OriginId, PeerId, Sequence, ServerId, Tag, UpdateId } from './ids.ts'
import type { Aims, DocumentChange, ForgettingChange, MarksChange } from './mailbox-changes.ts'
import type { Signed } from './signed.ts'
import type { FollowChange, PostChange, PostDeletionChange } from './social-changes.ts'

/** The group's birth, or a new name for it: the latest counts. */
export interface GroupChange {
  readonly kind: 'group'
  readonly name: string
}

/**
 * An install takes a seat; always its origin's first update. `replaces` names the origin whose machine is gone.
 * `admission` names the update that admitted the install (the group's creator has none).
 */
export interface SeatChange {
  readonly kind: 'seat'
  readonly server: ServerId
  readonly peer: PeerId
  readonly machine: string
  readonly replaces: OriginId | null
  /** How an install proves that it goes on for the one that it replaces; left out by one that an admission let in. */
  readonly succession?: Succession
}

/** The install that had this seat names its successor: it has lost its copy, or found that its copy is an old one. */
export interface Succession {
  readonly former: PeerId
  /** By `former`'s key over the group, the seat and the new peer (see docs/protocol.md). */
  readonly signature: Uint8Array
}

/** The machine of this install is gone for good: its seat is free, and nobody waits for it. */
export interface RetirementChange {
  readonly kind: 'retirement'
  readonly retired: OriginId
}

/** An invite that was not used yet lets nobody in any more. */
export interface RevocationChange {
  readonly kind: 'revocation'
  readonly invite: InviteId
}

/** An install's machine is called so from now on. */
export interface MachineNameChange {
  readonly kind: 'machineName'
  readonly name: string
}

/** An invite that may be used once, until `expiresAtMs`. */
export interface InviteChange {
  readonly kind: 'invite'
  readonly invite: InviteId
  readonly expiresAtMs: number
}

/** A member lets a new install in: the invite is spent. */
export interface AdmissionChange {
  readonly kind: 'admission'
  readonly invite: InviteId
  readonly peer: PeerId
  readonly server: ServerId
}

/** A member lets a client in that keeps no replica: the invite is spent, and no seat is taken. */
export interface ClientAdmissionChange {
  readonly kind: 'clientAdmission'
  readonly invite: InviteId
  readonly peer: PeerId
  readonly machine: string
}

/** A person signs up. `sealKey`: X25519 public key; `sealedKeys`: the private halves under a key from the password. */
export interface AccountChange extends Signed {
  readonly kind: 'account'
  readonly name: string
  readonly sealKey: Uint8Array
  readonly sealedKeys: Uint8Array
}

/** New locks for a person's private keys: another password or phrase. Of several the highest `generation` counts. */
export interface AccountKeysChange extends Signed {
  readonly kind: 'accountKeys'
  /** One more than that of the keys that it replaces (a sign-up has 0), so that old keys cannot be brought back. */
  readonly generation: number
  readonly sealedKeys: Uint8Array
}

export interface AccountDeletionChange extends Signed {
  readonly kind: 'accountDeletion'
}

/** A sealed mail; `account` is its sender. What only its people may see stays in the update's bytes, in the log. */
export interface MailChange extends Signed {
  readonly kind: 'mail'
  readonly to: readonly AccountId[]
  /** The first mail of the conversation that this one answers in; null when it answers nothing. */
  readonly conversation: UpdateId | null
}

export interface ReadChange extends Signed {
  readonly kind: 'read'
  readonly mail: UpdateId
  readonly tag: Tag
}

/** `account` removes its own copy of `mail`. */
export interface DeletionChange extends Signed {
  readonly kind: 'deletion'
  readonly mail: UpdateId
  readonly tag: Tag
}

/** A kind from a newer version: kept and passed on, not understood but not lost. */
export interface UnknownChange {
  readonly kind: 'unknown'
  readonly type: number
}

/** A person's update whose signature does not hold: kept in the chain, without effect, everywhere. */
export interface ForgedChange {
  readonly kind: 'forged'
  readonly account: AccountId
}

export type PersonChange =
  | AccountChange
  | AccountKeysChange
  | AccountDeletionChange
  | MailChange
  | ReadChange
  | DeletionChange
  | MarksChange
  | DocumentChange
  | ForgettingChange
  | PostChange
  | PostDeletionChange
  | FollowChange

const words: ReadonlySet<Change['kind']> = new Set<Change['kind']>(['document', 'follow', 'marks', 'group'])
/** Of these the last word counts. Its clock may be ahead of that of the install that wrote it: it is above that of the word before it. */
export const isWord = ({ kind }: Change): boolean => words.has(kind)

/** From when on a change counts: a word from when its person said it, all else from when it was written. */
export const countsFrom = ({ clock, change }: Pick<Update, 'clock' | 'change'>): Clock =>
  'saidAt' in change ? (change.saidAt ?? clock) : clock

/** Nobody can take it back. */
export const isForGood = (change: Change): boolean => {
  const { kind } = change
  if (kind === 'marks') return change.mark === 'delete'
  return kind === 'deletion' || kind === 'forgetting' || kind === 'postDeletion' || kind === 'accountDeletion'
}

/**
 * Whether a live update can be taken without the batch that it was written in. Its person's signature proves it; so it can be of any kind that a
 * person signs, because to an older replica that hands it on it may be of a kind that it does not know. What is not understood proves nothing yet.
 */
export const standsAlone = (change: Change): boolean =>
  change.kind === 'unknown' || ('account' in change && change.kind !== 'forged')

export type SystemChange =
  | GroupChange
  | SeatChange
  | InviteChange
  | AdmissionChange
  | RetirementChange
  | RevocationChange
  | MachineNameChange
  | ClientAdmissionChange
export type Change = PersonChange | SystemChange | UnknownChange | ForgedChange

/** A replicated change. `bytes` is the origin's one encoding of it, which hash, log and wire carry unaltered. */
export interface Update {
  readonly origin: OriginId
  readonly sequence: Sequence
  readonly clock: Clock
  readonly change: Change
  readonly bytes: Uint8Array
}

/**
 * A run of one origin's updates that it committed together, signed over the chain's last hash. A batch is
 * stored, sent and accepted whole, so that every replica's vector always ends on a batch's end.
 */
export interface Batch {
  readonly origin: OriginId
  /** Sequence of the first update; the others follow without a gap. */
  readonly first: Sequence
  readonly last: Sequence
  readonly previousHash: Hash
  readonly lastHash: Hash
  readonly updates: readonly Update[]
  /** The whole signed batch as the origin encoded it. */
  readonly bytes: Uint8Array
  /** Its own signature was not looked at: it is proven by that of a later batch, which came along with it. */
  readonly provenBy?: 'next'
}

/** What a person signed, as the client encoded it, on its way into an update. */
export interface SignedChange {
  /** With the names that `aims` gives. */
  readonly change: PersonChange
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  /** Of a mark that is written anew because what it meant has been, too. */
  readonly aims?: Aims
}

/** An update that has no name yet. */
export interface Draft {
  readonly clock: Clock
  readonly change: SystemChange | SignedChange
}

/**
 * Encodes, hashes and signs a batch of this install's own updates. Pure: same arguments, same bytes.
 * Implemented by `wire` over the install's key, and by the simulator.
 */
export type MakeBatch = (first: Sequence, previousHash: Hash, drafts: readonly Draft[]) => Batch
