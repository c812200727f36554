import type { AccountId, ServerId } from '../../core/model/ids.ts'
import type { ClientEvent } from './events.ts'
import type { Group } from './group.ts'
import type { Mailbox } from './mailbox.ts'
import type { People, Timeline } from './people.ts'

/**
 * A person's side of the system: keys, seal and open, session. Plaintext and private keys exist only here and in the UI.
 * Every method rejects with a `QuintetError`. Calls may overlap; sends keep their order.
 */
export interface MailClient extends Mailbox, People, Timeline, Group {
  /** Name of the account that is logged in; null when none is. */
  readonly loggedInAs: string | null
  /** Which account that is: it stays the same when the account is renamed. */
  readonly account: AccountId | null
  /** The server that this client talks to now. */
  readonly server: ServerId

  /** Moves to another server; when that fails, the present connection stays. UNREACHABLE, NO_SUCH_SERVER. */
  connect(request: { readonly server: ServerId }): Promise<void>
  /**
   * What `resumeSession` goes on with: the private keys of who is logged in, as they are, and which log-in it is. For a store of
   * secrets on this machine, and nothing else. NOT_LOGGED_IN.
   */
  keptSession(): Uint8Array
  /**
   * Goes on with a log-in of before, without the password. NOT_ALLOWED when the account was logged in elsewhere since;
   * NO_SUCH_ACCOUNT, DAMAGED, NEWER_FORMAT, UNREACHABLE.
   */
  resumeSession(request: { readonly kept: Uint8Array }): Promise<void>
  onEvent(listener: (event: ClientEvent) => void): void
  close(): Promise<void>
}
