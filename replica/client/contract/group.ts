import type { StatusInfo, ViewInfo } from '../../api/contract.ts'
import type { InviteInfo, LetIn, NetworkReport } from '../../api/group-contract.ts'
import type { InviteId, OriginId, ServerId } from '../../core/model/ids.ts'

export type { InviteInfo, LetIn, LetInBy, NetworkSeat, SeatState } from '../../api/group-contract.ts'
export type { Warning, WarningCode } from '../../core/model/warning.ts'
export type { ViewChange } from '../../core/model/view-change.ts'

export type NetworkInfo = NetworkReport

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
  /**
   * The machine on this seat is gone for good: stability moves on without it, and the seat is free for a new machine. Not
   * for this server, nor for one that is connected.
   */
  retire(request: { readonly server: ServerId }): Promise<void>
  /** Everybody who was let in, first those without a seat; with `server`, whom the machine on that seat let in, if only in turn. */
  letIn(request: { readonly server?: ServerId }): Promise<{ readonly machines: readonly LetIn[] }>
  /** Retires a machine that is not trusted, by its key, whether or not it has a seat; what it has is not taken in any more. */
  shutOut(request: { readonly machine: OriginId }): Promise<void>
  renameGroup(request: { readonly name: string }): Promise<void>
  /** The machine of the connected server. */
  renameMachine(request: { readonly name: string }): Promise<void>
  /** A new group key; members that are away now come back through a member that knows them. Open invites are revoked. */
  rotateKey(): Promise<void>
  /** How often replicas exchange knowledge when nothing happens, 200 to 60,000. */
  setSyncInterval(request: { readonly intervalMs: number }): Promise<void>
  /**
   * The connected server goes on under this id, after another machine turned out to have its own (`ownSeat` is `lost`).
   * The client is connected with it again by itself. BAD_REQUEST when the seat is not lost; SEAT_TAKEN.
   */
  takeSeat(request: { readonly server: ServerId }): Promise<void>
}
