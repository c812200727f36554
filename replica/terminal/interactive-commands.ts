import { QuintetError } from '../core/model/errors.ts'
import { isServerId, seatCount, type ServerId } from '../core/model/ids.ts'
import { accountNamed, serverNames, usageError, type Command } from './command.ts'
import { mailCommands } from './mail-commands.ts'
import { shownName } from './mail-view.ts'
import { statusLines } from './status-view.ts'
import { displayWidth, fitted, printableLine } from './text-width.ts'

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
  ...mailCommands,
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
  ...['post', 'follow', 'unfollow', 'timeline', 'search', 'retire'].map((name): [string, Command] => [
    name,
    { usage: name, help: 'comes with a later version', run: later },
  ]),
])
