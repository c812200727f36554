import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { AppCommand } from '../contract/app-host.ts'
import type { Strings } from './strings.ts'

export interface MenuActions {
  readonly command: (command: AppCommand) => void
  readonly show: () => void
}

/** The native menu. What the window does by single keys has an accelerator with a modifier here, too. */
export const setMenu = (strings: Strings, { command, show }: MenuActions): void => {
  const item = (label: string, accelerator: string, sent: AppCommand): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => {
      show()
      command(sent)
    },
  })
  const settings = item(strings.settings, 'CmdOrCtrl+,', { kind: 'settings' })
  const pages = (['mail', 'people', 'timeline', 'network'] as const).map((page, index) =>
    item(strings[page], `CmdOrCtrl+${index + 1}`, { kind: 'page', page }),
  )
  const isMac = process.platform === 'darwin'
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const ofMac: MenuItemConstructorOptions[] = [
    {
      label: app.name,
      submenu: [
        { role: 'about' },
        separator,
        settings,
        separator,
        { role: 'services' },
        separator,
        { role: 'hide' },
        { role: 'hideOthers' },
        { role: 'unhide' },
        separator,
        { role: 'quit', label: strings.quit },
      ],
    },
  ]
  const ofOthers = isMac ? [] : [settings, separator, { role: 'quit', label: strings.quit, accelerator: 'CmdOrCtrl+Q' }]
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? ofMac : []),
      {
        label: strings.file,
        submenu: [
          item(strings.compose, 'CmdOrCtrl+N', { kind: 'compose' }),
          item(strings.search, 'CmdOrCtrl+F', { kind: 'search' }),
          item(strings.print, 'CmdOrCtrl+P', { kind: 'print' }),
          { role: 'close' },
          ...(ofOthers as MenuItemConstructorOptions[]),
        ],
      },
      { label: strings.edit, role: 'editMenu' },
      { label: strings.go, submenu: pages },
      {
        label: strings.viewMenu,
        submenu: [
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          separator,
          { role: 'togglefullscreen' },
          ...(app.isPackaged ? [] : [separator, { role: 'toggleDevTools' as const }]),
        ],
      },
      { label: strings.help, role: 'help', submenu: [item(strings.shortcuts, 'CmdOrCtrl+/', { kind: 'shortcuts' })] },
    ]),
  )
}
