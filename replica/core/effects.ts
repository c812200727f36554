import type { LiveUpdate } from './state/live-updates.ts'
import type {
  AccountId,
  Clock,
  InviteId,
  OriginId,
  PeerId,
  Sequence,
  ServerId,
  SessionId,
  UpdateId,
} from './model/ids.ts'
import type { Brought } from './brought.ts'
import type { Failure, Result } from './model/errors.ts'
import type { StateImage } from './model/image.ts'
import type {
  KeptGroupKey,
  MailRequestMessage,
  Message,
  RequestMessage,
  SessionClaim,
  StateRequestMessage,
  Urgency,
  VersionVector,
} from './model/messages.ts'
import type { SessionPlace } from './model/session-place.ts'
import type { Batch, SignedChange, SystemChange, Update } from './model/updates.ts'

/** A wish, before it is an update. */
export type Command =
  /** The group's first install takes its seat and names the group. */
  | { readonly kind: 'found'; readonly groupName: string; readonly server: ServerId; readonly machine: string }
  /** An admitted install takes its seat. */
  | { readonly kind: 'claim'; readonly server: ServerId; readonly machine: string; readonly replaces: OriginId | null }
  | { readonly kind: 'invite'; readonly invite: InviteId; readonly expiresAtMs: number }
  | { readonly kind: 'admit'; readonly invite: InviteId; readonly peer: PeerId; readonly server: ServerId | null }
  /** A client that keeps no replica is let in. */
  | { readonly kind: 'admitClient'; readonly invite: InviteId; readonly peer: PeerId; readonly machine: string }
  | { readonly kind: 'submit'; readonly signed: SignedChange }
  /** This machine is gone for good. Meant by its origin: its seat may have become another one's by now. */
  | { readonly kind: 'retire'; readonly machine: OriginId }
  /** What this machine was before it joined again, by whatever seat it may have taken: gone for good. */
  | { readonly kind: 'disown'; readonly machine: OriginId }
  /** This machine, which may have no seat, is not trusted: nothing is taken from it any more. */
  | { readonly kind: 'shutOut'; readonly machine: OriginId }
  | { readonly kind: 'revoke'; readonly invite: InviteId }
  | { readonly kind: 'renameGroup'; readonly name: string }
  | { readonly kind: 'renameMachine'; readonly name: string }
  /**
   * What an older copy of this machine had and nobody else has, written or said at `clock`: written anew unless it is known or overtaken by
   * now. `to know its name`: never written anew. `deletions`: by which everybody who had a copy of this mail, or the author of this post,
   * has deleted it, aimed at the name that it gets; they are written in the same batch, so that nobody sees it.
   */
  | {
      readonly kind: 'reissue'
      readonly change: SignedChange | SystemChange
      readonly clock: Clock
      readonly reason: 'to have it' | 'to know its name' | 'to have it once more'
      readonly deletions?: (name: UpdateId) => readonly SignedChange[]
    }

/** The caller's name for a command, to be found again in the answer. */
export type CommandTicket = number

export interface CommandAnswer {
  readonly update: UpdateId
  readonly clock: Clock
  /** Of `admit`: the seat given. */
  readonly server: ServerId | null
  /** The batch that holds the update; null when the command had been carried out before. */
  readonly batch: Batch | null
}

export type CoreEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'connected'; readonly peer: PeerId }
  | { readonly kind: 'disconnected'; readonly peer: PeerId }
  | { readonly kind: 'message'; readonly peer: PeerId; readonly message: Message }
  /** Of a message of this peer a part has come: it is told about once a second, until all of it has. */
  | { readonly kind: 'arriving'; readonly peer: PeerId }
  | { readonly kind: 'gossip'; readonly batches: readonly Batch[] }
  /** By this install itself, from an older copy of its own. */
  | { readonly kind: 'handedIn'; readonly batches: readonly Batch[] }
  /** How many updates the state of a copy covers that was set aside, and that could be taken up again. */
  | { readonly kind: 'aside'; readonly updates: number }
  /** Live updates of one origin that an older copy of this machine has, and that may be missing here. */
  | { readonly kind: 'mend'; readonly origin: OriginId; readonly updates: readonly Update[] }
  | { readonly kind: 'command'; readonly ticket: CommandTicket; readonly command: Command }
  | { readonly kind: 'pause'; readonly servers: readonly ServerId[] }
  | { readonly kind: 'resume'; readonly servers: readonly ServerId[] }
  /** Who is logged in here now. */
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionClaim[] }
  /** Where members can be dialled, as the transport and settings know it. */
  | { readonly kind: 'addresses'; readonly addresses: ReadonlyMap<PeerId, readonly string[]> }
  /** The answer to `decodeImage`; null when it was not valid. */
  | { readonly kind: 'imageDecoded'; readonly peer: PeerId; readonly image: StateImage | null }
  /** The answer to `findMissing`. */
  | {
      readonly kind: 'mailsMissing'
      readonly search: number
      readonly mails: ReadonlyMap<OriginId, readonly Sequence[]>
    }
  /** Storage found these stretches broken. */
  | { readonly kind: 'damaged'; readonly origin: OriginId; readonly first: Sequence; readonly last: Sequence }
  /** What an earlier version of this program kept without understanding it, read again by this one. */
  | { readonly kind: 'understood'; readonly updates: readonly Update[] }
  /** `chars`: how long it is; left out of one that had to be written anyway. */
  | { readonly kind: 'snapshotWritten'; readonly vector: VersionVector; readonly chars?: number }
  /** The group key as this install knows it (at start), or a new one for all. */
  | { readonly kind: 'groupKey'; readonly groupKey: KeptGroupKey }
  | { readonly kind: 'rotateKey'; readonly key: string }
  /** At start: the others had retired this install before. */
  | { readonly kind: 'wasRetired' }
  /**
   * Whether copies of this machine were set aside that are to be given back; told at start when there are, and when they have been. `forked`: logs
   * for which they were set aside, if there are any.
   */
  | { readonly kind: 'copies'; readonly are: 'waiting' | 'givenBack'; readonly forked?: readonly OriginId[] }
  /** How often knowledge is exchanged when nothing happens. */
  | { readonly kind: 'syncInterval'; readonly intervalMs: number }
  /** A compaction ended, or a snapshot that could not be written has been waited for. */
  | { readonly kind: 'compacted' }

/** So many mails, posts and documents were left out of the state that came from `server`, and `witness` had them. */
export interface Opinion {
  readonly server: ServerId
  /** Null when none of those who were here could confirm the state. */
  readonly witness: ServerId | null
  readonly leftOut: number
  /** Of a state that nobody has confirmed: so many mails, posts and documents that were here are gone by it. */
  readonly gone: number
}

export type Serve =
  | { readonly peer: PeerId; readonly request: RequestMessage; readonly held: Sequence }
  | { readonly peer: PeerId; readonly request: StateRequestMessage | MailRequestMessage }

export type Notice =
  | { readonly kind: 'view'; readonly number: number; readonly servers: readonly ServerId[] }
  /** A mail came in; its update comes along, so that nobody has to read it back from storage to tell of it. */
  | { readonly kind: 'mail'; readonly update: Update }
  /** A session that is open here was taken over by a later one. */
  | { readonly kind: 'takenOver'; readonly session: SessionId; readonly by: SessionPlace }
  /** Accounts, their names, or who is online changed; at most twice a second. */
  | { readonly kind: 'people' }
  /** Marks or documents of this account changed. */
  | { readonly kind: 'mailbox'; readonly account: AccountId }
  /** Somebody told the group something. */
  | { readonly kind: 'post'; readonly origin: OriginId; readonly sequence: Sequence }
  /** A state transfer brought these: as `mail` and `post`, without the updates. Oldest first. */
  | ({ readonly kind: 'brought' } & Brought)
  /** Replicas are known to hold more than before. */
  | { readonly kind: 'knowledge' }
  /** Connections are made by another group key from now on; told by the host, which keeps it. */
  | { readonly kind: 'groupKey' }
  /** A member does not take this install for one, by what this code says. */
  | ({ readonly kind: 'refused'; readonly peer: PeerId } & Failure)
  | { readonly kind: 'forged'; readonly update: UpdateId }
  /** This copy of `origin`'s log is not the one that the others go on with: this install must start over. */
  | { readonly kind: 'forked'; readonly origin: OriginId }
  /** The others have retired this install. */
  | { readonly kind: 'retired' }
  | { readonly kind: 'clockOff'; readonly server: ServerId; readonly offsetMs: number }
  | { readonly kind: 'transfer'; readonly phase: 'begun' | 'done' | 'abandoned'; readonly peer: PeerId }
  /** A state that came was confirmed by another member; what it had left out was taken from there. */
  | ({ readonly kind: 'secondOpinion' } & Opinion)
  /** Where peers that are not connected here may be now, as a member says: worth a try, and no more. */
  | { readonly kind: 'whereabouts'; readonly addresses: ReadonlyMap<PeerId, readonly string[]> }
  /** The members to keep connected changed, or the retired machines to try now and then; `known` are all peers that were ever let in. */
  | {
      readonly kind: 'members'
      readonly addresses: ReadonlyMap<PeerId, readonly string[]>
      readonly former: ReadonlyMap<PeerId, readonly string[]>
      readonly known: ReadonlySet<PeerId>
    }

/**
 * What one step wants done, carried out in the order of the fields, each group wholly before the next: nothing is
 * sent, answered or told before what it rests on is durable.
 */
export interface Effects {
  /** Append to the log, and fsync. */
  readonly persist: readonly Batch[]
  /** Live updates that came by state transfer or repair: store, and fsync. */
  readonly store: readonly { readonly origin: OriginId; readonly updates: readonly Update[] }[]
  /** A state transfer is complete: write this snapshot, then let these origins' logs go on after these sequences. */
  readonly install: { readonly image: StateImage; readonly continueAfter: VersionVector } | null
  /** Keep this as the group's key from now on, durably. */
  readonly groupKey: KeptGroupKey | null
  readonly gossip: readonly Batch[]
  readonly send: readonly {
    readonly to: PeerId
    readonly message: Message
    readonly urgency: Urgency
  }[]
  /** Read from the log (or make an image), and send. */
  readonly serve: readonly Serve[]
  readonly disconnect: readonly PeerId[]
  /** From now on, exactly these peers are kept out; null: as before. */
  readonly deny: ReadonlySet<PeerId> | null
  readonly answer: readonly { readonly ticket: CommandTicket; readonly result: Result<CommandAnswer> }[]
  readonly notify: readonly Notice[]
  readonly decodeImage: { readonly peer: PeerId; readonly chunks: readonly string[] } | null
  readonly findMissing: MailQuestion | null
  /** Write a snapshot of the present state. */
  readonly snapshot: 'due' | null
  /** Discard what is not live up to here. */
  readonly compact: VersionVector | null
  /** Step again after so many milliseconds, if nothing comes before: something waits that is to be sent together. */
  readonly wakeAfterMs: number | null
}

/**
 * Which of these live updates are not stored here? What is stored under such a name with another clock or tag is of a log that went
 * another way: it does not count. `search` comes back with the answer.
 */
export interface MailQuestion {
  readonly search: number
  /** Ascending. */
  readonly mails: ReadonlyMap<OriginId, readonly Omit<LiveUpdate, 'origin'>[]>
}

/** The answer: those that are not. */
export interface MailSearch {
  readonly search: number
  readonly mails: ReadonlyMap<OriginId, readonly Sequence[]>
}

type Mutable<Value> = {
  -readonly [Key in keyof Value]: Value[Key] extends readonly (infer Item)[] ? Item[] : Value[Key]
}

/** Effects in the making. */
export type EffectsDraft = Mutable<Effects>

export const noEffects = (): EffectsDraft => ({
  persist: [],
  store: [],
  install: null,
  groupKey: null,
  gossip: [],
  send: [],
  serve: [],
  disconnect: [],
  deny: null,
  answer: [],
  notify: [],
  decodeImage: null,
  findMissing: null,
  snapshot: null,
  compact: null,
  wakeAfterMs: null,
})
