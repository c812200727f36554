import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Strings, stringsFor } from '../../electron/system/strings.ts'
import { serveAppFiles } from '../../electron/window/app-protocol.ts'
import { guardPages } from '../../electron/window/guards.ts'
import { MainWindow } from '../../electron/window/main-window.ts'
import type { WindowPlace } from '../../electron/window/window-state.ts'

/** What the program tells Electron, written down. */
const told = vi.hoisted(() => ({
  windows: [] as { readonly webPreferences: object }[],
  listeners: new Map<string, (...args: never[]) => void>(),
  handlers: new Map<string, (...args: never[]) => unknown>(),
}))

vi.mock('electron', () => {
  const on = (name: string, listener: (...args: never[]) => void): void => void told.listeners.set(name, listener)
  const setter = (name: string) => (handler: (...args: never[]) => unknown) => told.handlers.set(name, handler)
  class BrowserWindow {
    readonly webContents = { on, isDestroyed: () => false }
    constructor(options: { readonly webPreferences: object }) {
      told.windows.push(options)
    }
    on = on
    isMinimized = () => false
    show = () => undefined
    focus = () => undefined
    loadURL = () => Promise.resolve()
  }
  return {
    BrowserWindow,
    Menu: {},
    app: { on, isPackaged: true },
    nativeTheme: { shouldUseDarkColors: false },
    protocol: { handle: (_scheme: string, handler: (...args: never[]) => unknown) => setter('page')(handler) },
    screen: {},
    session: {
      defaultSession: {
        on,
        setPermissionRequestHandler: setter('request'),
        setPermissionCheckHandler: setter('check'),
        setDevicePermissionHandler: setter('device'),
      },
    },
  }
})

const prevented = (name: string, event: object): boolean => {
  let isPrevented = false
  told.listeners.get(name)?.({ ...event, preventDefault: () => (isPrevented = true) } as never)
  return isPrevented
}

beforeEach(() => {
  told.windows.length = 0
  told.listeners.clear()
  told.handlers.clear()
})

test('the window has every lock of Electron’s list on, and no developer tools where it is packaged', () => {
  const place = { options: () => ({}), follow: () => undefined } as unknown as WindowPlace
  const strings = (): Strings => stringsFor('en', 'en')
  const heard = { onClose: (): 'hide' => 'hide', onPageStopped: () => undefined }
  new MainWindow({ place, preload: 'preload.cjs', icon: '', strings, ...heard }).show()
  expect(told.windows.map(({ webPreferences }) => webPreferences)).toEqual([
    {
      preload: 'preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: process.platform === 'darwin',
      devTools: false,
    },
  ])
})

test('permissions and devices are denied, downloads and webviews prevented', () => {
  guardPages()
  const answers: unknown[] = []
  told.handlers.get('request')?.(...([null, 'media', (granted: unknown) => answers.push(granted)] as never[]))
  expect(answers).toEqual([false])
  expect(told.handlers.get('check')?.()).toBe(false)
  expect(told.handlers.get('device')?.()).toBe(false)
  expect(prevented('will-download', {})).toBe(true)
})

test('any page that is made may neither go elsewhere, nor show a frame or a webview, nor open a window', () => {
  guardPages()
  let opened: unknown = null
  const contents = {
    on: (name: string, listener: (...args: never[]) => void) => told.listeners.set(name, listener),
    setWindowOpenHandler: (handler: () => unknown) => (opened = handler()),
  }
  told.listeners.get('web-contents-created')?.(...([null, contents] as never[]))
  expect(opened).toEqual({ action: 'deny' })
  expect(prevented('will-attach-webview', {})).toBe(true)
  for (const name of ['will-navigate', 'will-redirect']) {
    for (const url of [
      'https://example.org/',
      'file:///etc/passwd',
      'app://other/index.html',
      'data:text/html,x',
      'no',
    ])
      expect(prevented(name, { url }), `${name} ${url}`).toBe(true)
    expect(prevented(name, { url: 'app://bundle/index.html' })).toBe(false)
  }
  expect(prevented('will-frame-navigate', { url: 'app://bundle/index.html', isMainFrame: false })).toBe(true)
  expect(prevented('will-frame-navigate', { url: 'app://bundle/index.html', isMainFrame: true })).toBe(false)
})

test('of the disk only the page’s own files are served, at its own address alone, with all that keeps it to itself', async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'quintet-page-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  const folder = path.join(parent, 'page')
  for (const place of [path.join(folder, 'assets'), `${folder}-other`]) await mkdir(place, { recursive: true })
  await writeFile(path.join(folder, 'index.html'), 'the page')
  await writeFile(path.join(folder, 'assets', 'a b.js'), 'a script')
  for (const file of ['page-other/index.html', 'secret']) await writeFile(path.join(parent, file), 'a secret')
  serveAppFiles(folder)
  const ask = async (url: string, method = 'GET') => {
    const response = (await told.handlers.get('page')?.(...([{ url, method }] as never[]))) as Response
    const { status, headers } = response
    expect(headers.get('content-security-policy'), url).toMatch(
      /default-src 'none'.*require-trusted-types-for 'script'/u,
    )
    return [status, headers.get('content-type')?.split(';')[0], await response.text()]
  }
  const page = [200, 'text/html', 'the page']
  for (const url of ['app://bundle/', 'app://bundle/index.html?a#b', 'app://bundle/x/%2e%2e/index.html'])
    expect(await ask(url), url).toEqual(page)
  expect(await ask('app://bundle/assets/a%20b.js')).toEqual([200, 'text/javascript', 'a script'])
  for (const url of [
    'app://other/index.html',
    'file://bundle/index.html',
    'app://bundle/none',
    'app://bundle/assets',
    'app://bundle/..%2fsecret',
    'app://bundle/..%2fpage-other%2findex.html',
    `app://bundle/${encodeURIComponent(path.join(parent, 'secret'))}`,
    'app://bundle/%',
    'no',
  ])
    expect((await ask(url))[0], url).toBe(404)
  expect((await ask('app://bundle/index.html', 'POST'))[0]).toBe(404)
})

test('a file of the page that cannot be read is no missing one: it fails, so that it is asked for again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await symlink('main.js', path.join(folder, 'main.js'))
  serveAppFiles(folder)
  const request = { url: 'app://bundle/main.js', method: 'GET' }
  const response = (await told.handlers.get('page')?.(...([request] as never[]))) as Response
  expect(response.type).toBe('error')
})

test('nothing in the program asks Electron for what its list warns of', async () => {
  const warned = /enableBlinkFeatures|allowpopups|executeJavaScript|loadFile|file:\/\/|openDevTools|appendSwitch/u
  const folder = path.join(import.meta.dirname, '..', '..', 'electron')
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'))
  expect(names.length).toBeGreaterThan(20)
  for (const name of names) expect(await readFile(path.join(folder, name), 'utf8'), name).not.toMatch(warned)
})
