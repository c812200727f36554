import { homedir } from 'node:os'
import path from 'node:path'
import { parseReplicaArguments, type ReplicaArguments } from '../replica/arguments.ts'
import { connectClient } from '../replica/connect-client.ts'
import { QuintetError, toFailure } from '../replica/core/model/errors.ts'
import { loadInstall } from '../replica/drivers/install-file.ts'
import { exitWith } from '../replica/exit-with.ts'
import { everywhere, runReplica, type RunningReplica } from '../replica/run-replica.ts'
import { onStopSignals } from '../replica/stop-signals.ts'
import { localFiles } from '../replica/local-files.ts'
import { type Outcome, runInteractiveTerminal } from '../replica/terminal/interactive-terminal.ts'
import { FirstRun } from './start-first-run.ts'

const givenArguments = (args: readonly string[]): ReplicaArguments => {
  const data = process.env.QUINTET_DATA ?? path.join(homedir(), '.quintet')
  const options = parseReplicaArguments(['--data', data, ...args])
  if (options === null || options.format === 'json') {
    throw new QuintetError('BAD_REQUEST', 'npm start is for people; programs use: npm run replica -- --json')
  }
  const isToldWhere = args.some((argument) => argument.startsWith('--listen'))
  return { ...options, data: path.resolve(options.data), listen: isToldWhere ? options.listen : everywhere }
}

/** A replica of this process; null when another process runs the one of this data directory already. */
const startReplica = async (options: ReplicaArguments): Promise<RunningReplica | null> => {
  try {
    return await runReplica(options, exitWith)
  } catch (error) {
    if (error instanceof QuintetError && error.code === 'DIRECTORY_IN_USE') return null
    throw error
  }
}

/** Asks a person for what the first run needs to know, again and again until it can be done. */
const askAndStart = async (options: ReplicaArguments): Promise<RunningReplica | null> => {
  const firstRun = new FirstRun(process.stdin, process.stdout)
  try {
    return await firstRun.settle(options, startReplica)
  } finally {
    firstRun.close()
  }
}

const begin = async (options: ReplicaArguments): Promise<RunningReplica | null> => {
  const isToldWhat = options.create !== null || options.join !== null
  if (isToldWhat || (await loadInstall(options.data)) !== null) return startReplica(options)
  if (process.stdin.isTTY && process.stdout.isTTY) return askAndStart(options)
  throw new QuintetError(
    'BAD_REQUEST',
    `${options.data} holds no group yet. Create one with "npm start -- --create NAME", or join one with "npm start -- --join INVITE".`,
  )
}

const serve = async (data: string, replica: RunningReplica | null, left: AbortSignal): Promise<Outcome> => {
  if (replica === null) console.log('This replica runs in another process already: this is one more client of it.')
  else console.log(`Replica ${replica.install.server} of "${replica.install.groupName}" runs, data in ${data}.`)
  const client = await connectClient(data, null)
  return runInteractiveTerminal({ client, files: localFiles, input: process.stdin, output: process.stdout, left })
}

/** This computer's replica and the terminal client on it; quitting the client stops both. */
export const startTerminal = async (args: readonly string[]): Promise<void> => {
  const options = givenArguments(args)
  const replica = await begin(options)
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<never> => {
    await (stopping ??= replica?.stop() ?? Promise.resolve())
    process.exit()
  }
  const leaving = new AbortController()
  const serving = serve(options.data, replica, leaving.signal)
  onStopSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], () => {
    leaving.abort()
    // The letter that is being written is kept by the replica.
    void serving.finally(stop)
  })
  if ((await serving) === 'failed') process.exitCode = 1
  await stop()
}

/** Ends the process with what went wrong. */
export const failStart = (error: unknown): never => exitWith(toFailure(error))
