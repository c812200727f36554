import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import path from 'node:path'
import { buildApp } from './app/build-app.ts'
import { chooseRuntime } from './app/electron-runtime.ts'
import { root } from './stages.ts'

const usage = `usage: npm run dev -- [options of npm start]
Builds the app from its sources and opens it; builds and opens it anew when a source changes, until it is quit.
`

const watched = ['electron', 'renderer', 'replica']
/** An editor writes a file in several steps, and a change of branches many files. */
const settleMs = 250

/** The app from its sources, built and started again when one of them changes, until it is quit. */
const main = async (): Promise<void> => {
  const changes = new Changes(watched.map((folder) => path.join(root, folder)))
  for (;;) {
    const child = await open()
    // What changed while it was built is built at once.
    const changed = changes.next()
    const ended = child === null ? changed : Promise.race([changed, endOf(child)])
    const code = await ended
    if (typeof code === 'number') process.exit(code)
    if (child !== null) await quit(child)
  }
}

/** Null when it cannot be built: the next change may mend that. */
const open = async (): Promise<ChildProcess | null> => {
  try {
    await buildApp(console.log)
  } catch (error) {
    console.error(error)
    return null
  }
  const { program, environment } = chooseRuntime()
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } } as const
  const child = spawn(program, [root, ...process.argv.slice(2)], options)
  running = child
  return child
}

let running: ChildProcess | null = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (running?.exitCode !== null || !running.kill(signal)) process.exit(0)
  })
}

const endOf = async (child: ChildProcess): Promise<number> => {
  if (child.exitCode !== null) return child.exitCode
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

/** Everything is on its disk then. */
const quit = async (child: ChildProcess): Promise<void> => {
  const ended = endOf(child)
  child.kill('SIGTERM')
  await ended
}

/** Tells of changes in folders, those of a moment as one. */
class Changes {
  #timer: NodeJS.Timeout | null = null
  #happened: 'yes' | 'no' = 'no'
  #wake: (() => void) | null = null

  constructor(folders: readonly string[]) {
    for (const folder of folders) watch(folder, { recursive: true }, () => this.#hear())
  }

  /** Fulfilled when something has changed since it was last fulfilled. */
  async next(): Promise<'changed'> {
    if (this.#happened === 'no') await new Promise<void>((wake) => (this.#wake = wake))
    this.#happened = 'no'
    return 'changed'
  }

  #hear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#happened = 'yes'
      this.#wake?.()
    }, settleMs)
  }
}

if (process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) process.stdout.write(usage)
else await main()
