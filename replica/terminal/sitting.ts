import type { MailClient } from '../client/contract/mail-client.ts'
import type { Header } from '../client/contract/mailbox.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { Layout } from './mail-view.ts'
import type { Screen } from './screen.ts'

export type Folder = Parameters<MailClient['list']>[0]['folder']

/** What the commands of one sitting share. */
export interface Sitting {
  readonly client: MailClient
  readonly screen: Screen
  readonly layout: () => Layout
  /** The pages shown since the last `l` or `search`: their mails by number (from 1), and where a folder goes on. */
  listed: {
    readonly folder: Folder
    readonly headers: readonly Header[]
    readonly next: string | null
  } | null
  /** Shows the next page of what is no folder, as of a search or of posts; null when there is none. */
  more: (() => Promise<void>) | null
}

export interface Command {
  readonly usage: string
  readonly help: string
  readonly run: (sitting: Sitting, words: readonly string[], rest: string) => Promise<void>
}

export const usageError = (usage: string): QuintetError =>
  new QuintetError('BAD_REQUEST', `This is used as: ${usage}`)
