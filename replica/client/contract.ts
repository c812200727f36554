import type { Folder, PersonInfo, StatusInfo, ViewInfo } from '../api/contract.ts'
import type { Failure } from '../core/model/errors.ts'
import type { ServerId, UpdateId } from '../core/model/ids.ts'

export interface Header {
  readonly mail: UpdateId
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly sentAt: number
  readonly read: boolean
}

export interface Mail {
  readonly mail: UpdateId
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
  /** Milliseconds since 1970. */
  readonly sentAt: number
}

export interface HeaderPage {
  readonly headers: readonly Header[]
  readonly total: number
  /** The `before` of the next page; absent at the end. */
  readonly next?: string
}

export type ClientEvent =
  | { readonly event: 'mail'; readonly header: Header }
  | { readonly event: 'view'; readonly view: ViewInfo }
  /** The replica cannot be reached; the client tries on by itself. */
  | { readonly event: 'disconnected'; readonly failure: Failure }
  /** Connected (again); a logged-in session has been taken up. */
  | { readonly event: 'connected'; readonly server: ServerId }

/**
 * A person's side of the system: keys, seal and open, session. Plaintext and private keys exist only here and in the UI.
 * Every method rejects with a `QuintetError`. Calls may overlap; sends keep their order.
 */
export interface MailClient {
  /** Name of the account that is logged in; null when none is. */
  readonly loggedInAs: string | null
  /** The server that this client talks to now. */
  readonly server: ServerId

  signUp(request: { readonly name: string; readonly password: string }): Promise<void>
  logIn(request: { readonly name: string; readonly password: string }): Promise<void>
  logOut(): Promise<void>
  deleteAccount(): Promise<void>
  connect(request: { readonly server: ServerId }): Promise<void>

  send(request: {
    readonly to: readonly string[]
    readonly subject: string
    readonly body: string
  }): Promise<{ readonly mail: UpdateId }>
  list(request: { readonly folder: Folder; readonly limit: number; readonly before?: string }): Promise<HeaderPage>
  /** Opens the mail and marks it read. */
  read(request: { readonly mail: UpdateId }): Promise<Mail>
  delete(request: { readonly mail: UpdateId }): Promise<void>
  safety(request: { readonly mail: UpdateId }): Promise<{ readonly servers: readonly ServerId[] }>

  accounts(request: {
    readonly like: string
  }): Promise<{ readonly accounts: readonly Pick<PersonInfo, 'name' | 'online'>[] }>
  view(): Promise<ViewInfo>
  status(): Promise<StatusInfo>
  invite(): Promise<{ readonly invite: string }>
  pause(request: { readonly servers: readonly ServerId[] }): Promise<void>
  resume(request: { readonly servers: readonly ServerId[] }): Promise<void>

  onEvent(listener: (event: ClientEvent) => void): void
  close(): Promise<void>
}
