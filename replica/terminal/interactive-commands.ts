import { QuintetError } from '../core/model/errors.ts'
import { seatCount, type ServerId } from '../core/model/ids.ts'
import {
  accountNamed,
  forgetShown,
  requireLogIn,
  serverNames,
  serverOf,
  usageError,
  type Command,
  type Sitting,
} from './command.ts'
import { groupCommands } from './group-commands.ts'
import { mailCommands } from './mail-commands.ts'
import { shownName } from './mail-view.ts'
import type { Screen } from './screen.ts'
import { socialCommands } from './social-commands.ts'
import { statusLines } from './status-view.ts'
import { displayWidth, fitted } from './text-width.ts'

const logInOrSignUp: Command['run'] = async (sitting, _words, rest) => {
  const { client, screen } = sitting
  const name = rest.normalize('NFC')
  const known = await beforeSecrets(sitting, () => {
    if (name === '') throw usageError('u NAME')
    return accountNamed(client, name)
  })
  forgetShown(sitting)
  if (known !== undefined) {
    await client.logIn({ name: known, password: await screen.secret(`Password of ${shownName(known)}: `) })
    screen.print(`Logged in as ${shownName(client.loggedInAs ?? known)}.`)
    return
  }
  screen.print(`There is no account ${shownName(name)} yet: this signs it up. An empty password leaves it be.`)
  const password = await screen.secret('Choose a password: ')
  if (password === '') return
  if ((await screen.secret('The same again: ')) !== password) {
    // A script that was written for a log-in has another command there, of which the rest would be commands.
    screen.stopScript()
    throw new QuintetError('WRONG_PASSWORD', 'The two passwords differ: nothing was signed up.')
  }
  const { recoveryPhrase } = await client.signUp({ name, password })
  screen.print(`Signed up and logged in as ${shownName(name)}.`)
  showPhrase(sitting, recoveryPhrase)
}

/** Shown once: nothing keeps it in the clear. */
const showPhrase = ({ screen }: Sitting, phrase: string): void => {
  screen.print(
    'Your recovery phrase, shown only now:',
    '',
    `  ${phrase}`,
    '',
    'Write it down and keep it away from this machine. Who forgets the password and has lost these twelve words has',
    'lost the mail: nobody can restore either. Whoever has them can read everything.',
    'Type noted when it is written down, or phrase for a new one later.',
  )
}

const notePhrase: Command['run'] = async ({ client, screen }) => {
  await client.noteRecovery()
  screen.print('Good.')
}

/** A new password, typed twice; null when none was given. */
const newPassword = async (screen: Screen): Promise<string | null> => {
  const password = await screen.secret('New password: ')
  if (password === '') return null
  if ((await screen.secret('The same again: ')) === password) return password
  throw new QuintetError('WRONG_PASSWORD', 'The two passwords differ: nothing was changed.')
}

/** Finds out what comes before a secret. Where that is refused, the secret that a pipe has is no command. */
const beforeSecrets = async <Found>({ screen }: Sitting, find: () => Found | Promise<Found>): Promise<Found> => {
  try {
    return await find()
  } catch (error) {
    screen.stopScript()
    throw error
  }
}

const changePassword: Command['run'] = async (sitting) => {
  await beforeSecrets(sitting, () => requireLogIn(sitting.client))
  const { client, screen } = sitting
  const password = await screen.secret('Present password: ')
  const chosen = await newPassword(screen)
  if (chosen === null) return
  await client.changePassword({ password, newPassword: chosen })
  screen.print('Changed. The old password stops working at each server as the change arrives there.')
}

const recover: Command['run'] = async (sitting, _words, rest) => {
  const { client, screen } = sitting
  await beforeSecrets(sitting, () => {
    if (rest === '') throw usageError('recover NAME')
  })
  const recoveryPhrase = await screen.secret('The twelve words: ')
  const chosen = await newPassword(screen)
  if (chosen === null) return
  forgetShown(sitting)
  await client.resetPassword({ name: rest.normalize('NFC'), recoveryPhrase, newPassword: chosen })
  screen.print(`The password is changed. Logged in as ${shownName(client.loggedInAs ?? rest)}.`)
}

const renewPhrase: Command['run'] = async (sitting) => {
  await beforeSecrets(sitting, () => requireLogIn(sitting.client))
  const password = await sitting.screen.secret('Password: ')
  const { recoveryPhrase } = await sitting.client.renewRecoveryPhrase({ password })
  sitting.screen.print('The former phrase opens nothing any more.')
  showPhrase(sitting, recoveryPhrase)
}

const deleteAccount: Command['run'] = async (sitting) => {
  const { client, screen } = sitting
  const name = requireLogIn(client)
  screen.print(
    'This removes your account and your mailbox from all servers. Mail that you sent stays with its readers; what still waits in the outbox is never sent.',
  )
  const typed = await screen.question(`Type your name (${shownName(name)}) to delete it: `)
  if (typed.normalize('NFC') !== name) {
    screen.print('Nothing was deleted.')
    return
  }
  await client.deleteAccount()
  forgetShown(sitting)
  screen.print(`The account ${shownName(name)} is deleted.`)
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
    ...accounts.map(({ name, servers }) =>
      `${fitted(shownName(name), widest)}  ${servers.length > 0 ? `online at ${serverNames(servers)}` : ''}`.trimEnd(),
    ),
  )
  if (accounts.length === 0) screen.print(rest === '' ? 'Nobody has signed up yet.' : 'Nobody is called so.')
}

const serversOf = (words: readonly string[], usage: string): readonly ServerId[] => {
  if (words.length === 0) throw usageError(usage)
  return words.flatMap((word) => word.split(',')).map((word) => serverOf(word))
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
  ['password', { usage: 'password', help: 'change your password', run: changePassword }],
  ['recover', { usage: 'recover NAME', help: 'set a new password with the recovery phrase', run: recover }],
  ['phrase', { usage: 'phrase', help: 'a new recovery phrase', run: renewPhrase }],
  ['noted', { usage: 'noted', help: 'the recovery phrase is written down', run: notePhrase }],
  ['delete-account', { usage: 'delete-account', help: 'delete your account and mailbox', run: deleteAccount }],
  [
    'logout',
    {
      usage: 'logout',
      help: 'log out',
      run: async (sitting) => {
        await sitting.client.logOut()
        forgetShown(sitting)
        sitting.screen.print('Logged out.')
      },
    },
  ],
  ...groupCommands,
  ...socialCommands,
])
