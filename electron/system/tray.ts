import { app, Menu, nativeImage, Tray } from 'electron'
import type { MenuActions } from './menu.ts'
import type { Strings } from './strings.ts'

/** The sign that the replica runs, window or not; it shows how much is unread. */
export class TrayIcon {
  readonly #tray: Tray
  readonly #actions: MenuActions & { readonly quit: () => void }
  #strings: Strings
  #unread = 0

  constructor(icon: string, strings: Strings, actions: MenuActions & { readonly quit: () => void }) {
    this.#tray = new Tray(nativeImage.createFromPath(icon))
    this.#actions = actions
    this.#strings = strings
    this.#tray.on('click', () => {
      actions.show()
    })
    this.#update()
  }

  setStrings(strings: Strings): void {
    this.#strings = strings
    this.#update()
  }

  setUnread(unread: number): void {
    if (unread === this.#unread) return
    this.#unread = unread
    app.setBadgeCount(unread)
    this.#update()
  }

  #update(): void {
    const { show, command, quit } = this.#actions
    const strings = this.#strings
    this.#tray.setToolTip(this.#unread === 0 ? 'Quintet' : strings.unread(this.#unread))
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: strings.open, click: show },
        {
          label: strings.compose,
          click: () => {
            show()
            command({ kind: 'compose' })
          },
        },
        { type: 'separator' },
        { label: strings.quit, click: quit },
      ]),
    )
  }
}
