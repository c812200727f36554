import type { InviteId, OriginId, ServerId } from '../core/model/ids.ts'
import type { Warning } from '../core/model/warning.ts'
import type { ViewChange } from '../core/model/view-change.ts'

/** `here`: the server this client is connected to. `unreachable`: in use, but not in the view. */
export type SeatState = 'free' | 'here' | 'connected' | 'unreachable' | 'paused'

/** A free seat that is promised to a machine that was let in and has not come yet; a server of a version before this was told tells of none. */
export interface PromisedSeat {
  readonly server: ServerId
  /** By which it was let in. */
  readonly invite: InviteId
}

/** One of the five seats, as the connected server sees it. */
export interface NetworkSeat {
  readonly server: ServerId
  readonly state: SeatState
  /** The machine's name; null when the seat is free. */
  readonly machine: string | null
  /**
   * By which invite a free seat is promised to a machine that was let in and has not come yet; `retire` takes the promise back. Null for any other
   * seat, and from a server of a version before this was told.
   */
  readonly promised: InviteId | null
  /** Round trip of the last heartbeat; null when there is none. */
  readonly lagMs: number | null
  /** Milliseconds since 1970; null when it has not been seen since this server's start. */
  readonly lastSeenAt: number | null
  /** Milliseconds that its clock is ahead of ours, when it is more than a minute off; null otherwise. */
  readonly clockOffMs: number | null
  /** Updates that this seat is known to hold of each seat's origin (the matrix's row), by server id. */
  readonly holds: Readonly<Record<string, number>>
  /** Updates that are known to exist of each seat's origin and that this seat is not known to hold. */
  readonly behind: number
}

/**
 * `held`: all is well. `lost`: another machine claimed this server id earlier, on the other side of a partition: choose
 * another one (`takeSeat`). `retired`: the others have retired this machine: start it with --reset and a new invite.
 */
export type OwnSeat = 'held' | 'lost' | 'retired'

/** What a replica tells of the group's machines. */
export interface NetworkReport {
  readonly groupName: string
  readonly server: ServerId
  readonly machine: string
  readonly ownSeat: OwnSeat
  readonly view: { readonly number: number; readonly servers: readonly ServerId[] }
  readonly seats: readonly NetworkSeat[]
  /** Newest first, at most `limits.historyViews`; kept over restarts. */
  readonly history: readonly ViewChange[]
  readonly paused: readonly ServerId[]
  /** Sentences for people. */
  readonly warnings: readonly string[]
  /** The same, to be said in another language; null from a server of a version before them. */
  readonly codedWarnings: readonly Warning[] | null
  readonly diskBytes: number
  readonly mails: number
  readonly accounts: number
  readonly syncIntervalMs: number
}

export interface InviteInfo {
  readonly invite: InviteId
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly state: 'open' | 'used' | 'expired' | 'revoked'
  /** The seat that it gave; null when it was not used, or for a client without a replica. */
  readonly usedBy: ServerId | null
}

/** A machine as one of those who let others in. */
export interface LetInBy {
  readonly machine: OriginId
  /** The seat that it took; null when it is not known to have taken one. */
  readonly server: ServerId | null
  /** What it is called; null when it never took a seat. */
  readonly name: string | null
}

/** A machine, or a client without a replica, that was let into the group. */
export interface LetIn {
  /** Its key's name, by which it is shut out; null for a client, which is shut out by revoking its invite. */
  readonly machine: OriginId | null
  /** By which a client was let in; null for a machine. */
  readonly invite: InviteId | null
  readonly server: ServerId | null
  readonly name: string | null
  /**
   * `seat`: it has one. `without`: it took none, or one that another machine has, and is a member all the same. `client`: it keeps no
   * replica. `superseded`: the key of a machine that has started over with another one. `retired`: also a client whose invite was revoked.
   */
  readonly state: 'without' | 'client' | 'seat' | 'superseded' | 'retired'
  /** Milliseconds since 1970, by the clocks of those who let it in; null when it is not known. */
  readonly at: number | null
  /** Who admitted it, and who made the invite that it used. Nobody: it founded the group, or it is not known. */
  readonly by: readonly LetInBy[]
  /** It was let in, if only in turn, by a machine that is retired now. */
  readonly byRetired: boolean
  readonly connected: boolean
  /** It is the server that was asked. */
  readonly here: boolean
}

/** The group and its machines. All but `network` are `admin` methods: they need the right to the data directory (NOT_ALLOWED). */
export interface GroupApi {
  network(): Promise<NetworkReport>
  /** Newest first, at most `limits.invitesShown`. */
  invites(): Promise<readonly InviteInfo[]>
  /** BAD_INVITE when there is none, INVITE_USED. A client that it let in is shut out by the next change of the group key. */
  revokeInvite(request: { readonly invite: InviteId }): Promise<void>
  /**
   * The machine on this seat is gone for good: nobody waits for it, and the seat is free. BAD_REQUEST for this server, and
   * for one that is connected (pause it first); NO_SUCH_SERVER when the seat is free. Of a seat that is
   * promised the promise is taken back.
   */
  retire(request: { readonly server: ServerId }): Promise<void>
  /**
   * Everybody who was let in, as far as is known here, at most `limits.machinesShown`: first those without a seat. With `server`: whom the
   * machine on that seat has let in, and whom these have let in in turn, that are still in.
   */
  letIn(request: { readonly server: ServerId | null }): Promise<readonly LetIn[]>
  /**
   * This machine is not trusted: it is retired, whether or not it has a seat, and what it has is not taken in any more. BAD_REQUEST for the
   * server that is asked; NO_SUCH_SERVER when nobody of this name was let in, or it is shut out already.
   */
  shutOut(request: { readonly machine: OriginId }): Promise<void>
  /** BAD_NAME. */
  renameGroup(request: { readonly name: string }): Promise<void>
  /** This replica's own machine. BAD_NAME. */
  renameMachine(request: { readonly name: string }): Promise<void>
  /** Makes a new group key; open invites are revoked, because they hold the old one. */
  rotateKey(): Promise<void>
  /** BAD_REQUEST outside of 200 to 60,000 ms. */
  setSyncInterval(request: { readonly intervalMs: number }): Promise<void>
  /**
   * Goes on under another server id, after another machine turned out to have this one's. The replica starts anew, so the
   * connection ends. BAD_REQUEST when this one's seat is not lost; SEAT_TAKEN.
   */
  takeSeat(request: { readonly server: ServerId }): Promise<void>
}
