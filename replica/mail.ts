import { parseMailArguments } from './arguments.ts'
import { connectClient } from './connect-client.ts'
import { QuintetError } from './core/model/errors.ts'
import { exitCodes } from './host/ports.ts'
import { localFiles } from './local-files.ts'
import { machineName, readInvite } from './new-install.ts'

/** The terminal client as a process: `npm run mail -- ARGS`. */
const main = async (): Promise<void> => {
  const options = parseMailArguments(process.argv.slice(2))
  if (options === null) return
  if (options.join !== null) {
    const { joinAsClient } = await import('./join-as-client.ts')
    const invite = await readInvite(options.join)
    await joinAsClient({ directory: options.data, invite, machine: machineName(null) })
  }
  const client = await connectClient(options.data, options.server)
  const { stdin: input, stdout: output } = process
  if (options.format === 'json') {
    const { runJsonTerminal } = await import('./terminal/json-terminal.ts')
    await runJsonTerminal({ client, input, output })
  } else {
    const { runInteractiveTerminal } = await import('./terminal/interactive-terminal.ts')
    await runInteractiveTerminal({
      client,
      files: localFiles,
      input,
      output,
    })
  }
  process.exit(0)
}

main().catch((error: unknown) => {
  const failure = error instanceof QuintetError ? error.failure : { code: 'INTERNAL' as const, message: String(error) }
  process.stderr.write(`quintet: ${failure.message} (${failure.code})\n`)
  process.exit(exitCodes[failure.code] ?? 1)
})
