import { app, Notification } from 'electron'
import type { ShowNotice } from './notifier.ts'

/** As `electron-builder.yml` names the app, and its installer the entry in the start menu. */
const appId = 'net.quintet.app'

/** Windows shows notices only of a program that calls itself as its entry in the start menu does. */
export const nameForNotices = (): void => {
  if (process.platform === 'win32') app.setAppUserModelId(appId)
}

/** Notices as the system shows them. What is returned must be referred to: one that is collected loses its click. */
export const systemNotices =
  (icon: string): ShowNotice =>
  (notice, clicked) => {
    if (!Notification.isSupported()) return null
    const notification = new Notification({ ...notice, icon })
    notification.on('click', clicked)
    notification.show()
    return notification
  }
