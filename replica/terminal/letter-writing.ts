import type { DocumentId, Letter } from '../client/contract/mailbox.ts'
import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { Sitting } from './command.ts'
import { shownFile } from './file-size.ts'
import { Cancelled, InputEnded, Interrupted, type Screen } from './screen.ts'
import { printableLine } from './text-width.ts'

const bodyEnd = '.'
/** As `mailx` has it. */
const attachMark = '~a '

export type LetterHead = Omit<Letter, 'body'>

/** Finds out what comes before a letter's body. Where that is refused, the letter's lines that a pipe has are no commands. */
export const beforeBody = async <Head>({ screen }: Sitting, find: () => Promise<Head>): Promise<Head> => {
  try {
    return await find()
  } catch (error) {
    if (!(error instanceof Cancelled)) await screen.passOver(bodyEnd)
    throw error
  }
}

/** With the body that the person writes. `Cancelled` when they leave it; when the input ends meanwhile, what is there is a draft then. */
export const written = async (sitting: Sitting, head: LetterHead): Promise<Letter> => {
  const { screen } = sitting
  screen.print(
    `Write the mail; a line with a single "${bodyEnd}" ends it, Ctrl-C leaves it, "${attachMark}FILE" attaches a file.`,
  )
  const lines: string[] = []
  const attachments: DocumentId[] = []
  const letter = (): Letter => ({ ...head, body: lines.join('\n'), attachments })
  const next = (): Promise<string> => nextLine(screen, lines.length + attachments.length)
  try {
    for (let line = await next(); line !== bodyEnd; line = await next()) {
      if (line.startsWith(attachMark))
        attachments.push(...(await attached(sitting, line.slice(attachMark.length), attachments.length)))
      else lines.push(line)
    }
  } catch (error) {
    if (!(error instanceof InputEnded)) throw error
    if (error.unfinished !== '') lines.push(error.unfinished)
    if (lines.length + attachments.length === 0) throw error
    throw new Cancelled(await keep(sitting, letter()))
  }
  return letter()
}

/** `Cancelled` when the person presses Ctrl-C: twice where something is written, as with `mailx`. */
const nextLine = async (screen: Screen, writtenBefore: number): Promise<string> => {
  try {
    return await screen.question('')
  } catch (error) {
    if (!isCtrlC(error) || writtenBefore === 0) throw error
    screen.print('Ctrl-C once more drops what you wrote. Or go on writing.')
  }
  try {
    return await screen.question('')
  } catch (error) {
    throw isCtrlC(error) ? new Cancelled('Dropped: nothing was sent, nor kept as a draft.') : error
  }
}

const isCtrlC = (error: unknown): boolean => error instanceof Cancelled && !(error instanceof InputEnded)

/** What somebody has written outlives that it cannot be sent. Gives what is to be said of that. */
export const keep = async ({ lastingClient }: Pick<Sitting, 'lastingClient'>, letter: Letter): Promise<string> => {
  try {
    await lastingClient.saveDraft(letter)
    return 'What you wrote is kept: drafts lists it.'
  } catch {
    return 'What you wrote could not be kept as a draft: copy it from above.'
  }
}

/** The file's document, in a list; none when it cannot be attached, which is said. */
const attached = async (
  { client, screen, files }: Sitting,
  file: string,
  before: number,
): Promise<readonly DocumentId[]> => {
  try {
    // With more it could neither be sent nor kept.
    if (before >= limits.attachments)
      throw new QuintetError('TOO_MANY', `A mail can have ${limits.attachments} files attached at most.`)
    const attachment = await client.attach(await files.read(file.trim()))
    screen.print(`Attached: ${shownFile(attachment)}.`)
    return [attachment.attachment]
  } catch (error) {
    if (error instanceof Interrupted)
      screen.print('Not waited for any longer: the file is not attached. Go on writing.')
    else if (error instanceof QuintetError) screen.print(printableLine(error.message))
    else throw error
    return []
  }
}
