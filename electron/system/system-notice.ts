import { Notification } from 'electron'
import type { ShowNotice } from './notifier.ts'

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
