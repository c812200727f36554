import type { Failure } from '../../replica/core/model/errors.ts'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import type { AppEvent, AppHost } from './app-host.ts'

/** The methods of the mail client that the window may call, by the same names. */
export type ClientMethod = Exclude<
  keyof MailClient,
  'loggedInAs' | 'account' | 'server' | 'keptSession' | 'resumeSession' | 'onEvent' | 'close'
>
export type HostMethod = keyof AppHost

/** What comes back over IPC: errors lose their class there, so failures travel as values. */
export type Answer<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure }

/** What the preload puts into the page as `window.quintet`: two doors and their events, nothing else. */
export interface QuintetBridge {
  client(method: ClientMethod, request: unknown): Promise<Answer<unknown>>
  host(method: HostMethod, request: unknown): Promise<Answer<unknown>>
  /** In arrays: each call crosses from the preload's world into the page's. Returns the function that ends it. */
  onClientEvents(listener: (events: readonly ClientEvent[]) => void): () => void
  onAppEvents(listener: (events: readonly AppEvent[]) => void): () => void
}
