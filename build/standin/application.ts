import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Chromium } from './chromium.ts'
import { notEmulated, only, PreventableEvent, StandInEmitter } from './not-emulated.ts'
import { InstanceLock } from './instance-lock.ts'

export interface ApplicationOptions {
  readonly folder: string
  readonly name: string
  readonly version: string
  readonly switches: readonly string[]
  /** Ends the process at once. */
  readonly end: (code: number) => void
}

const chromiumEndsWithinMs = 3_000

/** Electron's `app`: life and end of the program. */
export class Application extends StandInEmitter {
  readonly name: string
  readonly isPackaged = false
  readonly commandLine: object
  readonly #options: ApplicationOptions
  readonly #ready = Promise.withResolvers<object>()
  readonly #switches: string[]
  #isReady = false
  #userData: string
  #lock: InstanceLock | null = null
  #badge = 0
  #stage: 'running' | 'quitting' | 'ended' = 'running'
  #chromium: Chromium | null = null
  /** Windows, which know this class. */
  #windows: () => readonly { close(): void; destroy(): void }[] = () => []

  constructor(options: ApplicationOptions) {
    super()
    this.#options = options
    this.name = options.name
    this.#switches = [...options.switches]
    this.#userData = path.join(process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config'), options.name)
    this.commandLine = only('app.commandLine', {
      appendSwitch: (name: string, value = '') => {
        this.#switches.push(value === '' ? `--${name}` : `--${name}=${value}`)
      },
    })
  }

  isReady(): boolean {
    return this.#isReady
  }

  whenReady(): Promise<object> {
    return this.#ready.promise
  }

  getName(): string {
    return this.name
  }

  getVersion(): string {
    return this.#options.version
  }

  getAppPath(): string {
    return this.#options.folder
  }

  getLocale(): string {
    return Intl.DateTimeFormat().resolvedOptions().locale
  }

  getPath(name: string): string {
    switch (name) {
      case 'userData':
        return this.#userData
      case 'downloads':
        return path.join(homedir(), 'Downloads')
      default:
        throw notEmulated(`app.getPath('${name}')`)
    }
  }

  setPath(name: string, folder: string): void {
    if (name !== 'userData') throw notEmulated(`app.setPath('${name}')`)
    this.#userData = folder
  }

  requestSingleInstanceLock(): boolean {
    mkdirSync(this.#userData, { recursive: true })
    this.#lock ??= InstanceLock.take(this.#userData, (args, folder) => {
      void this.whenReady().then(() => this.emit('second-instance', {}, args, folder))
    })
    return this.#lock !== null
  }

  setBadgeCount(count: number): boolean {
    this.#badge = count
    return true
  }

  getBadgeCount(): number {
    return this.#badge
  }

  /** Everything that Chromium could do for the app is done in its sandbox, or not at all. */
  enableSandbox(): void {
    return
  }

  /** The system is not told: links are given on the command line. */
  setAsDefaultProtocolClient(): boolean {
    return false
  }

  quit(): void {
    if (this.#stage !== 'running') return
    const event = new PreventableEvent()
    this.emit('before-quit', event)
    if (event.defaultPrevented) return
    this.#stage = 'quitting'
    const windows = this.#windows()
    if (windows.length === 0) this.#willQuit()
    for (const window of windows) window.close()
  }

  exit(code = 0): void {
    if (this.#stage === 'ended') return
    this.#stage = 'ended'
    this.emit('quit', {}, code)
    this.#lock?.release()
    const chromium = this.#chromium
    const end = (): void => this.#options.end(code)
    if (chromium === null || chromium.hasEnded) {
      setImmediate(end)
      return
    }
    chromium.once('exit', end)
    chromium.send('Browser.close').catch(() => undefined)
    setTimeout(() => {
      chromium.kill()
      end()
    }, chromiumEndsWithinMs)
  }

  /** Of the stand-in: a window refused to close, so the program goes on. */
  stay(): void {
    if (this.#stage === 'quitting') this.#stage = 'running'
  }

  /** Of the stand-in. */
  allClosed(): void {
    if (this.#stage === 'quitting') this.#willQuit()
    else if (this.#stage === 'running' && !this.emit('window-all-closed')) this.quit()
  }

  /** Of the stand-in: the app's script has run. */
  becomeReady(windows: () => readonly { close(): void; destroy(): void }[]): void {
    this.#windows = windows
    this.#isReady = true
    this.emit('ready', {}, {})
    this.#ready.resolve({})
  }

  /** Of the stand-in. */
  ownChromium(chromium: Chromium): void {
    this.#chromium = chromium
    chromium.once('exit', () => {
      this.exit(0)
    })
  }

  /** Of the stand-in. */
  get languageSwitches(): readonly string[] {
    return this.#switches.filter((one) => /^--(lang|force-device-scale-factor)=/.test(one))
  }

  #willQuit(): void {
    const event = new PreventableEvent()
    this.emit('will-quit', event)
    if (event.defaultPrevented) this.#stage = 'running'
    else this.exit(0)
  }
}
