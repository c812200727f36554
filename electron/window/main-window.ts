import { app, BrowserWindow, dialog, nativeTheme, type WebContents } from 'electron'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { AppEvent } from '../contract/app-host.ts'
import { channels } from '../ipc/channels.ts'
import type { Strings } from '../system/strings.ts'
import { appOrigin } from './app-protocol.ts'
import { AwaitedPage } from './awaited-page.ts'
import { offerTextMenu } from './context-menu.ts'
import { EventQueue } from './event-queue.ts'
import { StoppedPage } from './stopped-page.ts'
import type { WindowPlace } from './window-state.ts'

export interface MainWindowOptions {
  readonly place: WindowPlace
  readonly preload: string
  readonly icon: string
  /** `hide`: it was closed by its button and the app goes on. `close`: the app quits. */
  readonly onClose: () => 'hide' | 'close'
  /** The page's process has ended, or it is loaded anew: what it is told from now on, the next one has to hear. */
  readonly onPageStopped: () => void
  /** What the person is told and asked of a page that stops, or does not come, again and again. */
  readonly strings: () => Strings
}

/** The one window. It is made when it is first shown, and again when it was really closed. */
export class MainWindow {
  readonly #options: MainWindowOptions
  readonly #clientEvents = new EventQueue<ClientEvent>((events) => this.#send(channels.clientEvents, events))
  readonly #appEvents = new EventQueue<AppEvent>((events) => this.#send(channels.appEvents, events))
  #window: BrowserWindow | null = null
  #awaited: AwaitedPage | null = null
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

  /** The page has asked for what it shows. */
  pageIsThere(): void {
    this.#awaited?.isThere()
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
    this.#loadThePageOf(window)
    return window
  }

  /** A window must not stay blank: a page that does not come, or whose process ends, is loaded again. */
  #loadThePageOf(window: BrowserWindow): void {
    const whileThere = (act: () => void) => (): void => {
      if (!window.isDestroyed()) act()
    }
    const awaited = new AwaitedPage({
      load: () => window.loadURL(`${appOrigin}/index.html`),
      missing: whileThere(() => gone()),
      after: (delayMs, act) => {
        const timer = setTimeout(act, delayMs)
        return () => clearTimeout(timer)
      },
    })
    this.#awaited = awaited
    const stopped = new StoppedPage({
      isSeen: () => window.isVisible(),
      load: whileThere(() => awaited.load()),
      close: whileThere(() => window.destroy()),
      ask: () => askAboutStoppedPage(window, this.#options.strings()),
      quit: () => app.quit(),
      nowMs: () => performance.now(),
    })
    const gone = (): void => {
      this.#options.onPageStopped()
      stopped.stopped()
    }
    window.webContents.on('render-process-gone', whileThere(gone))
    window.on('closed', () => awaited.end())
    awaited.load()
  }

  #send(channel: string, events: readonly unknown[]): void {
    if (this.#window !== null && !this.#window.isDestroyed()) this.#window.webContents.send(channel, events)
  }
}

const askAboutStoppedPage = async (window: BrowserWindow, strings: Strings): Promise<'load' | 'quit' | 'close'> => {
  const answers = ['load', 'quit', 'close'] as const
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    title: 'Quintet',
    message: strings.pageStops,
    detail: strings.pageStopsDetail,
    buttons: [strings.tryAgain, strings.quit, strings.closeWindow],
    defaultId: answers.indexOf('load'),
    cancelId: answers.indexOf('close'),
    noLink: true,
  })
  return answers[response] ?? 'close'
}
