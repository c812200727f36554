import type { MailClient } from '../client/contract/mail-client.ts'
import type { Header } from '../client/contract/mailbox.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isServerId, seatCount, type ServerId } from '../core/model/ids.ts'
import { headerLine, mailLines, shownName } from './mail-view.ts'
import { usageError, type Command, type Folder, type Sitting } from './sitting.ts'
import { socialCommands } from './social-commands.ts'
import { statusLines } from './status-view.ts'
import { displayWidth, fitted, printableLine } from './text-width.ts'

const pageHeaders = 10
const bodyEnd = '.'

const logInOrSignUp: Command['run'] = async (sitting, _words, rest) => {
  const { client, screen } = sitting
  const name = rest.normalize('NFC')
  if (name === '') throw usageError('u NAME')
  const known = await accountNamed(client, name)
  sitting.listed = null
  if (known !== undefined) {
    await client.logIn({ name: known, password: await screen.secret(`Password of ${shownName(known)}: `) })
    screen.print(`Logged in as ${shownName(known)}.`)
    return
  }
  screen.print(`There is no account ${shownName(name)} yet: this signs it up. An empty password leaves it be.`)
  const password = await screen.secret('Choose a password: ')
  if (password === '') return
  if ((await screen.secret('The same again: ')) !== password) {
    throw new QuintetError('WRONG_PASSWORD', 'The two passwords differ: nothing was signed up.')
  }
  await client.signUp({ name, password })
  screen.print(`Signed up and logged in as ${shownName(name)}. Nobody can restore a forgotten password: keep it well.`)
}

const writeMail: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (client.loggedInAs === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
  const to = namesOf(rest === '' ? await screen.question('To (names, with commas): ') : rest)
  if (to.length === 0) throw new QuintetError('BAD_REQUEST', 'A mail needs at least one recipient.')
  // Before the mail is written: nobody should write one for nothing.
  const known = await Promise.all(to.map((name) => accountNamed(client, name)))
  const unknown = to.filter((_, index) => known[index] === undefined)
  if (unknown.length > 0) throw new QuintetError('NO_SUCH_ACCOUNT', `Nobody here is called ${unknown.join(', ')}.`)
  const subject = await screen.question('Subject: ')
  screen.print(`Write the mail; a line with a single "${bodyEnd}" ends it, Ctrl-C leaves it.`)
  const lines: string[] = []
  for (let line = await screen.question(''); line !== bodyEnd; line = await screen.question('')) lines.push(line)
  await client.send({ to, subject, body: lines.join('\n') })
  screen.print(`Sent to ${to.map(shownName).join(', ')}.`)
}

const list: Command['run'] = async (sitting, [word = 'inbox']) => {
  if (word !== 'inbox' && word !== 'sent') throw new QuintetError('NO_SUCH_FOLDER', 'The folders are inbox and sent.')
  sitting.listed = { folder: word, headers: [], next: null }
  sitting.more = null
  await showPage(sitting, word, [], null)
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
  if (headers.length === 0) screen.print(folder === 'inbox' ? 'No mail yet.' : 'Nothing sent yet.')
  const person = folder === 'inbox' ? 'from' : 'to'
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
  await sitting.client.delete({ mail })
  sitting.screen.print('Deleted. The other numbers stay as they are until the next l.')
}

const showSafety: Command['run'] = async (sitting, words) => {
  const { mail } = numbered(sitting, words, 'safety N')
  const { servers } = await sitting.client.safety({ mail })
  sitting.screen.print(safetyOf(servers))
}

const showView: Command['run'] = async ({ client, screen }) => {
  const { number, servers } = await client.view()
  screen.print(`View ${number}: ${serverNames(servers)} of ${seatCount} reachable.`)
  if (servers.length === 1) screen.print('This server is on its own. It works on, and merges when it meets others.')
}

const showPeople: Command['run'] = async ({ client, screen }, _words, rest) => {
  const { accounts } = await client.accounts({ like: rest })
  const widest = Math.max(0, ...accounts.map(({ name }) => displayWidth(shownName(name))))
  screen.print(
    ...accounts.map(({ name, online }) => `${fitted(shownName(name), widest)}  ${online ? 'online' : ''}`.trimEnd()),
  )
  if (accounts.length === 0) screen.print(rest === '' ? 'Nobody has signed up yet.' : 'Nobody is called so.')
}

const later: Command['run'] = async () => {
  throw new QuintetError('NOT_YET', 'This comes with a later version.')
}

const serversOf = (words: readonly string[], usage: string): readonly ServerId[] => {
  if (words.length === 0) throw usageError(usage)
  return words.flatMap((word) => word.split(',')).map(serverOf)
}

const serverOf = (word: string): ServerId => {
  const server = Number(word)
  if (isServerId(server)) return server
  throw new QuintetError(
    'NO_SUCH_SERVER',
    `There is no server "${printableLine(word)}": servers are 1 to ${seatCount}.`,
  )
}

/** What can be typed, in the order in which help shows it. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'c',
    {
      usage: 'c N',
      help: 'connect to server N',
      run: async ({ client, screen }, [word]) => {
        if (word === undefined) throw usageError('c N')
        await client.connect({ server: serverOf(word) })
        screen.print(`Connected to server ${client.server}.`)
      },
    },
  ],
  ['u', { usage: 'u NAME', help: 'log in, or sign up', run: logInOrSignUp }],
  ['m', { usage: 'm [NAME, NAME]', help: 'write a mail', run: writeMail }],
  ['l', { usage: 'l [sent]', help: 'list the newest mails, received or sent', run: list }],
  ['n', { usage: 'n', help: 'the next page', run: nextPage }],
  ['r', { usage: 'r N', help: 'read mail N of the list', run: readMail }],
  ['d', { usage: 'd N', help: 'delete mail N of the list', run: deleteMail }],
  ['safety', { usage: 'safety N', help: 'on which servers mail N is held', run: showSafety }],
  ['v', { usage: 'v', help: 'the servers that are reachable now', run: showView }],
  ['people', { usage: 'people [PATTERN]', help: 'who there is; * and ? stand for anything', run: showPeople }],
  [
    'status',
    {
      usage: 'status',
      help: 'the state of this server',
      run: async ({ client, screen, layout }) => screen.print(...statusLines(await client.status(), layout())),
    },
  ],
  [
    'invite',
    {
      usage: 'invite',
      help: 'an invite for one more machine',
      run: async ({ client, screen }) => {
        const { invite } = await client.invite()
        screen.print('Good for one machine; whoever has it can join the group:', invite)
      },
    },
  ],
  [
    'pause',
    {
      usage: 'pause N [N]',
      help: 'no connection with these servers',
      run: async ({ client, screen }, words) => {
        await client.pause({ servers: serversOf(words, 'pause N [N]') })
        screen.print('Paused.')
      },
    },
  ],
  [
    'resume',
    {
      usage: 'resume N [N]',
      help: 'connect with these servers again',
      run: async ({ client, screen }, words) => {
        await client.resume({ servers: serversOf(words, 'resume N [N]') })
        screen.print('Resumed.')
      },
    },
  ],
  [
    'logout',
    {
      usage: 'logout',
      help: 'log out',
      run: async (sitting) => {
        await sitting.client.logOut()
        sitting.listed = null
        sitting.screen.print('Logged out.')
      },
    },
  ],
  ...socialCommands,
  ...['retire'].map((name): [string, Command] => [
    name,
    { usage: name, help: 'comes with a later version', run: later },
  ]),
])

/** How safe a mail is that these servers hold. */
export const safetyOf = (servers: readonly ServerId[]): string => {
  if (servers.length >= seatCount) return `On all ${seatCount} servers.`
  if (servers.length <= 1) return `Saved on ${serverNames(servers)} only: not on any other machine yet.`
  const others = servers.length - 1
  return `On ${serverNames(servers)} of ${seatCount}: survives the loss of any ${others === 1 ? 'one machine' : `${others} machines`}.`
}

const numbered = ({ listed }: Sitting, [word]: readonly string[], usage: string): Header => {
  if (word === undefined || !/^[0-9]{1,6}$/.test(word)) throw usageError(usage)
  const header = listed?.headers[Number(word) - 1]
  if (header !== undefined) return header
  throw new QuintetError('NO_SUCH_MAIL', `No mail ${word} has been listed: l lists the newest.`)
}

const namesOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

const serverNames = (servers: readonly ServerId[]): string =>
  servers.length === 1 ? `server ${servers.join()}` : `servers ${servers.join(', ')}`

/** The account that is called so, as it writes its name. Replicas compare names without case. */
const accountNamed = async (client: MailClient, name: string): Promise<string | undefined> => {
  const { accounts } = await client.accounts({ like: name })
  return accounts.find((account) => folded(account.name) === folded(name))?.name
}

const folded = (name: string): string => name.normalize('NFKC').toLowerCase()
