import { parseReplicaArguments } from '../../replica/arguments.ts'
import { connectClient } from '../../replica/connect-client.ts'
import { runReplica } from '../../replica/run-replica.ts'
import { runJsonTerminal } from '../../replica/terminal/json-terminal.ts'

/** A replica and its person's client in one process, as the app has them, with the scripted interface in the window's place. */
const main = async (): Promise<void> => {
  const options = parseReplicaArguments(process.argv.slice(2))
  if (options === null) return
  const replica = await runReplica(options, ({ message }) => {
    throw new Error(message)
  })
  const client = await connectClient(options.data, null, { running: replica })
  await runJsonTerminal({ client, input: process.stdin, output: process.stdout })
  await replica.stop()
  process.exit(0)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
