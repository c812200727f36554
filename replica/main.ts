import { createInterface } from 'node:readline/promises'
import type { ReplicaArguments } from './arguments.ts'
import { parseReplicaArguments } from './arguments.ts'
import { QuintetError, toFailure } from './core/model/errors.ts'
import { exitWith, tellFailure } from './exit-with.ts'
import { onLostOutput } from './lost-output.ts'
import type { RunningReplica } from './run-replica.ts'
import { runReplica } from './run-replica.ts'
import { shellWord } from './shell-word.ts'
import { onStopSignals } from './stop-signals.ts'
import { viewLine } from './terminal/view-line.ts'

/** The replica as a process: `npm run replica -- ARGS`. */
const main = async (): Promise<void> => {
  onLostOutput((failure) => {
    tellFailure(failure)
    // Who reads what a replica says may go away: it serves all others, and says when it stops how that went.
    process.exitCode = 1
  })
  const options = parseReplicaArguments(process.argv.slice(2))
  if (options === null) return
  let replica: RunningReplica | null = null
  const stop = (): void => {
    // Nobody was served yet: there is nothing to flush.
    if (replica === null) process.exit(0)
    replica.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        exitWith(toFailure(error))
      },
    )
  }
  // Before anybody is told that the replica runs, because from then on it may be stopped.
  onStopSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], stop)
  if (options.reset !== 'no' && options.consent === 'ask') await askForConsent(options.data)
  await runReplica(options, exitWith, (opened) => {
    replica = opened
    report(opened, options)
  })
}

/** BAD_REQUEST when it is not given. */
const askForConsent = async (directory: string): Promise<void> => {
  if (!process.stdin.isTTY)
    throw new QuintetError('BAD_REQUEST', '--reset wipes the copy on this machine: add --yes if that is what you want.')
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  const question =
    `This wipes the copy of the group in ${directory} and takes everything back from the others.\n` +
    'What only this machine has, and can still be read, is handed to them then. Go on? (yes/no) '
  // Whoever presses Ctrl-C or Ctrl-D does not want it.
  const answer = await questions.question(question).catch(() => '\n')
  questions.close()
  if (answer.trim().toLowerCase() !== 'yes') throw new QuintetError('BAD_REQUEST', 'Nothing was changed.')
}

/** Begins before the network does: who is found at once is told of as well. */
const report = (replica: RunningReplica, options: ReplicaArguments): void => {
  if (options.format === 'json') {
    replica.onReady(() => {
      const { server, origin, peer } = replica.install
      write({ event: 'ready', serverId: server, origin, peerId: peer, listen: replica.listen, data: options.data })
    })
    replica.onView((view) => {
      write({ event: 'view', ...view })
    })
    return
  }
  replica.onReady(() => {
    const { server, groupName } = replica.install
    console.log(`Replica ${server} of "${groupName}" is ready, at ${replica.listen.join(', ')}.`)
    console.log(`Use it with: npm run mail -- --data ${shellWord(options.data)}`)
  })
  replica.onView((view) => {
    console.log(viewLine(view))
  })
}

const write = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

main().catch((error: unknown) => {
  exitWith(toFailure(error))
})
