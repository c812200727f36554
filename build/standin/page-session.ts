import { toServed } from './app-urls.ts'
import type { Chromium } from './chromium.ts'
import { StandInEmitter } from './not-emulated.ts'

type CheckHandler = () => boolean

/** As Chromium calls them. Electron's `media` is two of them. */
const permissions = [
  'geolocation',
  'notifications',
  'midi',
  'camera',
  'microphone',
  'clipboard-read',
  'idle-detection',
  'storage-access',
  'screen-wake-lock',
  'window-management',
  'local-fonts',
]

/** The one session. Permissions are emulated for apps that deny them all: they are set in Chromium once, before any page asks. */
export class PageSession extends StandInEmitter {
  #check: CheckHandler | null = null

  setPermissionRequestHandler(
    handler: (contents: null, permission: string, callback: (granted: boolean) => void) => void,
  ): void {
    for (const permission of permissions) handler(null, permission, expectDenied)
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    this.#check = handler
  }

  setDevicePermissionHandler(handler: CheckHandler): void {
    expectDenied(handler())
  }

  /** Of the stand-in: Chromium is up. */
  async restrict(chromium: Chromium, origin: string): Promise<void> {
    const setting = this.#check?.() === false ? 'denied' : 'prompt'
    const set = permissions.map((name) =>
      chromium.send('Browser.setPermission', {
        origin: toServed(origin).replace(/\/$/, ''),
        permission: { name },
        setting,
      }),
    )
    await Promise.allSettled([...set, chromium.send('Browser.setDownloadBehavior', { behavior: 'deny' })])
  }
}

const expectDenied = (answer: unknown): void => {
  if (answer === true) throw new Error('stand-in: granting a permission is not emulated')
}
