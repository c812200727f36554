import type { Folder } from '../client/contract/mailbox.ts'
import { folders } from '../client/contract/mailbox.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { numbered, usageError, type Command, type Sitting } from './command.ts'
import { printableLine } from './text-width.ts'

const pageHeaders = 100
const here = '.'
/** One mail that is deleted meanwhile, or damaged here, keeps nobody from the others; a full disk does. */
const passedOver: ReadonlySet<string> = new Set(['NO_SUCH_MAIL', 'CANNOT_OPEN', 'DAMAGED'])

const saveFiles: Command['run'] = async (sitting, words, rest) => {
  const { client, screen, files } = sitting
  const { mail, attachmentCount } = numbered(sitting, words, 'save N [DIR]')
  if (attachmentCount === 0) {
    screen.print('Nothing is attached to this mail.')
    return
  }
  const directory = directoryOf(words, rest)
  for (let number = 1; number <= attachmentCount; number++) {
    const file = await files.save(directory, await client.attachment({ mail, number }), [])
    screen.print(`Saved as ${printableLine(file)}`)
  }
}

const exportMails: Command['run'] = async (sitting, words, rest) => {
  const { screen } = sitting
  const [what] = words
  if (what === undefined) throw usageError('export N|all [DIR]')
  const directory = directoryOf(words, rest)
  if (what !== 'all') {
    const { mail } = numbered(sitting, words, 'export N|all [DIR]')
    screen.print(`Saved as ${printableLine(await exportOne(sitting, mail, directory, []))}`)
    return
  }
  for (const folder of folders) if (folder !== 'starred') await exportFolder(sitting, folder, directory)
}

/** Starred mails are in one of the other folders. */
const exportFolder = async (sitting: Sitting, folder: Folder, directory: string): Promise<void> => {
  const { client, screen } = sitting
  const failed: string[] = []
  let count = 0
  let next: string | undefined
  do {
    const query = { folder, limit: pageHeaders }
    const page = await client.list(next === undefined ? query : { ...query, before: next })
    for (const { mail, subject } of page.headers) {
      try {
        await exportOne(sitting, mail, directory, [folder])
        count += 1
      } catch (error) {
        if (!(error instanceof QuintetError) || !passedOver.has(error.code)) throw error
        failed.push(`${printableLine(subject) || '(no subject)'}: ${printableLine(String(error))}`)
      }
    }
    next = page.next
  } while (next !== undefined)
  screen.print(`${folder}: ${count} mails written.`)
  if (failed.length > 0) screen.print(`Not written: ${failed.length}`, ...failed.map((line) => `  ${line}`))
}

const exportOne = async (
  { client, files }: Sitting,
  mail: UpdateId,
  directory: string,
  folders: readonly string[],
): Promise<string> => files.save(directory, await client.exportMail({ mail }), folders)

/** All behind the first word: a directory's name can have spaces. */
const directoryOf = (words: readonly string[], rest: string): string => {
  const directory = rest.slice(words[0]?.length ?? 0).trim()
  return directory === '' ? here : directory
}

/** What can be done with files, in the order in which help shows it. */
export const fileCommands: readonly (readonly [string, Command])[] = [
  ['save', { usage: 'save N [DIR]', help: 'write what is attached to mail N into a directory', run: saveFiles }],
  ['export', { usage: 'export N|all [DIR]', help: 'write mail N, or all, as .eml files', run: exportMails }],
]
