import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { QuintetError } from './core/model/errors.ts'
import type { ServerId } from './core/model/ids.ts'
import { isServerId, seatCount } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import type { LogLevel } from './drivers/pino-logger.ts'

export type Format = 'json' | 'text'

export interface ReplicaArguments {
  readonly data: string
  readonly listen: readonly string[]
  readonly create: string | null
  /** An invite, or the name of a file that holds one. */
  readonly join: string | null
  readonly server: ServerId | null
  /** What this machine is to be called in the group; null for its host name. */
  readonly machine: string | null
  readonly mdns: 'on' | 'off'
  /** Null: as it was chosen before. */
  readonly syncIntervalMs: number | null
  /** Whether this machine's copy is taken anew from the others: `together` when one of them is reachable, `alone` in any case. */
  readonly reset: 'no' | 'together' | 'alone'
  /** `ask`: a person is asked before the copy is reset. */
  readonly consent: 'given' | 'ask'
  readonly format: Format
  readonly logLevel: LogLevel
}

export interface MailArguments {
  readonly data: string
  /** An invite, or the name of a file that holds one: to use the group's servers without a replica. */
  readonly join: string | null
  readonly server: ServerId | null
  readonly format: Format
}

const defaultListen = '/ip4/0.0.0.0/tcp/0'

/** BAD_REQUEST with what commander says; null when help was asked for and printed. */
export const parseReplicaArguments = (args: readonly string[]): ReplicaArguments | null => {
  const command = quiet('replica')
    .description('Runs one of the five replicas of a Quintet group, without a window.')
    .requiredOption('--data <directory>', 'where this replica keeps its state', given)
    .option('--listen <multiaddr>', `address to listen at; may be repeated (default: ${defaultListen})`, append)
    .addOption(new Option('--create <name>', 'make a new group').conflicts('join').argParser(given))
    .option(
      '--join <invite>',
      'join a group: an invite, or a file that holds one; when it is of the own group: where its members are now, and by which key',
      given,
    )
    .option('--server-id <number>', `the seat to take, 1 to ${seatCount}`, parseServer)
    .option('--machine <name>', 'what this machine is called in the group (default: its host name)')
    .option('--no-mdns', 'do not look for members on the local network')
    .option(
      '--sync-interval-ms <number>',
      `how often to compare notes with the others when nothing happens, ${limits.syncIntervalLeastMs} to ${limits.syncIntervalMostMs}`,
      parseInterval,
    )
    .option('--reset', "wipe this machine's copy and take everything back from the others")
    .option('--even-alone', 'with --reset: although no other member can be reached')
    .option('--yes', 'with --reset: do not ask')
    .option('--json', 'one JSON object a line on stdout')
    .addOption(
      new Option('--log-level <level>', 'what goes into replica.log (at 8 MB it becomes replica.log.1)')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
  if (!parsed(command, args)) return null
  const options = command.opts<{
    data: string
    listen?: string[]
    create?: string
    join?: string
    serverId?: ServerId
    machine?: string
    mdns: boolean
    syncIntervalMs?: number
    reset?: boolean
    evenAlone?: boolean
    yes?: boolean
    json?: boolean
    logLevel: LogLevel
  }>()
  return {
    data: options.data,
    listen: options.listen ?? [defaultListen],
    create: options.create ?? null,
    join: options.join ?? null,
    server: options.serverId ?? null,
    machine: options.machine ?? null,
    mdns: options.mdns ? 'on' : 'off',
    syncIntervalMs: options.syncIntervalMs ?? null,
    reset: options.reset !== true ? 'no' : options.evenAlone === true ? 'alone' : 'together',
    consent: options.yes === true ? 'given' : 'ask',
    format: options.json === true ? 'json' : 'text',
    logLevel: options.logLevel,
  }
}

/** As `parseReplicaArguments`, for the terminal client. */
export const parseMailArguments = (args: readonly string[]): MailArguments | null => {
  const command = quiet('mail')
    .description('Terminal client of Quintet: sign up, read and send mail at a replica.')
    .requiredOption(
      '--data <directory>',
      'data directory of the replica on this machine, or of a client without one',
      given,
    )
    .option(
      '--join <invite>',
      "use the group's servers without a replica here, or learn where they are now: an invite, or a file that holds one",
      given,
    )
    .option('--server <number>', 'another server of the group to begin at', parseServer)
    .option('--json', 'a JSON request a line on stdin, its answer a line on stdout')
  if (!parsed(command, args)) return null
  const options = command.opts<{ data: string; join?: string; server?: ServerId; json?: boolean }>()
  const { data, join = null, server = null } = options
  return { data, join, server, format: options.json === true ? 'json' : 'text' }
}

/** The option after it stands in the place of a value that was forgotten, as of a variable that is not set. */
const given = (value: string): string => {
  if (value === '' || value.startsWith('--')) throw new InvalidArgumentError('Its value is missing.')
  return value
}

const append = (value: string, before: string[] = []): string[] => [...before, value]

const parseServer = (value: string): ServerId => {
  const server = Number(value)
  if (!isServerId(server)) throw new InvalidArgumentError(`It must be a number from 1 to ${seatCount}.`)
  return server
}

const parseInterval = (value: string): number => {
  const intervalMs = Number(value)
  const { syncIntervalLeastMs: least, syncIntervalMostMs: most } = limits
  if (!Number.isInteger(intervalMs) || intervalMs < least || intervalMs > most)
    throw new InvalidArgumentError(`It must be a number of milliseconds from ${least} to ${most}.`)
  return intervalMs
}

const quiet = (name: string): Command =>
  new Command(name)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .allowExcessArguments(false)
    .showHelpAfterError(false)

const parsed = (command: Command, args: readonly string[]): boolean => {
  try {
    command.parse(args, { from: 'user' })
    return true
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return false
    const mistyped = error.code === 'commander.missingMandatoryOptionValue' ? unknownIn(command, args) : null
    if (mistyped !== null) throw new QuintetError('BAD_REQUEST', `unknown option '${mistyped}'. See --help.`)
    const sentence = error.message.replace(/^error: /, '').replace(/[^.]$/, '$&.')
    throw new QuintetError('BAD_REQUEST', `${sentence} See --help.`)
  }
}

/** A mistyped option is why another one is missing; null when all are known. */
const unknownIn = (command: Command, args: readonly string[]): string | null =>
  command.parseOptions([...args]).unknown.find((arg) => arg.startsWith('-')) ?? null
