import type { InviteId, ServerId } from '../../core/model/ids.ts'
import type { StatusInfo, ViewInfo } from '../../api/contract.ts'

/** `here`: the server this client is connected to. `unreachable`: in use, but not in the view. */
export type SeatState = 'free' | 'here' | 'connected' | 'unreachable' | 'paused'

/** One of the five seats, as the connected server sees it. */
export interface NetworkSeat {
  readonly server: ServerId
  readonly state: SeatState
  /** The machine's name; null when the seat is free. */
  readonly machine: string | null
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

/** What happened to the view. */
export interface ViewChange {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly number: number
  readonly servers: readonly ServerId[]
  readonly joined: readonly ServerId[]
  readonly left: readonly ServerId[]
  /** Mails that came in since, until the next change: what a merge brought. */
  readonly mailsIn: number
}

export interface NetworkInfo {
  readonly groupName: string
  readonly server: ServerId
  readonly machine: string
  readonly view: ViewInfo
  readonly seats: readonly NetworkSeat[]
  /** Newest first, at most 200; kept over restarts. */
  readonly history: readonly ViewChange[]
  readonly paused: readonly ServerId[]
  readonly warnings: readonly string[]
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
  /** The seat that it gave; null unless it was used. */
  readonly usedBy: ServerId | null
}

/** The group and its machines. All but `view`, `status` and `network` need the right to the data directory (NOT_ALLOWED). */
export interface Group {
  view(): Promise<ViewInfo>
  status(): Promise<StatusInfo>
  network(): Promise<NetworkInfo>
  /** The text to hand over (also as QR): it holds the group key, admits one machine, and expires. */
  invite(): Promise<{ readonly invite: string }>
  invites(): Promise<{ readonly invites: readonly InviteInfo[] }>
  revokeInvite(request: { readonly invite: InviteId }): Promise<void>
  pause(request: { readonly servers: readonly ServerId[] }): Promise<void>
  resume(request: { readonly servers: readonly ServerId[] }): Promise<void>
  /** The machine on this seat is gone for good: stability moves on without it, and the seat is free for a new machine. */
  retire(request: { readonly server: ServerId }): Promise<void>
  renameGroup(request: { readonly name: string }): Promise<void>
  /** The machine of the connected server. */
  renameMachine(request: { readonly name: string }): Promise<void>
  /** A new group key; members that are away now come back through a member that knows them. */
  rotateKey(): Promise<void>
  /** How often replicas exchange knowledge when nothing happens, 200 to 60,000. */
  setSyncInterval(request: { readonly intervalMs: number }): Promise<void>
}
