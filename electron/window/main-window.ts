import { app, BrowserWindow, nativeTheme, type WebContents } from 'electron'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { AppEvent } from '../contract/app-host.ts'
import { channels } from '../ipc/channels.ts'
import { appOrigin } from './app-protocol.ts'
import { offerTextMenu } from './context-menu.ts'
import { EventQueue } from './event-queue.ts'
import type { WindowPlace } from './window-state.ts'

export interface MainWindowOptions {
  readonly place: WindowPlace
  readonly preload: string
  readonly icon: string
  /** `hide`: it was closed by its button and the app goes on. `close`: the app quits. */
  readonly onClose: () => 'hide' | 'close'
}

/** The one window. It is made when it is first shown, and again when it was really closed. */
export class MainWindow {
  readonly #options: MainWindowOptions
  readonly #clientEvents = new EventQueue<ClientEvent>((events) => this.#send(channels.clientEvents, events))
  readonly #appEvents = new EventQueue<AppEvent>((events) => this.#send(channels.appEvents, events))
  #window: BrowserWindow | null = null
  #title = 'Quintet'

  constructor(options: MainWindowOptions) {
    this.#options = options
  }

  get isFocused(): boolean {
    return this.#window?.isFocused() === true && this.#window.isVisible()
  }

  /** Hidden or not. */
  get isOpen(): boolean {
    return this.#window !== null && !this.#window.isDestroyed()
  }

  isOf(contents: WebContents): boolean {
    return this.isOpen && this.#window?.webContents === contents
  }

  /** Makes it if need be, and brings it to the front. */
  show(): void {
    const window = this.#window ?? this.#make()
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  tellClient(event: ClientEvent): void {
    this.#clientEvents.push(event)
  }

  tellApp(event: AppEvent): void {
    this.#appEvents.push(event)
  }

  setTitle(title: string): void {
    this.#title = title
    this.#window?.setTitle(title)
  }

  #make(): BrowserWindow {
    const { place, preload, icon, onClose } = this.#options
    const window = new BrowserWindow({
      ...place.options(),
      show: false,
      title: this.#title,
      icon,
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#14171c' : '#ffffff',
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        // Elsewhere Chromium fetches dictionaries from Google's servers, and nothing is fetched from anywhere.
        spellcheck: process.platform === 'darwin',
        devTools: !app.isPackaged,
      },
    })
    this.#window = window
    place.follow(window)
    window.on('page-title-updated', (event) => {
      event.preventDefault()
    })
    window.on('close', (event) => {
      if (onClose() === 'close') return
      event.preventDefault()
      window.hide()
    })
    window.on('closed', () => {
      if (this.#window === window) this.#window = null
    })
    offerTextMenu(window.webContents)
    window.webContents.on('render-process-gone', () => {
      // The replica lives on in this process: a page that crashed is simply shown anew.
      if (!window.isDestroyed()) window.webContents.reload()
    })
    void window.loadURL(`${appOrigin}/index.html`).catch(() => undefined)
    return window
  }

  #send(channel: string, events: readonly unknown[]): void {
    if (this.#window !== null && !this.#window.isDestroyed()) this.#window.webContents.send(channel, events)
  }
}
