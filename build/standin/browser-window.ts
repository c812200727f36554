import { randomUUID } from 'node:crypto'
import { blankAddress } from './app-urls.ts'
import type { Chromium } from './chromium.ts'
import type { HostState } from './host-state.ts'
import { PreventableEvent, StandInEmitter } from './not-emulated.ts'
import { WebContents, type WebPreferences } from './web-contents.ts'

interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface BrowserWindowOptions extends Partial<Bounds> {
  readonly show?: boolean
  readonly title?: string
  readonly webPreferences?: WebPreferences
}

interface AttachedTarget {
  readonly sessionId: string
  readonly targetInfo: { readonly targetId: string; readonly url: string }
}

type WindowState = 'normal' | 'minimized' | 'maximized'

const usualSize = { width: 800, height: 600 }
const firstPlace = 40

/** A window of Chromium's. Its close button closes it for good: that cannot be asked about, as Electron does. */
export class BrowserWindow extends StandInEmitter {
  static host: HostState
  static readonly #all = new Set<BrowserWindow>()
  /** By the mark in the address with which a window is made. */
  static readonly #expected = new Map<string, (target: AttachedTarget) => void>()
  /** One at a time: they are told apart by the order in which Chromium makes them. */
  static #making: Promise<unknown> = Promise.resolve()
  static #focused: BrowserWindow | null = null
  static #lastId = 0
  readonly id: number
  readonly webContents: WebContents
  readonly #ready: Promise<void>
  #bounds: Bounds
  #title: string
  #state: WindowState = 'normal'
  #visibility: 'shown' | 'hidden'
  #life: 'open' | 'closed' = 'open'
  #windowId: unknown = null

  constructor(options: BrowserWindowOptions = {}) {
    super()
    const { host } = BrowserWindow
    if (!host.app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    BrowserWindow.#lastId += 1
    this.id = BrowserWindow.#lastId
    const { x = firstPlace, y = firstPlace, width = usualSize.width, height = usualSize.height } = options
    this.#bounds = { x, y, width, height }
    this.#title = options.title ?? host.app.name
    this.#visibility = options.show === false ? 'hidden' : 'shown'
    this.webContents = new WebContents(host, options.webPreferences ?? {})
    BrowserWindow.#all.add(this)
    host.app.emit('web-contents-created', {}, this.webContents)
    this.#ready = BrowserWindow.#making.then(() => this.#make())
    BrowserWindow.#making = this.#ready.catch((error: unknown) => {
      if (this.#life === 'open') console.error('stand-in: no window', error)
    })
  }

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.#all]
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null
  }

  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.#focused
  }

  /** To be called once Chromium is up. */
  static async watch(chromium: Chromium): Promise<void> {
    /** Pages that do not say yet whose they are: a page is there before its address. */
    const unnamed = new Map<string, AttachedTarget>()
    const name = (target: AttachedTarget, url: string): void => {
      const mark = url.startsWith(blankAddress) ? url.slice(blankAddress.length) : ''
      const expected = BrowserWindow.#expected.get(mark)
      BrowserWindow.#expected.delete(mark)
      unnamed.delete(target.targetInfo.targetId)
      if (expected !== undefined) expected(target)
      else if (url === '' || url === 'about:blank') unnamed.set(target.targetInfo.targetId, target)
      else chromium.send('Target.detachFromTarget', { sessionId: target.sessionId }).catch(() => undefined)
    }
    chromium.on('Target.attachedToTarget', (target: AttachedTarget) => name(target, target.targetInfo.url))
    chromium.on('Target.targetInfoChanged', ({ targetInfo }: Pick<AttachedTarget, 'targetInfo'>) => {
      const target = unnamed.get(targetInfo.targetId)
      if (target !== undefined) name(target, targetInfo.url)
    })
    chromium.on('Target.targetDestroyed', ({ targetId }: { readonly targetId: string }) => {
      const window = BrowserWindow.getAllWindows().find(({ webContents }) => webContents.target === targetId)
      if (window !== undefined) window.#gone()
    })
    await chromium.send('Target.setDiscoverTargets', { discover: true })
    await chromium.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true })
  }

  async loadURL(url: string): Promise<void> {
    await this.#ready
    await this.webContents.loadURL(url)
  }

  show(): void {
    if (this.#visibility === 'hidden') {
      this.#visibility = 'shown'
      this.emit('show', {})
      this.#apply()
    }
    this.focus()
  }

  /** Chromium cannot hide one: it is minimized. */
  hide(): void {
    if (this.#visibility === 'hidden') return
    this.#visibility = 'hidden'
    if (BrowserWindow.#focused === this) BrowserWindow.#focused = null
    this.emit('hide', {})
    this.#apply()
  }

  focus(): void {
    if (this.#life === 'closed') return
    BrowserWindow.#focused = this
    this.emit('focus', {})
    void this.#ready.then(() => this.webContents.command('Page.bringToFront')).catch(() => undefined)
  }

  isVisible(): boolean {
    return this.#visibility === 'shown'
  }

  isFocused(): boolean {
    return BrowserWindow.#focused === this
  }

  isDestroyed(): boolean {
    return this.#life === 'closed'
  }

  isMinimized(): boolean {
    return this.#state === 'minimized'
  }

  isMaximized(): boolean {
    return this.#state === 'maximized'
  }

  minimize(): void {
    this.#become('minimized', 'minimize')
  }

  maximize(): void {
    this.#become('maximized', 'maximize')
  }

  restore(): void {
    this.#become('normal', 'restore')
  }

  getBounds(): Bounds {
    return this.#bounds
  }

  getNormalBounds(): Bounds {
    return this.#bounds
  }

  setBounds(bounds: Partial<Bounds>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
    this.#apply()
    this.emit('resized')
    this.emit('moved')
  }

  getTitle(): string {
    return this.#title
  }

  setTitle(title: string): void {
    this.#title = title
  }

  close(): void {
    const event = new PreventableEvent()
    this.emit('close', event)
    if (event.defaultPrevented) BrowserWindow.host.app.stay()
    else this.destroy()
  }

  destroy(): void {
    const { target } = this.webContents
    void BrowserWindow.host.chromium
      .then((chromium) => chromium.send('Target.closeTarget', { targetId: target }))
      .catch(() => undefined)
    this.#gone()
  }

  #gone(): void {
    if (this.#life === 'closed') return
    this.#life = 'closed'
    BrowserWindow.#all.delete(this)
    if (BrowserWindow.#focused === this) BrowserWindow.#focused = null
    this.webContents.destroy()
    this.emit('closed')
    if (BrowserWindow.#all.size === 0) BrowserWindow.host.app.allClosed()
  }

  async #make(): Promise<void> {
    const chromium = await BrowserWindow.host.chromium
    const mark = randomUUID()
    // Answered with "no content", so that nothing is loaded before the scripts are in place.
    const url = `${blankAddress}${mark}`
    const attached = new Promise<AttachedTarget>((resolve) => BrowserWindow.#expected.set(mark, resolve))
    const { width, height } = this.#bounds
    if (chromium.display === 'shown') await chromium.openAppWindow(url)
    else await chromium.send('Target.createTarget', { url, newWindow: true, width, height })
    const { sessionId, targetInfo } = await attached
    const { targetId } = targetInfo
    await this.webContents.attachTo(chromium, sessionId, targetId)
    // A window that is not where it should be is better than one without a page.
    await this.#find(chromium, targetId).catch((error: unknown) => {
      if (this.#life === 'open') console.error('stand-in: a window was not placed', error)
    })
  }

  async #find(chromium: Chromium, targetId: string): Promise<void> {
    this.#windowId = (await chromium.send('Browser.getWindowForTarget', { targetId }))['windowId']
    await this.#place(chromium)
  }

  #become(state: WindowState, event: string): void {
    if (this.#state === state) return
    this.#state = state
    this.#apply()
    this.emit(event, {})
  }

  #apply(): void {
    void this.#ready
      .then(() => BrowserWindow.host.chromium)
      .then((chromium) => this.#place(chromium))
      .catch(() => undefined)
  }

  async #place(chromium: Chromium): Promise<void> {
    if (this.#windowId === null) return
    const set = (bounds: object): Promise<unknown> =>
      chromium.send('Browser.setWindowBounds', { windowId: this.#windowId, bounds })
    const { x, y, width, height } = this.#bounds
    await set({ windowState: 'normal' })
    if (chromium.display === 'shown') await set({ left: x, top: y })
    await chromium.send('Browser.setContentsSize', { windowId: this.#windowId, width, height })
    // Headless, a minimized page is not painted, and Playwright would wait for it for ever.
    const isHidden = this.#visibility === 'hidden' && chromium.display === 'shown'
    const state = isHidden ? 'minimized' : this.#state
    if (state !== 'normal') await set({ windowState: state })
  }
}
