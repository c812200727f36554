import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { Application, type ApplicationOptions } from './application.ts'
import { BrowserWindow } from './browser-window.ts'
import { hostSuffix } from './app-urls.ts'
import { Chromium, findChromium } from './chromium.ts'
import { formerEnded } from './former-chromium.ts'
import { IpcMain } from './ipc-main.ts'
import { Menu, MenuItem } from './menu.ts'
import {
  clipboard,
  dialog,
  nativeImage,
  Notification,
  PowerMonitor,
  recorded,
  safeStorage,
  screen,
  shell,
  Tray,
} from './native-models.ts'
import { NativeTheme } from './native-theme.ts'
import { absent, only } from './not-emulated.ts'
import { PageServer } from './page-server.ts'
import { PageSession } from './page-session.ts'
import { WebContents } from './web-contents.ts'

/** Electron has these too; using one throws. */
const absentNames = [
  'autoUpdater',
  'BaseWindow',
  'contentTracing',
  'crashReporter',
  'desktopCapturer',
  'globalShortcut',
  'ImageView',
  'inAppPurchase',
  'MessageChannelMain',
  'MessagePortMain',
  'net',
  'netLog',
  'powerSaveBlocker',
  'pushNotifications',
  'ShareMenu',
  'systemPreferences',
  'TouchBar',
  'utilityProcess',
  'View',
  'webFrameMain',
  'WebContentsView',
] as const

export interface StandIn {
  /** What `import ... from 'electron'` gives in the main process. */
  readonly module: Readonly<Record<string, unknown>>
  readonly app: Application
  /** Starts Chromium and tells the app that it is ready; both go on beside each other. */
  start(debuggingPort: number | null): void
}

export const createStandIn = (options: ApplicationOptions): StandIn => {
  const app = new Application(options)
  const ipcMain = new IpcMain()
  const nativeTheme = new NativeTheme()
  const session = new PageSession()
  const server = new PageServer()
  const up = Promise.withResolvers<Chromium>()
  const schemes: string[] = []
  BrowserWindow.host = { app, ipcMain, menu: Menu, nativeTheme, session, chromium: up.promise }
  nativeTheme.on('updated', () => {
    for (const { webContents } of BrowserWindow.getAllWindows()) void webContents.showTheme()
  })
  const emulated = {
    app,
    BrowserWindow,
    clipboard,
    dialog,
    ipcMain,
    Menu,
    MenuItem,
    nativeImage,
    nativeTheme,
    Notification,
    powerMonitor: new PowerMonitor(),
    protocol: only('protocol', {
      // Every custom scheme is served as one that has all privileges that the app can ask for.
      registerSchemesAsPrivileged: (wanted: readonly { readonly scheme: string }[]) => {
        schemes.push(...wanted.map(({ scheme }) => scheme))
      },
      handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) =>
        server.handle(scheme, handler),
    }),
    safeStorage,
    screen,
    session: only('session', { defaultSession: session }),
    shell,
    Tray,
    webContents: WebContents,
  }
  const rest = Object.fromEntries(absentNames.map((name) => [name, absent(name)]))

  const startChromium = async (debuggingPort: number | null): Promise<void> => {
    const program = findChromium()
    if (program === null) throw new Error('no Chromium was found: install one (Debian: apt-get install chromium)')
    const profile = path.join(app.getPath('userData'), 'stand-in-profile')
    mkdirSync(profile, { recursive: true })
    const [port] = await Promise.all([server.listen(), formerEnded(profile)])
    const resolver = `--host-resolver-rules=MAP *${hostSuffix} 127.0.0.1:${port}`
    const display =
      (process.env['DISPLAY'] ?? '') === '' && (process.env['WAYLAND_DISPLAY'] ?? '') === '' ? 'headless' : 'shown'
    const chromium = new Chromium(program, {
      profile,
      switches: [resolver, ...app.languageSwitches],
      debuggingPort,
      display: process.env['STANDIN_HEADLESS'] === '1' ? 'headless' : display,
    })
    app.ownChromium(chromium)
    await BrowserWindow.watch(chromium)
    await Promise.all(schemes.map((scheme) => session.restrict(chromium, `${scheme}://bundle`)))
    up.resolve(chromium)
  }

  return {
    module: { ...emulated, ...rest, standInRecords: recorded },
    app,
    start: (debuggingPort) => {
      up.promise.catch(() => undefined)
      startChromium(debuggingPort).catch((error: unknown) => {
        console.error(`stand-in: ${error instanceof Error ? error.message : String(error)}`)
        app.exit(1)
      })
      setImmediate(() => {
        app.becomeReady(() => BrowserWindow.getAllWindows())
      })
    },
  }
}
