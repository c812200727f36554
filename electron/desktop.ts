import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { app, nativeTheme, powerMonitor } from 'electron'
import { inviteAmong, inviteScheme, type WindowArguments } from './arguments.ts'
import type { AppEvent, AppSettings } from './contract/app-host.ts'
import { serveWindow } from './ipc/serve-window.ts'
import { DemoGroup } from './state/demo-group.ts'
import { KeptLogIn, type SecretStore } from './state/kept-log-in.ts'
import { LocalMailbox } from './state/local-mailbox.ts'
import { ProgramHost } from './state/program-host.ts'
import { Settings } from './state/settings.ts'
import type { StayWish } from './state/staying-signed-in.ts'
import { setMenu } from './system/menu.ts'
import { Notifier } from './system/notifier.ts'
import { answeredSoon, systemSecretStore } from './system/secret-store.ts'
import { renewStartAtLogin, setStartAtLogin } from './system/start-at-login.ts'
import { type Strings, stringsFor } from './system/strings.ts'
import { nameForNotices, systemNotices } from './system/system-notice.ts'
import { TrayIcon } from './system/tray.ts'
import { UnreadCount } from './system/unread-count.ts'
import { registerAppScheme, serveAppFiles } from './window/app-protocol.ts'
import { guardPages } from './window/guards.ts'
import { MainWindow } from './window/main-window.ts'
import { WindowPlace } from './window/window-state.ts'

const flushWithinMs = 5_000
/** The page saves what was typed last: a local write, which takes a few milliseconds. Where it takes longer the page says so. */
const pageReadyWithinMs = 2_000
const bundleFolder = import.meta.dirname
const preload = path.join(bundleFolder, '..', 'preload', 'preload.cjs')
const pages = path.join(bundleFolder, '..', 'renderer')
const icon = path.join(bundleFolder, '..', 'icons', 'window.png')
const trayIcon = path.join(bundleFolder, '..', 'icons', 'tray.png')

/** The app with its window; a second start for the same data directory only brings the first one's window to the front. */
export const runDesktop = (options: WindowArguments): void => {
  mkdirSync(app.getPath('userData'), { recursive: true, mode: 0o700 })
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  registerAppScheme()
  app.enableSandbox()
  app.setAsDefaultProtocolClient(inviteScheme)
  nameForNotices()
  const desktop = new Desktop(options)
  app.on('second-instance', (_event, args, folder) => {
    desktop.openAgain(inviteAmong(args, folder))
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    desktop.openAgain(inviteAmong([url], process.cwd()))
  })
  app.on('open-file', (event, file) => {
    event.preventDefault()
    desktop.openAgain(inviteAmong([file], process.cwd()))
  })
  app.on('activate', () => {
    desktop.openAgain(null)
  })
  // The replica goes on without a window.
  app.on('window-all-closed', () => undefined)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      desktop.end()
    })
  }
  desktop.quitAfterFlush()
  void app.whenReady().then(() => desktop.start())
}

class Desktop {
  readonly #options: WindowArguments
  readonly #mailbox: LocalMailbox
  readonly #demo: DemoGroup | null
  #settings: Settings | null = null
  #place: WindowPlace | null = null
  #keptLogIn: KeptLogIn | null = null
  #window: MainWindow | null = null
  #quitting: 'no' | 'asked' | 'pageIsReady' | 'flushed' = 'no'
  /** Not by a person, who could be asked. */
  #isEnded = false
  #pageAnswers: (answer: 'ready' | 'stays') => void = () => undefined
  #pageIsThere = false
  /** What the page is to be told once it is there. */
  readonly #untold: AppEvent[] = []

  constructor(options: WindowArguments) {
    this.#options = options
    this.#mailbox = new LocalMailbox(options)
    this.#demo = options.demo === null ? null : new DemoGroup(options.demo)
  }

  /** The window is made first: it shows that it starts while the replica does. */
  async start(): Promise<void> {
    const folder = app.getPath('userData')
    const [settings, place] = await Promise.all([Settings.load(folder), WindowPlace.load(folder)])
    this.#settings = settings
    this.#place = place
    const secrets = systemSecretStore()
    nativeTheme.themeSource = settings.current.theme
    serveAppFiles(pages)
    guardPages()
    const strings = (): Strings => stringsFor(settings.current.language, app.getLocale())
    const window: MainWindow = new MainWindow({
      place,
      preload,
      icon,
      onClose: () => this.#closing(notifier, settings),
      onPageStopped: () => {
        this.#pageIsThere = false
        this.#pageAnswers('ready')
      },
      strings,
    })
    this.#window = window
    const show = (): void => window.show()
    const actions = { show, command: (command: Command) => this.#tell({ event: 'command', command }) }
    const tray = new TrayIcon(trayIcon, strings(), { ...actions, quit: () => app.quit() })
    setMenu(strings(), actions)
    const notifier: Notifier = new Notifier({
      show: systemNotices(icon),
      strings,
      isWanted: () => settings.current.notifications === 'on' && !window.isFocused,
      open: (mail) => {
        show()
        if (mail !== null) actions.command({ kind: 'mail', mail })
      },
    })
    const unread = new UnreadCount(this.#mailbox, (count) => {
      tray.setUnread(count)
      window.setTitle(count === 0 ? 'Quintet' : `Quintet (${count})`)
    })
    this.#connect({ window, settings, notifier, unread, secrets })
    settings.onChange((changed, former) => {
      nativeTheme.themeSource = changed.theme
      setMenu(strings(), actions)
      tray.setStrings(strings())
      this.#tell({ event: 'settings', settings: changed })
      this.#mailbox.setStaySignedIn(stayWish(changed, secrets))
      // There is one place for it, which another group's window on this machine may have.
      if (changed.startAtLogin !== former.startAtLogin)
        void setStartAtLogin(changed.startAtLogin, this.#options.data).catch(() => undefined)
    })
    if (settings.current.startAtLogin === 'on') void renewStartAtLogin(this.#options.data).catch(() => undefined)
    if (this.#options.show === 'window') show()
    if (this.#options.invite !== null) this.#tell({ event: 'inviteOpened', invite: this.#options.invite })
    // The replica notices other addresses and long sleeps itself; of a short one only the system tells.
    powerMonitor.on('resume', () => this.#mailbox.redial())
    this.#keptLogIn = new KeptLogIn(folder, secrets)
    this.#mailbox.keepLogInsIn(this.#keptLogIn)
    await answeredSoon(secrets)
    this.#mailbox.setStaySignedIn(stayWish(settings.current, secrets))
    void secrets.answered.then((secretStore) => {
      this.#mailbox.setStaySignedIn(stayWish(settings.current, secrets))
      this.#tell({ event: 'secretStore', secretStore })
    })
    await this.#mailbox.open()
    if (this.#demo !== null) await this.#mailbox.logIn(await this.#demo.person())
  }

  openAgain(invite: string | null): void {
    this.#window?.show()
    if (invite !== null) this.#tell({ event: 'inviteOpened', invite })
  }

  /** The system ends the program. */
  end(): void {
    this.#isEnded = true
    app.quit()
  }

  /** Quitting waits until the page has handed over what was typed last, and until everything is on the disk; for either only so long. */
  quitAfterFlush(): void {
    app.on('before-quit', (event) => {
      if (this.#quitting === 'pageIsReady' || this.#quitting === 'flushed') return
      event.preventDefault()
      if (this.#quitting === 'asked') return
      this.#quitting = 'asked'
      void this.#readyPage().then((answer) => {
        if (answer === 'stays' && !this.#isEnded) {
          this.#quitting = 'no'
          this.#window?.show()
          return
        }
        this.#quitting = 'pageIsReady'
        app.quit()
      })
    })
    app.on('will-quit', (event) => {
      if (this.#quitting === 'flushed') return
      event.preventDefault()
      // An exit would wait for what hangs in the kernel, as on a network drive that is gone. All that was accepted is on the disk.
      const tooLate = setTimeout(() => process.kill(process.pid, 'SIGKILL'), flushWithinMs)
      void this.#flush().then(() => {
        clearTimeout(tooLate)
        this.#quitting = 'flushed'
        app.exit(0)
      })
    })
  }

  #connect({ window, settings, notifier, unread, secrets }: Connected): void {
    const mailbox = this.#mailbox
    serveWindow({
      host: new ProgramHost({
        data: this.#options.data,
        secretStore: () => secrets.kind,
        mailbox,
        settings,
        demo: this.#demo,
        strings: () => stringsFor(settings.current.language, app.getLocale()),
        tell: (event) => this.#tell(event),
        pageIsThere: () => this.#tellUntold(),
        pageAnswers: (answer) => this.#pageAnswers(answer),
      }),
      client: () => mailbox.client,
      clientCalled: (method) => {
        mailbox.called(method)
        unread.called(method)
      },
      isWindow: (contents) => window.isOf(contents),
    })
    mailbox.onPhase((phase) => {
      window.tellApp({ event: 'phase', phase })
      unread.recount()
    })
    mailbox.onEvent((event) => {
      window.tellClient(event)
      notifier.hear(event)
      unread.hear(event)
    })
  }

  #closing(notifier: Notifier, settings: Settings): 'hide' | 'close' {
    if (this.#quitting === 'asked') return 'hide'
    if (this.#quitting !== 'no') return 'close'
    if (settings.current.trayHintShown === 'no') {
      const strings = stringsFor(settings.current.language, app.getLocale())
      notifier.say(strings.staysTitle, strings.staysBody)
      void settings.change({ trayHintShown: 'yes' }).catch(() => undefined)
    }
    return 'hide'
  }

  #tell(event: AppEvent): void {
    if (this.#pageIsThere) this.#window?.tellApp(event)
    else this.#untold.push(event)
  }

  #tellUntold(): void {
    this.#pageIsThere = true
    this.#window?.pageIsThere()
    for (const event of this.#untold.splice(0)) this.#window?.tellApp(event)
  }

  /** Once its window is closed the page can save nothing more. */
  async #readyPage(): Promise<'ready' | 'stays'> {
    if (!this.#pageIsThere || this.#window?.isOpen !== true) return 'ready'
    return new Promise((resolve) => {
      this.#pageAnswers = resolve
      setTimeout(() => resolve('ready'), pageReadyWithinMs)
      this.#tell({ event: 'quitting' })
    })
  }

  async #flush(): Promise<void> {
    await this.#mailbox.close().catch(() => undefined)
    await Promise.all([this.#settings?.settled(), this.#place?.settled(), this.#keptLogIn?.settled()])
  }
}

/** The parts that the window's door leads to. */
interface Connected {
  readonly window: MainWindow
  readonly settings: Settings
  readonly notifier: Notifier
  readonly unread: UnreadCount
  readonly secrets: SecretStore
}

const stayWish = ({ staySignedIn }: AppSettings, { kind }: SecretStore): StayWish => {
  if (staySignedIn === 'off') return 'off'
  if (kind === 'asking') return 'asking'
  return kind === 'safe' || staySignedIn === 'on' ? 'on' : 'notHere'
}

type Command = Extract<AppEvent, { readonly event: 'command' }>['command']
