import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { cacheFolder, root } from '../stages.ts'

export type Json = Readonly<Record<string, unknown>>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a process runs, when that is not simply here. */
export interface ProcessPlace {
  /** The command that starts it there and becomes it: `nsenter --net=...`. Empty: none. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

export interface ProcessOptions {
  /** A script of the checkout, from its root. */
  readonly script: string
  readonly args: readonly string[]
  /** Root of the checkout that has the script; by default this one. */
  readonly program?: string
  /** Run as another user, so that a directory without permission is one for root too. */
  readonly uid?: number
  readonly place?: ProcessPlace | undefined
  /** Sees each line first; one that is taken is not kept. */
  readonly take?: (line: Json) => 'taken' | 'left'
}

const here: ProcessPlace = { command: [], environment: {} }
const running = new Set<ChildProcess>()
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const signalExitCode = 130

const killAll = (): void => {
  for (const child of running) child.kill('SIGKILL')
}

/** Nothing outlives the process that started it, however that ends. */
const watchOwnEnd = (): void => {
  process.once('exit', killAll)
  for (const signal of endingSignals) {
    process.once(signal, () => {
      killAll()
      // Others that listen (a test runner) decide on the exit.
      if (process.listenerCount(signal) === 0) process.exit(signalExitCode)
    })
  }
}

/** A script of a checkout as a process of its own, whose stdout has one JSON object a line. */
export class JsonProcess {
  readonly name: string
  readonly exited: Promise<Exit>
  readonly lines: Json[] = []
  #exit: Exit | null = null
  #stderr = ''
  readonly #child: ChildProcess
  readonly #take: (line: Json) => 'taken' | 'left'
  readonly #waiting = new Set<() => void>()

  constructor({ script, args, program = root, uid, place = here, take = () => 'left' }: ProcessOptions) {
    if (running.size === 0 && !process.listeners('exit').includes(killAll)) watchOwnEnd()
    this.#take = take
    this.name = `${script} ${args.join(' ')}`
    const node = [process.execPath, ...process.execArgv]
    const whole = [...place.command, ...node, path.join(program, 'build', 'run.cjs'), script, ...args]
    const [command = process.execPath, ...rest] = whole
    this.#child = spawn(command, rest, {
      cwd: program,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: path.join(cacheFolder, 'compile'), ...place.environment },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    running.add(this.#child)
    this.exited = this.#watch(this.#child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Null while it runs. */
  get exit(): Exit | null {
    return this.#exit
  }

  get stderr(): string {
    return this.#stderr
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  endInput(): void {
    this.#child.stdin?.end()
  }

  /** Nobody reads what it says from now on. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Fulfilled with what `find` gives as soon as that is not null. Rejects after `withinMs`, or when the process ends first. */
  until<Found>(find: () => Found | null, withinMs: number, what: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const look = (): void => {
        const found = find()
        if (found === null && this.#exit === null) return
        end()
        if (found === null) reject(new Error(`${what}: ${this.name} ended first (${this.#describeExit()})`))
        else resolve(found)
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`${what}: not within ${withinMs} ms at ${this.name}`))
      }, withinMs)
      this.#waiting.add(look)
      look()
    })
  }

  #watch(child: ChildProcess): Promise<Exit> {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      for (const look of this.#waiting) look()
    })
    // A write to a process that has just ended is answered by its exit.
    child.stdin?.on('error', () => undefined)
    if (child.stdout !== null) {
      createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (text) => {
        const line = parseLine(text)
        if (this.#take(line) === 'taken') return
        this.lines.push(line)
        this.#wake()
      })
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        running.delete(child)
        this.#exit = { code, signal }
        this.#wake()
        resolve(this.#exit)
      })
    })
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }

  #describeExit(): string {
    const { code, signal } = this.#exit ?? { code: null, signal: null }
    return `${signal ?? `code ${String(code)}`}; ${this.#stderr.trim()}`
  }
}

/** A line that is no JSON object is kept as `{ text }`, for the test that looks at it to fail readably. */
const parseLine = (line: string): Json => {
  try {
    const value: unknown = JSON.parse(line)
    return isJson(value) ? value : { text: line }
  } catch {
    return { text: line }
  }
}

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
