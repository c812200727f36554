import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

export type Fields = Readonly<Record<string, unknown>>

/** The real programs, not the wrapper scripts around them, which would stay when they are killed. */
const programs = [
  '/usr/lib/chromium/chromium',
  '/usr/lib/chromium-browser/chromium-browser',
  '/opt/google/chrome/chrome',
]

const always = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-startup-window',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--disable-breakpad',
  '--disable-infobars',
  '--disable-session-crashed-bubble',
  '--hide-crash-restore-bubble',
  '--disable-search-engine-choice-screen',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-back-forward-cache',
  '--disable-features=Translate,MediaRouter,OptimizationHints,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,PaintHolding',
  '--enable-unsafe-swiftshader',
  '--password-store=basic',
  '--force-color-profile=srgb',
  '--test-type',
]
const headless = '--headless=new'
const newWindow = ['--no-sandbox', '--disable-gpu', '--test-type', '--noerrdialogs']

export interface ChromiumOptions {
  readonly profile: string
  readonly switches: readonly string[]
  /** Where Playwright looks for it; null for none. */
  readonly debuggingPort: number | null
  readonly display: 'shown' | 'headless'
}

interface Pending {
  readonly method: string
  readonly resolve: (result: Fields) => void
  readonly reject: (error: Error) => void
}

/** The program that draws the windows; null when this machine has none. */
export const findChromium = (): string | null => {
  const given = process.env['STANDIN_CHROMIUM']
  return [...(given === undefined ? [] : [given]), ...programs].find((program) => existsSync(program)) ?? null
}

/**
 * Chromium, spoken to over a pipe: it ends when the pipe does, so nothing is left when this process is killed. Emits
 * `method` of the browser's own events and `session:method` of a page's.
 */
export class Chromium extends EventEmitter {
  readonly display: ChromiumOptions['display']
  readonly #program: string
  readonly #profile: string
  readonly #child: ChildProcess
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #received: Buffer[] = []
  #state: 'running' | 'ended' = 'running'

  constructor(program: string, { profile, switches, debuggingPort, display }: ChromiumOptions) {
    super()
    this.setMaxListeners(0)
    this.display = display
    this.#program = program
    this.#profile = profile
    const forPlaywright = debuggingPort === null ? [] : [`--remote-debugging-port=${debuggingPort}`]
    const shown = display === 'headless' ? [headless] : []
    const args = [
      ...shown,
      ...always,
      '--remote-debugging-pipe',
      ...forPlaywright,
      `--user-data-dir=${profile}`,
      ...switches,
    ]
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
    this.#output.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#input.on('error', () => undefined)
    this.#relayAddress()
    this.#child.once('exit', () => this.#ended())
    this.#child.once('error', () => this.#ended())
  }

  send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    if (this.#state === 'ended') return Promise.reject(new Error('Chromium has ended'))
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { method, resolve, reject })
      this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** A window without a browser around it can only be asked for on a command line, which the running browser carries out. */
  openAppWindow(url: string): Promise<void> {
    const args = [...newWindow, `--user-data-dir=${this.#profile}`, `--app=${url}`]
    return new Promise((resolve, reject) => {
      spawn(this.#program, args, { stdio: 'ignore' }).once('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`stand-in: Chromium opened no window (exit code ${String(code)})`))
      })
    })
  }

  get hasEnded(): boolean {
    return this.#state === 'ended'
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  get #input(): Writable {
    return this.#child.stdio[3] as Writable
  }

  get #output(): Readable {
    return this.#child.stdio[4] as Readable
  }

  #receive(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(0, start); end >= 0; end = chunk.indexOf(0, start)) {
      const message = Buffer.concat([...this.#received, chunk.subarray(start, end)]).toString('utf8')
      this.#received = []
      start = end + 1
      this.#take(JSON.parse(message) as Incoming)
    }
    if (start < chunk.length) this.#received.push(chunk.subarray(start))
  }

  #take({ id, method, params, result, error, sessionId }: Incoming): void {
    if (id === undefined) {
      this.emit(sessionId === undefined ? String(method) : `${sessionId}:${String(method)}`, params)
      return
    }
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) pending?.resolve(result ?? {})
    else pending?.reject(new Error(`${pending.method}: ${error.message}`))
  }

  /** Playwright reads on the app's stderr where Chromium listens. */
  #relayAddress(): void {
    let rest = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('DevTools listening on')) process.stderr.write(`${line}\n`)
    })
  }

  #ended(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const { reject } of this.#pending.values()) reject(new Error('Chromium has ended'))
    this.#pending.clear()
    this.emit('exit')
  }
}

interface Incoming {
  readonly id?: number
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}
