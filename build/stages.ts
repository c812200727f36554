import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

/** A test, or something else of a stage, that failed, if only at its first try. */
export interface Failure {
  /** As `test/unit/wire.test.ts > a frame > is refused`. */
  readonly what: string
  /** The beginning of its error, of several lines. */
  readonly said: string
}

/** What came of a stage. Counts are of tests or seeds; both are 0 for a stage that has none. */
export interface Outcome {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  readonly failures?: readonly Failure[]
  /** Passed, but at the second try. */
  readonly flaky?: readonly Failure[]
}

export interface Stage {
  readonly name: string
  readonly run: (runTool: RunTool) => Promise<Outcome>
}

export interface StageReport extends Outcome {
  readonly name: string
  readonly seconds: number
}

export interface ToolRun {
  readonly exitCode: number
  /** What it wrote to stdout and stderr; empty when that went straight through. */
  readonly output: string
}

export const root = path.join(import.meta.dirname, '..')
export const cacheFolder = path.join(root, 'node_modules', '.cache')

const signalExitCode = 130
const running = new Set<ChildProcess>()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // A terminal has already given SIGINT to the whole process group.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) for (const child of running) child.kill(signal)
    // Others that listen (who has something to clean up) decide on the exit.
    if (process.listenerCount(signal) === 0) process.exit(signalExitCode)
  })
}

/** The file that a package's command runs, so that neither PATH nor a shell matters. */
export const commandOf = (packageName: string, file: string): string =>
  path.join(root, 'node_modules', packageName, file)

/**
 * Runs a script of this checkout or of a package on this Node, in the checkout's root.
 * `passed`: its output goes straight through. `kept`: it is returned. `both`: both, stderr only straight through.
 */
export type RunTool = (script: string, args: readonly string[], output: 'passed' | 'kept' | 'both') => Promise<ToolRun>

type Stream = 'inherit' | 'pipe'

interface Spawning {
  readonly stdout: Stream
  readonly stderr: Stream
  /** Given each piece that comes through a pipe. */
  readonly said?: (chunk: Buffer) => void
}

const runCommand = (command: readonly [string, ...string[]], { stdout, stderr, said }: Spawning): Promise<ToolRun> =>
  new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', stdout, stderr] })
    running.add(child)
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer): void => {
      chunks.push(chunk)
      said?.(chunk)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      running.delete(child)
      const killed = signal === null ? '' : `stopped by ${signal}\n`
      resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString('utf8') + killed })
    })
  })

export const runTool: RunTool = (script, args, output) => {
  const command = [process.execPath, script, ...args] as const
  if (output === 'passed') return runCommand(command, { stdout: 'inherit', stderr: 'inherit' })
  if (output === 'kept') return runCommand(command, { stdout: 'pipe', stderr: 'pipe' })
  return runCommand(command, { stdout: 'pipe', stderr: 'inherit', said: (chunk) => process.stdout.write(chunk) })
}

/**
 * Runs tools beside others. `said` is given all that they write, in the order it came. `low`: in the processor time that others leave; by
 * the command `nice`, because a priority that is given later holds for one thread alone.
 */
export const besidesOthers =
  (said: (chunk: Buffer) => void, priority: 'low' | 'ordinary'): RunTool =>
  (script, args) => {
    const node = [process.execPath, script, ...args] as const
    const isNice = priority === 'low' && process.platform !== 'win32'
    const command = isNice ? (['nice', '-n', '10', ...node] as const) : node
    return runCommand(command, { stdout: 'pipe', stderr: 'pipe', said })
  }

/** Runs a stage and tells how long it took. A stage that throws has failed, and counts as one that did. */
export const timeStage = async (stage: Stage, run: RunTool = runTool): Promise<StageReport> => {
  const began = performance.now()
  const outcome = await stage.run(run).catch((error: unknown): Outcome => {
    console.error(error)
    return { ok: false, passed: 0, failed: 1 }
  })
  return { ...outcome, name: stage.name, seconds: (performance.now() - began) / 1000 }
}

/** How a stage of one of two lanes is run. */
export interface Lanes {
  readonly front: (stage: Stage) => Promise<void>
  readonly behind: (stage: Stage, priority: 'low' | 'ordinary') => Promise<void>
}

/**
 * Runs what waits most of the time in front, and beside it what computes. When nothing is left to compute, the last of what waits is run there
 * as well: two such stages leave each other room.
 */
export const runOnTwoLanes = async (
  computing: readonly Stage[],
  waiting: readonly Stage[],
  { front, behind }: Lanes,
): Promise<void> => {
  const left = [...waiting]
  const runWaiting = async (): Promise<void> => {
    for (let stage = left.shift(); stage !== undefined; stage = left.shift()) await front(stage)
  }
  const runComputing = async (): Promise<void> => {
    for (const stage of computing) await behind(stage, 'low')
    for (let stage = left.pop(); stage !== undefined; stage = left.pop()) await behind(stage, 'ordinary')
  }
  await Promise.all([runWaiting(), runComputing()])
}

/** One line for a report: name, result, time. */
export const reportLine = ({ name, ok, seconds }: StageReport): string =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`

/** Tells how a command is used, and ends the process, when that is what was asked for. */
export const helpWhereAsked = (args: readonly string[], usage: string): void => {
  if (args[0] !== '--help' && args[0] !== '-h') return
  console.log(usage)
  process.exit(0)
}

/** The stages that `names` ask for, all for none. Ends the process with the usage when that is asked for, or a name is unknown. */
export const chooseStages = (stages: readonly Stage[], names: readonly string[], usage: string): readonly Stage[] => {
  const known = stages.map(({ name }) => name)
  helpWhereAsked(names, `${usage}\nstages: ${known.join(', ')}`)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    console.error(`no stage "${unknown}"; the stages are: ${known.join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? stages : stages.filter(({ name }) => names.includes(name))
}
