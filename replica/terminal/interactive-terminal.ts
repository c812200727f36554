import type { Readable, Writable } from 'node:stream'

import type { ClientEvent } from '../client/contract/events.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import type { LocalFiles, Sitting } from './command.ts'
import { commands } from './interactive-commands.ts'
import { longDate } from './dates.ts'
import { failureLine } from './failure-line.ts'
import { senderOf, shownName } from './mail-view.ts'
import { Cancelled, Screen } from './screen.ts'
import { colored, uncolored, type Style } from './style.ts'
import { displayWidth, fitted, printableLine } from './text-width.ts'
import { viewLine } from './view-line.ts'
import { waitedFor } from './waited-for.ts'

export interface InteractiveTerminalOptions {
  readonly client: MailClient
  readonly files: LocalFiles
  readonly input: Readable
  readonly output: Writable & {
    readonly isTTY?: boolean
    readonly columns?: number
    readonly hasColors?: () => boolean
  }
  /** Left out: on where the output is a terminal that has colours, and the environment (`NO_COLOR`, `TERM`) does not say otherwise. */
  readonly colors?: 'on' | 'off'
  readonly nowMs?: () => number
  /** Aborted when the person has gone away: then what is being written is kept, as at the end of the input. */
  readonly left?: AbortSignal
}

/** `failed`: of lines that nobody typed, some could not be carried out. Who types has seen that. */
export type Outcome = 'done' | 'failed'

/** Serves a person until `quit`, the end of the input, or until they have `left` or nobody reads the output any more; then closes the client. */
export const runInteractiveTerminal = async (options: InteractiveTerminalOptions): Promise<Outcome> => {
  const { client, files, input, output, nowMs = Date.now, left = null } = options
  const style = (options.colors ?? (output.hasColors?.() === true ? 'on' : 'off')) === 'on' ? colored : uncolored
  const screen = new Screen(input, output, left)
  const layout = () => ({ columns: screen.columns, nowMs: nowMs(), style })
  const shown = { listed: null, more: null, drafts: [], outbox: [], letIn: [], invites: [] }
  const sitting: Sitting = {
    client: waitedFor(client, screen),
    lastingClient: client,
    screen,
    files: waitedFor(files, screen),
    layout,
    ...shown,
  }
  client.onEvent((event) => {
    const notice = noticeOf(event)
    if (notice !== null) screen.notice(style.dim(notice))
  })
  await greet(sitting)
  let outcome: Outcome = 'done'
  for (;;) {
    const line = await screen.command(`${client.loggedInAs ?? '(nobody)'}@${client.server}> `)
    if (line === null || ['quit', 'exit', 'q'].includes(line.trim())) break
    if ((await carryOut(sitting, line.trim(), style)) === 'failed' && !screen.isTyped) outcome = 'failed'
    screen.printLater()
  }
  screen.close()
  await client.close()
  return outcome
}

/** An `Interrupted` greeting is none. */
const greet = async ({ client, screen }: Sitting): Promise<void> => {
  try {
    const { servers } = await client.view()
    screen.print(`Quintet, server ${client.server}; reachable: ${servers.join(', ')}. Type help for what can be done.`)
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    screen.print(error.message)
  }
}

const carryOut = async (sitting: Sitting, line: string, style: Style): Promise<Outcome> => {
  const [name = '', ...words] = line.split(/\s+/)
  if (name === '') return 'done'
  if (name === 'help' || name === '?') {
    sitting.screen.print(...helpLines())
    return 'done'
  }
  const command = commands.get(name)
  if (command === undefined) {
    const which = sitting.screen.followsSecret ? 'This is no command' : `There is no command "${printableLine(name)}"`
    sitting.screen.print(`${which}. Type help for what can be done.`)
    return 'failed'
  }
  try {
    await command.run(sitting, words, line.slice(name.length).trim())
    return 'done'
  } catch (error) {
    sitting.screen.print(error instanceof Cancelled ? error.message : style.failure(failureLine(error)))
    return 'failed'
  }
}

const helpLines = (): readonly string[] => {
  const rows = [...commands.values()]
  const widest = Math.max(...rows.map(({ usage }) => displayWidth(usage)))
  return [...rows.map(({ usage, help }) => `  ${fitted(usage, widest)}  ${help}`), `  ${fitted('quit', widest)}  leave`]
}

const whatChanged = {
  password: 'Your password was',
  phrase: 'Your recovery phrase was',
  both: 'Your password and your recovery phrase were',
}

const noticeOf = (event: ClientEvent): string | null => {
  switch (event.event) {
    case 'mail':
      if (event.header.unproven) return 'New mail, of which nothing proves who wrote it.'
      return `New mail from ${senderOf(event.header)}: ${printableLine(event.header.subject) || '(no subject)'}`
    case 'post':
      return `${shownName(event.post.author)} posted: ${printableLine(event.post.text)}`
    case 'view':
      return viewLine(event.view)
    case 'disconnected':
      return `The connection to the server was lost: ${printableLine(event.failure.message)} Looking for the next one.`
    case 'connected':
      return `Now at server ${event.server}.`
    case 'takenOver':
      return `You were logged out here: this account was logged in on ${printableLine(event.machine)}, at server ${event.server}.`
    case 'accountDeleted':
      return `The account ${shownName(event.name)} was deleted elsewhere: its mail, drafts and mails that waited are gone, and you were logged out.`
    case 'keysChanged':
      return `${whatChanged[event.what]} changed elsewhere${event.change === null ? '' : `, on ${longDate(event.change.at)} at server ${event.change.server}`}: what you had opens the account no more. "recover" sets a password by the phrase, "phrase" makes a new phrase.`
    case 'renamed':
      if (event.again) return `You are called ${shownName(event.name)} again: nobody else has this name any more.`
      return `Somebody else had your name first. You are called ${shownName(event.name)} from now on; your mail is all there.`
    case 'draftKept':
      return 'A draft was written, or sent, in two places at once: what was written in each is kept, see "drafts".'
    case 'sent':
      return 'A mail that waited in the outbox has left.'
    default:
      return null
  }
}
