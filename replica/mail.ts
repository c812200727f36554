import { type Format, type MailArguments, parseMailArguments } from './arguments.ts'
import { connectClient } from './connect-client.ts'
import { toFailure } from './core/model/errors.ts'
import { limits } from './core/model/limits.ts'
import { systemClock } from './drivers/system-clock.ts'
import { exitWith, tellFailure } from './exit-with.ts'
import { localFiles } from './local-files.ts'
import { onLostOutput } from './lost-output.ts'
import { machineName, readInvite } from './new-install.ts'
import { onStopSignals } from './stop-signals.ts'

const waitingNoteMs = 1_500

/** The terminal client as a process: `npm run mail -- ARGS`. */
const main = async (): Promise<void> => {
  let format: Format = 'text'
  onLostOutput((failure, reason) => {
    // A person who has read enough knows it.
    if (format === 'text' && reason === 'EPIPE') return
    tellFailure(failure)
    process.exitCode = 1
  })
  const options = parseMailArguments(process.argv.slice(2))
  if (options === null) return
  format = options.format
  if (options.join !== null) {
    const { joinAsClient } = await import('./join-as-client.ts')
    const invite = await readInvite(options.join)
    await joinAsClient({ directory: options.data, invite, machine: machineName(null) })
  }
  const stopNote = noteWaiting(options)
  const client = await connectClient(options.data, options.server, { startingMs: limits.startingMs })
  stopNote()
  const { stdin: input, stdout: output } = process
  if (options.format === 'json') {
    const { runJsonTerminal } = await import('./terminal/json-terminal.ts')
    await runJsonTerminal({ client, input, output })
  } else {
    const { runInteractiveTerminal } = await import('./terminal/interactive-terminal.ts')
    const leaving = new AbortController()
    // Whoever closes the terminal's window has a letter in it that is kept first.
    onStopSignals(['SIGTERM', 'SIGHUP'], () => leaving.abort())
    const outcome = await runInteractiveTerminal({ client, files: localFiles, input, output, left: leaving.signal })
    if (outcome === 'failed') process.exitCode = 1
  }
  // Whether all could be written is told in the turn after that.
  await new Promise<void>((written) => output.write('', () => setImmediate(written)))
  process.exit()
}

/** Whoever waits for an answer that does not come is told soon. */
const noteWaiting = ({ data, server }: MailArguments): (() => void) =>
  systemClock.after(waitingNoteMs, () => {
    const whom = server === null ? `the replica in ${data}, or another one,` : `server ${server}`
    process.stderr.write(`quintet: Waiting for ${whom} to answer …\n`)
  })

main().catch((error: unknown) => {
  exitWith(toFailure(error))
})
