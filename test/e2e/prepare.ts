import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildApp } from '../../build/app/build-app.ts'
import { chooseRuntime } from '../../build/app/electron-runtime.ts'
import { browserCommand, ensureBrowser } from '../../build/browser.ts'

/** Before the first spec: something to draw windows with, and the app. Electron itself wants a display; Xvfb is one. */
export default async function prepare(): Promise<() => Promise<void>> {
  const tell = (message: string): void => console.log(`e2e: ${message}`)
  if (chooseRuntime().kind === 'standIn' && (await ensureBrowser(tell)) === 'missing')
    throw new Error(`The app's windows need Electron's runtime or a Chromium. Install one: ${browserCommand}`)
  await buildApp(tell)
  if (chooseRuntime().kind === 'standIn' || process.env['DISPLAY'] !== undefined || process.platform !== 'linux')
    return async () => undefined
  const display = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1920x1080x24'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [number] = (await once(display.stdout, 'data')) as [Buffer]
  process.env['DISPLAY'] = `:${number.toString('utf8').trim()}`
  return async () => {
    display.kill()
    await once(display, 'exit')
  }
}
