import { app, session, type WebContents } from 'electron'
import { isOwnPage } from './app-protocol.ts'

/** Denies the page all that it does not need: permissions, devices, other pages, other windows, webviews, downloads. */
export const guardPages = (): void => {
  const pages = session.defaultSession
  pages.setPermissionRequestHandler((_contents, _permission, callback) => {
    callback(false)
  })
  pages.setPermissionCheckHandler(() => false)
  pages.setDevicePermissionHandler(() => false)
  pages.on('will-download', (event) => {
    event.preventDefault()
  })
  app.on('web-contents-created', (_event, contents) => {
    guardContents(contents)
  })
}

const guardContents = (contents: WebContents): void => {
  const stay = (event: { readonly url: string; preventDefault(): void }): void => {
    if (!isOwnPage(event.url)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-frame-navigate', (event) => {
    // The page has no frames of its own.
    if (!event.isMainFrame || !isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => {
    event.preventDefault()
  })
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}
