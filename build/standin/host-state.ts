import type { Application } from './application.ts'
import type { Chromium } from './chromium.ts'
import type { IpcMain } from './ipc-main.ts'
import type { Menu } from './menu.ts'
import type { NativeTheme } from './native-theme.ts'
import type { PageSession } from './page-session.ts'

/** The parts that windows need. There is one host in a process, as there is one Electron. */
export interface HostState {
  readonly app: Application
  readonly ipcMain: IpcMain
  readonly menu: typeof Menu
  readonly nativeTheme: NativeTheme
  readonly session: PageSession
  /** Fulfilled when Chromium is up. */
  readonly chromium: Promise<Chromium>
}
