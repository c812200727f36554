import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import path from 'node:path'
import { buildApp } from './app/build-app.ts'
import { noDisplay } from './app/display.ts'
import { chooseRuntime } from './app/electron-runtime.ts'
import { fetchElectron } from './app/fetch-electron.ts'
import { browserCommand, ensureBrowser } from './browser.ts'
import { root } from './stages.ts'
import { failStart, startTerminal } from './start-terminal.ts'

const usage = `usage: npm start -- [options]
Opens Quintet: the app's window, or where there is no display the terminal client. Quitting it stops this computer's replica.
  --data DIRECTORY   where the replica keeps its state (default: QUINTET_DATA, else ~/.quintet)
  --listen ADDRESS   address to listen at, a multiaddr; may be repeated (default: all of this computer's)
  --no-mdns          do not look for members on the local network
  --terminal         the terminal client, also where there is a display
  --replica-only     the replica alone, with the arguments of: npm run replica
For the terminal client's first run, which asks when none of these is given:
  --create NAME      make a new group
  --join INVITE      join a group with an invite, or with a file that holds one
  --server-id N      the seat to take, 1 to 5
`

const terminalOptions = ['--terminal', '--create', '--join', '--server-id']
const replicaOnly = '--replica-only'
const signalExitCode = 130

const say = (message: string): void => {
  process.stderr.write(`quintet: ${message}\n`)
}

/** Why there can be no window; null when there can. */
const hindrance = async (args: readonly string[]): Promise<string | null> => {
  if (args.some((argument) => terminalOptions.includes(argument.split('=')[0] ?? ''))) return 'as asked for'
  const hidden = noDisplay()
  if (hidden !== null) return hidden
  const reason = await fetchElectron(say)
  if (reason === null) return null
  if (process.platform !== 'linux') return `Electron's runtime could not be fetched (${reason})`
  if ((await ensureBrowser(say)) === 'missing')
    return `Electron's runtime could not be fetched (${reason}), and there is no Chromium to stand in for it; install one: ${browserCommand}`
  say(
    `Electron's runtime could not be fetched (${reason}): the window is drawn by Chromium instead. There is no tray, no ` +
      'native menu or notification, and no store of secrets then.',
  )
  return null
}

const openWindow = async (args: readonly string[]): Promise<void> => {
  await buildApp(say)
  const { program, environment } = chooseRuntime()
  const child = spawn(program, [root, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A terminal has already given SIGINT to the whole process group.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  const data = path.resolve(process.env['QUINTET_DATA'] ?? path.join(homedir(), '.quintet'))
  if (!args.some((argument) => argument.startsWith('--data'))) say(`the data is kept in ${data}`)
  say(
    'closing the window leaves the replica running: npm start opens it again, Ctrl-C here or Quit in the menu ends it',
  )
  await new Promise<void>((ended, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : signalExitCode)
      ended()
    })
  })
}

/** As a packaged app, and `npm run replica`: for programs, with neither a window nor a person who is asked. */
const startReplicaOnly = async (args: readonly string[]): Promise<void> => {
  process.argv.splice(2, Infinity, ...args)
  await import('../replica/main.ts')
}

const main = async (): Promise<void> => {
  const args = process.argv.slice(2)
  if (args.includes(replicaOnly)) {
    await startReplicaOnly(args.filter((argument) => argument !== replicaOnly))
    return
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage)
    return
  }
  const reason = await hindrance(args)
  if (reason === null) {
    await openWindow(args)
    return
  }
  if (reason !== 'as asked for') say(`${reason}: this is the terminal client`)
  await startTerminal(args.filter((argument) => argument !== '--terminal'))
}

main().catch(failStart)
