import type { InviteInfo, LetIn } from '../client/contract/group.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import type { DocumentId, FileData, Folder, Header } from '../client/contract/mailbox.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isServerId, seatCount, type ServerId } from '../core/model/ids.ts'
import { foldName } from '../core/model/fold-name.ts'
import type { Layout } from './mail-view.ts'
import type { Screen } from './screen.ts'
import { printableLine } from './text-width.ts'

/** The person's files on this machine. Paths are as the system writes them; what cannot be done is a `QuintetError`. */
export interface LocalFiles {
  readonly read: (file: string) => Promise<FileData>
  /** Writes it into `folders` of a directory, which are made, beside what is there, and gives its path. */
  readonly save: (directory: string, file: FileData, folders: readonly string[]) => Promise<string>
}

/** What the commands of one sitting share. */
export interface Sitting {
  /** Its answers are waited for until the person presses Ctrl-C (`Interrupted`). */
  readonly client: MailClient
  /** The same client: what is asked of it here goes on, whoever waits for it. */
  readonly lastingClient: MailClient
  readonly screen: Screen
  readonly files: LocalFiles
  readonly layout: () => Layout
  /** The pages shown since the last `l`: their mails by number (from 1), and where they go on. */
  listed: {
    readonly folder: Folder
    readonly headers: readonly Header[]
    readonly next: string | null
  } | null
  /** Shows the next page of what is no folder, as of a search or of posts; null when there is none. */
  more: (() => Promise<void>) | null
  /** The drafts, or the outbox entries, that were shown last, by number (from 1). */
  drafts: readonly DocumentId[]
  outbox: readonly DocumentId[]
  /** Who was let in, and the invites, as they were shown last, by number (from 1): the lists may have changed since. */
  letIn: readonly LetIn[]
  invites: readonly InviteInfo[]
}

/** Whoever logs in next has nothing of what was shown to somebody else. */
export const forgetShown = (sitting: Sitting): void => {
  sitting.listed = null
  sitting.more = null
  sitting.drafts = []
  sitting.outbox = []
  sitting.letIn = []
  sitting.invites = []
}

export interface Command {
  readonly usage: string
  readonly help: string
  readonly run: (sitting: Sitting, words: readonly string[], rest: string) => Promise<void>
}

export const usageError = (usage: string): QuintetError => new QuintetError('BAD_REQUEST', `This is used as: ${usage}`)

/** NO_SUCH_SERVER for what is no server id. */
export const serverOf = (word: string): ServerId => {
  const server = Number(word)
  if (isServerId(server)) return server
  throw new QuintetError(
    'NO_SUCH_SERVER',
    `There is no server "${printableLine(word)}": servers are 1 to ${seatCount}.`,
  )
}

/** The mail with the number that a person typed. BAD_REQUEST, NO_SUCH_MAIL. */
export const numbered = ({ listed }: Sitting, [word]: readonly string[], usage: string): Header => {
  if (word === undefined || !/^[0-9]{1,6}$/.test(word)) throw usageError(usage)
  const header = listed?.headers[Number(word) - 1]
  if (header !== undefined) return header
  throw new QuintetError('NO_SUCH_MAIL', `No mail ${word} has been listed: l lists the newest.`)
}

/** Who is logged in. NOT_LOGGED_IN. */
export const requireLogIn = ({ loggedInAs }: Pick<MailClient, 'loggedInAs'>): string => {
  if (loggedInAs !== null) return loggedInAs
  throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
}

export const serverNames = (servers: readonly ServerId[]): string =>
  servers.length === 1 ? `server ${servers.join()}` : `servers ${servers.join(', ')}`

/** The account that is called so, as it writes its name. Replicas compare names without case. */
export const accountNamed = async (client: MailClient, name: string): Promise<string | undefined> => {
  const { accounts } = await client.accounts({ like: name })
  return accounts.find((account) => foldName(account.name) === foldName(name))?.name
}
