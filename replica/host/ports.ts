import type { OriginId, PeerId, Sequence } from '../core/model/ids.ts'
import type { JoinAnswer, JoinRequest, Urgency, VersionVector } from '../core/model/messages.ts'
import type { Result } from '../core/model/errors.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import type { VisitAnswer, VisitRequest } from '../wire/visit-codec.ts'

/** Wall clock and timers. */
export interface ClockPort {
  nowMs(): number
  /** Calls `task` every `intervalMs` until the returned function is called. */
  every(intervalMs: number, task: () => void): () => void
  after(delayMs: number, task: () => void): () => void
}

export interface LoggerPort {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface MemoryPort {
  /** What the process takes of the machine's memory. */
  residentBytes(): number
  /** Collects all garbage and hands the room back to the system; holds the event loop up. */
  collect(): void
}

/** A snapshot as stored: the version vector that it is at, and `wire`'s encoding of the state image. */
export interface SnapshotFile {
  readonly vector: VersionVector
  readonly chunks: readonly string[]
}

/** One that was found. The chunks of a large mailbox are tens of megabytes: each is made when it is asked for, and none is kept. */
export interface FoundSnapshot {
  readonly vector: VersionVector
  readonly chunks: Iterable<string>
}

/** A stretch of an origin's log that was found broken: its hash, its checksum or its form is wrong. */
export interface Damage {
  readonly origin: OriginId
  readonly first: Sequence
  readonly last: Sequence
  /** What was found, for the log and the person. */
  readonly reason: string
  /** It is not broken: the disk fails to read it, and may read it another time. */
  readonly mayComeBack?: true
}

/** What a start finds. */
export interface Recovered {
  /** The newest snapshot that is whole; null when there is none. */
  readonly snapshot: FoundSnapshot | null
  /**
   * Per origin the batches after the snapshot's vector, in order, without a gap, verified by hash. A batch
   * that straddles the vector is included. Ends before the first damage.
   */
  readonly suffix: readonly Batch[]
  /** Per origin the highest sequence of which any trace was found, damaged or not: it must not be given out again. */
  readonly highest: VersionVector
  readonly damage: readonly Damage[]
  /** A torn last line that was cut off, a snapshot that was passed over: for the log. */
  readonly repairs: readonly string[]
}

export interface CompactionOutcome {
  readonly segmentsRewritten: number
  readonly segmentsDeleted: number
  readonly bytesFreed: number
}

/**
 * One replica's durable state. When a promise of a writing method is fulfilled, what it wrote survives a crash of the
 * process and of the machine. Writing methods are called one at a time. Reading ones may run beside them.
 *
 * Failures are `QuintetError`s: DISK_FULL (nothing of the call counts; may be tried again), DISK_FAILED.
 */
export interface Storage {
  /**
   * Loads the snapshot and the log's tails, cuts torn ends off, makes what is kept durable. Called first, and again when the disk was
   * full: what is being written is waited for.
   */
  recover(): Promise<Recovered>
  /** Appends batches, each following on what its origin's log ends with (or beginning anew after an installed state). */
  append(batches: readonly Batch[]): Promise<void>
  /**
   * Whole batches of `origin`, from the one that holds `after + 1`, in order, about `maxBytes` of them (one at least, if
   * there is one). Empty when there is nothing after `after`, or when the range has been compacted or is damaged (reported).
   */
  readBatches(origin: OriginId, after: Sequence, maxBytes: number): Promise<readonly Batch[]>
  /** The updates that are held among those asked for, in the order asked. Damaged ones are left out (and reported). */
  readUpdates(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Update[]>
  /** Stores live updates that came by state transfer or as repair, each replacing what stands under its sequence. */
  storeUpdates(origin: OriginId, updates: readonly Update[]): Promise<void>
  /** Which of `sequences` (ascending) are not held whole. */
  missing(origin: OriginId, sequences: readonly Sequence[]): Promise<readonly Sequence[]>
  /** Writes a new snapshot generation, then drops what is older than the newest two that can be read. May be called while anything else is written, or another snapshot is. */
  writeSnapshot(snapshot: SnapshotFile): Promise<void>
  /**
   * Discards, up to `floor`, every update of which `isLive` says no: rewrites segments of which it pays to, deletes empty
   * ones. After that, ranges that begin below `floor` may no longer be read as batches.
   */
  compact(floor: VersionVector, isLive: (origin: OriginId, sequence: Sequence) => boolean): Promise<CompactionOutcome>
  /** After a state transfer: `origin`'s log goes on after `sequence`, whatever it ended with. Older live updates stay. */
  continueAfter(origin: OriginId, sequence: Sequence): Promise<void>
  /** A small named JSON value (install settings, pauses, addresses), replaced atomically. */
  readSetting(name: string): Promise<unknown>
  writeSetting(name: string, value: unknown): Promise<void>
  /** Told of damage that is found while reading. */
  onDamage(listener: (damage: Damage) => void): void
  /** Bytes in files now. */
  diskBytes(): Promise<number>
  close(): Promise<void>
}

/** What the transport tells. Every method is called on the event loop's own turn, never from within a call into the transport. */
export interface TransportListener {
  /** A replica's direct stream is open both ways. At most one per peer. */
  connected(peer: PeerId): void
  disconnected(peer: PeerId, reason: string): void
  /** A connected peer has told, after the connection was made, where it can be reached: see `Transport.links`. */
  addressed(peer: PeerId): void
  /** A part of a frame has come, and for a second no whole one: told once a second. */
  arriving(peer: PeerId): void
  /** One whole frame of a direct stream, not yet decoded. */
  message(peer: PeerId, frame: Uint8Array): void
  /** One gossip message, not yet decoded. */
  gossip(peer: PeerId, frame: Uint8Array): void
  /** An install asks to be let in; the answer goes back on the same stream. */
  join(request: JoinRequest): Promise<Result<JoinAnswer>>
  /** Somebody with an invite looks at the seats, or asks to be let in as a client. */
  visit(request: VisitRequest): Promise<Result<VisitAnswer>>
  /** A client opened a stream. The host serves `ReplicaApi` on it. */
  client(stream: FrameStream): void
}

/** A two-way stream of length-prefixed frames (at most `limits.frameBytes`), with back-pressure. */
export interface FrameStream {
  readonly remote: PeerId
  /** Frames as they come; ends when the other side closes; throws UNREACHABLE when the connection is lost. */
  readonly frames: AsyncIterable<Uint8Array>
  /** Fulfilled when the frame is handed over and the stream can take another. Throws UNREACHABLE when the stream is gone. */
  send(frame: Uint8Array): Promise<void>
  close(): Promise<void>
  /**
   * Tells when the other side has given no sign of life for a while (milliseconds), and (null) when it is heard again. The stream
   * itself ends much later: a machine that is merely slow is not gone.
   */
  onSilence?(listener: (forMs: number | null) => void): void
  /** The other side has shown who it is. Until then a stream from another machine takes frames of `limits.earlyFrameBytes` at most. */
  trust?(): void
}

export interface PeerLink {
  readonly peer: PeerId
  readonly addresses: readonly string[]
  /** Round trip of the last heartbeat, if one was measured. */
  readonly lagMs: number | null
}

/**
 * What is wrong with connections as such: an install that runs twice at once (this one may be it), a way on which large packets get lost, a
 * member in whose place something answers that knows none of the group's keys that are known here.
 */
export interface LinkTrouble {
  readonly kind: 'runsTwice' | 'largeLost' | 'otherKey'
  readonly peer: PeerId
}

/** What a replica's core does not know, and people should. */
export interface Surroundings {
  /** This machine's disk is full. */
  readonly diskFull: boolean
  readonly troubles: readonly LinkTrouble[]
}

/** The group's keys: the present one for all, former ones for members that were away when it was made. */
export interface GroupKeys {
  /** 32 bytes. */
  readonly present: Uint8Array
  /** Newest first. */
  readonly former: readonly Uint8Array[]
}

/** Real networks, or the simulator's. */
export interface Transport {
  readonly self: PeerId
  /** Listens, discovers, connects to remembered addresses. Throws PORT_IN_USE, BAD_ADDRESS. */
  start(listener: TransportListener): Promise<void>
  stop(): Promise<void>
  /** Own addresses, with the peer id. */
  listenAddresses(): readonly string[]
  /**
   * Queues a frame on a peer's direct stream. A `droppable` one is dropped when `limits.sendQueueBytes` are waiting, and
   * any one is dropped when the peer is not connected: `disconnected` tells.
   */
  send(peer: PeerId, frame: Uint8Array, urgency: Urgency): void
  /** Publishes to every member that listens; best effort. */
  gossip(frame: Uint8Array): void
  /** Ends the connection with a peer; it may be dialled again by either side, with back-off. */
  disconnect(peer: PeerId): void
  /** No connection with these peers, either way, until the set is changed. Connected ones are cut at once. */
  deny(peers: ReadonlySet<PeerId>): void
  /** Members and where they were seen: kept connected, redialled with capped back-off. `former`: those who were, tried now and then. */
  remember(members: ReadonlyMap<PeerId, readonly string[]>, former?: ReadonlyMap<PeerId, readonly string[]>): void
  /** Where members that are not connected may be now, as others say: tried besides where they were last seen. */
  hint(addresses: ReadonlyMap<PeerId, readonly string[]>): void
  /** Who may come in by a former group key: those that were ever let into the group. */
  know(peers: ReadonlySet<PeerId>): void
  /** For connections from now on. Of those that are open, who was never let in loses its own a little later. */
  useKeys(keys: GroupKeys): void
  /** Addresses at which connected members were reached, to be remembered and told to others. */
  links(): readonly PeerLink[]
  /** Left out: nothing is wrong. */
  troubles?(): readonly LinkTrouble[]
  /** This peer has sent this machine away for good: it is dialled less and less often, and as before once it keeps the connection. */
  dismissed(peer: PeerId): void
  /** Forget all back-off and dial now (wake-up, network change). */
  redial(): void
}
