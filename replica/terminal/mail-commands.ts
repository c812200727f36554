import type { DocumentId, Folder, Header, KeptLetter, Letter, Mark, OutboxReason } from '../client/contract/mailbox.ts'
import { folders } from '../client/contract/mailbox.ts'
import { isDeletedName } from '../core/model/deleted-name.ts'
import { QuintetError } from '../core/model/errors.ts'
import { seatCount, type ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { numbered, requireLogIn, serverNames, usageError, type Command, type Sitting } from './command.ts'
import { fileCommands } from './file-commands.ts'
import { shownFile } from './file-size.ts'
import { askAddresses, askSubject, checkNames } from './letter-fields.ts'
import { beforeBody, keep, type LetterHead, written } from './letter-writing.ts'
import { headerLine, mailLines, shownName } from './mail-view.ts'
import { printableLine, shortened } from './text-width.ts'

const pageHeaders = 10
const emptyFolders: Readonly<Record<Folder, string>> = {
  inbox: 'No mail yet.',
  starred: 'Nothing is starred.',
  sent: 'Nothing sent yet.',
  trash: 'The trash is empty.',
}

const writeMail: Command['run'] = async (sitting, _words, rest) => {
  const head = await beforeBody(sitting, async () => {
    requireLogIn(sitting.client)
    // Before the mail is written: nobody should write one for nothing.
    const addresses = await askAddresses(sitting, rest, async (given) => {
      const names = [...given.to, ...given.cc]
      if (names.length === 0) throw new QuintetError('BAD_REQUEST', 'A mail needs at least one recipient.')
      await checkNames(sitting, names)
    })
    return { ...addresses, subject: await askSubject(sitting) }
  })
  await finish(sitting, await written(sitting, head))
}

/** Sends, and says what became of it, also when that is not waited for. */
const finish = async (sitting: Sitting, letter: Letter & { readonly draft?: DocumentId }): Promise<void> => {
  const { lastingClient, screen } = sitting
  const names = [...letter.to, ...(letter.cc ?? [])].map(shownName).join(', ')
  const { account } = lastingClient
  const isStillHere = (): boolean => lastingClient.account === account
  const sent = lastingClient.send(letter).then(
    (answer) => {
      if (!isStillHere()) return
      screen.notice('mail' in answer ? `Sent to ${names}.` : `In the outbox: ${reasonOf(answer.reason)}`)
    },
    async (error: unknown) => {
      if (letter.draft === undefined && isStillHere()) screen.notice(`Not sent. ${await keep(sitting, letter)}`)
      throw error
    },
  )
  await screen.waited(sent)
}

const markMail =
  (mark: Mark, usage: string, said: string): Command['run'] =>
  async (sitting, words) => {
    await sitting.client.mark({ mails: [numbered(sitting, words, usage).mail], mark })
    sitting.screen.print(said)
  }

/** What a mark turns into when it is there already. */
const toggle =
  (usage: string, of: (header: Header) => readonly [Mark, string]): Command['run'] =>
  async (sitting, words) => {
    const { listed } = sitting
    const header = numbered(sitting, words, usage)
    const [mark, said] = of(header)
    await sitting.client.mark({ mails: [header.mail], mark })
    sitting.screen.print(said)
    if (listed === null) return
    const changed = {
      ...header,
      starred: mark === 'star' || (header.starred && mark !== 'unstar'),
      inTrash: mark === 'trash',
    }
    sitting.listed = { ...listed, headers: listed.headers.map((one) => (one === header ? changed : one)) }
  }

const answerMail: Command['run'] = async (sitting, words) =>
  finish(sitting, await written(sitting, await beforeBody(sitting, () => answerHead(sitting, words))))

/** BAD_REQUEST, NO_SUCH_MAIL, NO_SUCH_ACCOUNT. */
const answerHead = async (sitting: Sitting, words: readonly string[]): Promise<LetterHead> => {
  const listed = numbered(sitting, words, 're N')
  // Nobody is to be answered who has written nothing.
  const header = listed.unproven ? await sitting.client.read({ mail: listed.mail }) : listed
  const to = (header.own ? header.to : [header.from]).filter((name) => !isDeletedName(name))
  if (to.length === 0) {
    const whose = header.own ? 'The accounts that this was for are' : 'The account that wrote this is'
    throw new QuintetError('NO_SUCH_ACCOUNT', `${whose} deleted: nobody would get the answer.`)
  }
  const answered = /^re:/i.test(header.subject) ? header.subject : `Re: ${header.subject}`
  return { to, subject: shortened(answered, limits.subjectChars), inReplyTo: header.mail }
}

const showConversation: Command['run'] = async (sitting, words) => {
  const { client, screen, layout } = sitting
  const { mails } = await client.conversation({ conversation: numbered(sitting, words, 'conv N').conversation })
  for (const mail of mails) screen.print(...mailLines(mail, layout()), '')
}

const showDrafts: Command['run'] = async (sitting, [what, word]) => {
  const { client, screen } = sitting
  const { drafts, leftOut = 0 } = await client.drafts()
  if (what === undefined) {
    sitting.drafts = drafts.map(({ draft }) => draft)
    if (drafts.length + leftOut === 0) screen.print('No drafts.')
    screen.print(...drafts.map((draft, index) => letterLine(index + 1, draft)))
    if (leftOut > 0) screen.print(leftOutLine(leftOut, 'It is kept.'))
    return
  }
  const name = sitting.drafts[Number(word) - 1]
  const found = drafts.find(({ draft }) => draft === name)
  if (found === undefined) throw new QuintetError('NO_SUCH_MAIL', 'There is no such draft: drafts lists them.')
  switch (what) {
    case 'send': {
      const { to, cc, subject, body, inReplyTo, draft } = found
      const attachments = found.attachments.map(({ attachment }) => attachment)
      const letter = { to, cc, subject, body, attachments, draft }
      await finish(sitting, inReplyTo === null ? letter : { ...letter, inReplyTo })
      return
    }
    case 'discard':
      await client.discardDraft({ draft: found.draft })
      screen.print('Discarded.')
      return
    default:
      throw usageError('drafts [send N | discard N]')
  }
}

/** `counts` counts these as well, so a list without them needs a reason. */
const leftOutLine = (count: number, fate: string): string =>
  `Not readable here: ${count}. A newer version may have written this. ${fate}`

const saveDraft: Command['run'] = async (sitting, _words, rest) => {
  const { client, screen } = sitting
  const head = await beforeBody(sitting, async () => ({
    ...(await askAddresses(sitting, rest, () => undefined)),
    subject: await askSubject(sitting),
  }))
  await client.saveDraft(await written(sitting, head))
  screen.print('Saved: drafts lists it.')
}

const showOutbox: Command['run'] = async (sitting, [what, word]) => {
  const { client, screen } = sitting
  const { entries, leftOut = 0 } = await client.outbox()
  if (what === undefined) {
    sitting.outbox = entries.map(({ outbox }) => outbox)
    if (entries.length + leftOut === 0) screen.print('Nothing waits.')
    screen.print(...entries.map((entry, index) => `${letterLine(index + 1, entry)}  ${reasonOf(entry.reason)}`))
    if (leftOut > 0) screen.print(leftOutLine(leftOut, 'It is kept, and does not leave from here.'))
    return
  }
  if (what !== 'cancel') throw usageError('outbox [cancel N]')
  const outbox = sitting.outbox[Number(word) - 1]
  if (outbox === undefined) throw new QuintetError('NO_SUCH_MAIL', 'There is no such entry: outbox lists them.')
  const { mayHaveLeft } = await client.cancelOutbox({ outbox, keep: 'draft' })
  screen.print('Taken back: it is among the drafts.')
  if (mayHaveLeft) screen.print('It may leave all the same from where that is not known yet.')
}

const showCounts: Command['run'] = async ({ client, screen }) => {
  const { inbox, unread, starred, sent, trash, drafts, outbox } = await client.counts()
  screen.print(
    `inbox ${inbox} (${unread} unread), starred ${starred}, sent ${sent}, drafts ${drafts}, outbox ${outbox}, trash ${trash}`,
  )
}

const emptyTrash: Command['run'] = async ({ client, screen }) => {
  await client.emptyTrash()
  screen.print('The trash is empty.')
}

const list: Command['run'] = async (sitting, [word = 'inbox']) => {
  const folder = folders.find((name) => name === word)
  if (folder === undefined) throw new QuintetError('NO_SUCH_FOLDER', `The folders are ${folders.join(', ')}.`)
  sitting.listed = { folder, headers: [], next: null }
  sitting.more = null
  await showPage(sitting, folder, [], null)
}

const nextPage: Command['run'] = async (sitting) => {
  const { listed, more } = sitting
  if (more !== null) return more()
  if (listed === null) return list(sitting, [], '')
  if (listed.next === null) sitting.screen.print('That was the last page.')
  else await showPage(sitting, listed.folder, listed.headers, listed.next)
}

const showPage = async (
  sitting: Sitting,
  folder: Folder,
  before: readonly Header[],
  cursor: string | null,
): Promise<void> => {
  const { client, screen, layout } = sitting
  const query = { folder, limit: pageHeaders }
  const page = await client.list(cursor === null ? query : { ...query, before: cursor })
  const headers = [...before, ...page.headers]
  sitting.listed = { folder, headers, next: page.next ?? null }
  if (headers.length === 0) screen.print(emptyFolders[folder])
  const person = folder === 'sent' ? 'to' : 'from'
  screen.print(...page.headers.map((header, index) => headerLine(before.length + index + 1, header, person, layout())))
  if (page.next !== undefined) screen.print(`${headers.length} of ${page.total}; n shows the next page.`)
}

const readMail: Command['run'] = async (sitting, words) => {
  const { client, screen, layout } = sitting
  const mail = await client.read({ mail: numbered(sitting, words, 'r N').mail })
  screen.print(...mailLines(mail, layout()))
}

const deleteMail: Command['run'] = async (sitting, words) => {
  const { mail } = numbered(sitting, words, 'd N')
  const { removal } = await sitting.client.delete({ mail })
  sitting.screen.print('Deleted. The other numbers stay as they are until the next l.')
  const { removedOn, waitingFor } = await sitting.client.removal({ removal })
  if (waitingFor.length > 0)
    sitting.screen.print(`Removed on ${serverNames(removedOn)}, waiting for ${serverNames(waitingFor)}.`)
}

const showSafety: Command['run'] = async (sitting, words) => {
  const { mail } = numbered(sitting, words, 'safety N')
  const { servers } = await sitting.client.safety({ mail })
  sitting.screen.print(safetyOf(servers))
}

const letterLine = (number: number, { to, cc, subject, attachments }: KeptLetter): string => {
  const names = [...to, ...cc].map(shownName).join(', ') || '(nobody yet)'
  const files = attachments.length === 0 ? '' : `  [${attachments.map(shownFile).join(', ')}]`
  return `${number}  ${names}  ${printableLine(subject) || '(no subject)'}${files}`
}

const reasonOf = (reason: OutboxReason): string => {
  switch (reason.kind) {
    case 'held':
      return `it can be taken back until ${new Date(reason.until).toLocaleTimeString()}.`
    case 'unknownNames':
      return unknownWords(reason.names.map(shownName).join(', '), reason.nobody)
    case 'inDoubt':
      return `it may have been taken back at servers that are not heard: it leaves when they are, or at ${new Date(reason.until).toLocaleTimeString()}.`
    case 'failed':
      return printableLine(reason.message)
  }
}

const unknownWords = (names: string, nobody?: true): string =>
  nobody === undefined
    ? `waits for ${names} to be known on this side.`
    : `nobody in the group is called ${names}: take it back, and look whom it is for.`

/** How safe a mail is that these servers hold. */
export const safetyOf = (servers: readonly ServerId[]): string => {
  if (servers.length >= seatCount) return `On all ${seatCount} servers.`
  if (servers.length === 0) return 'Its content is damaged at this server, and no other is known to have it.'
  if (servers.length <= 1) return `Saved on ${serverNames(servers)} only: not on any other machine yet.`
  const others = servers.length - 1
  return `On ${serverNames(servers)} of ${seatCount}: survives the loss of any ${others === 1 ? 'one machine' : `${others} machines`}.`
}

/** What can be typed about mail, in the order in which help shows it. */
export const mailCommands: readonly (readonly [string, Command])[] = [
  ['m', { usage: 'm [NAME, NAME cc: NAME]', help: 'write a mail', run: writeMail }],
  ['l', { usage: 'l [FOLDER]', help: `list the newest mails: ${folders.join(', ')}`, run: list }],
  ['n', { usage: 'n', help: 'the next page', run: nextPage }],
  ['r', { usage: 'r N', help: 'read mail N of the list', run: readMail }],
  ['re', { usage: 're N', help: 'answer mail N', run: answerMail }],
  ['conv', { usage: 'conv N', help: 'the whole conversation of mail N', run: showConversation }],
  [
    's',
    {
      usage: 's N',
      help: 'star mail N, or take its star away',
      run: toggle('s N', ({ starred }) => (starred ? ['unstar', 'The star is gone.'] : ['star', 'Starred.'])),
    },
  ],
  ['unread', { usage: 'unread N', help: 'mark mail N unread', run: markMail('unread', 'unread N', 'Marked unread.') }],
  [
    't',
    {
      usage: 't N',
      help: 'put mail N into the trash, or take it out',
      run: toggle('t N', ({ inTrash }) =>
        inTrash ? ['restore', 'Taken out of the trash.'] : ['trash', 'In the trash: it is emptied after 30 days.'],
      ),
    },
  ],
  ['empty', { usage: 'empty', help: 'empty the trash', run: emptyTrash }],
  ['d', { usage: 'd N', help: 'delete mail N of the list for good', run: deleteMail }],
  ['drafts', { usage: 'drafts [send N | discard N]', help: 'what is not sent yet', run: showDrafts }],
  ['draft', { usage: 'draft [NAME, NAME]', help: 'write a mail and keep it as a draft', run: saveDraft }],
  ['outbox', { usage: 'outbox [cancel N]', help: 'mails that wait, and why', run: showOutbox }],
  ['counts', { usage: 'counts', help: 'how many mails each folder has', run: showCounts }],
  ...fileCommands,
  ['safety', { usage: 'safety N', help: 'on which servers mail N is held', run: showSafety }],
]
