import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

/** What came of a stage. Counts are of tests or seeds; both are 0 for a stage that has none. */
export interface Outcome {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
}

export interface Stage {
  readonly name: string
  readonly run: () => Promise<Outcome>
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
export const runTool = (
  script: string,
  args: readonly string[],
  output: 'passed' | 'kept' | 'both',
): Promise<ToolRun> =>
  new Promise((resolve, reject) => {
    const streams = output === 'passed' ? 'inherit' : 'pipe'
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      stdio: ['ignore', streams, output === 'both' ? 'inherit' : streams],
    })
    running.add(child)
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer): void => {
      chunks.push(chunk)
      if (output === 'both') process.stdout.write(chunk)
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

/** Runs a stage and tells how long it took. A stage that throws has failed. */
export const timeStage = async (stage: Stage): Promise<StageReport> => {
  const began = performance.now()
  const outcome = await stage.run().catch((error: unknown): Outcome => {
    console.error(error)
    return { ok: false, passed: 0, failed: 0 }
  })
  return { ...outcome, name: stage.name, seconds: (performance.now() - began) / 1000 }
}

/** One line for a report: name, result, time. */
export const reportLine = ({ name, ok, seconds }: StageReport): string =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`

/** The stages that `names` ask for, all for none. Ends the process with the usage when one is unknown. */
export const chooseStages = (stages: readonly Stage[], names: readonly string[]): readonly Stage[] => {
  const known = stages.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    console.error(`no stage "${unknown}"; the stages are: ${known.join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? stages : stages.filter(({ name }) => names.includes(name))
}
