import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { blankAddress } from '../../build/standin/app-urls.ts'
import { Application } from '../../build/standin/application.ts'
import { BrowserWindow } from '../../build/standin/browser-window.ts'
import type { Chromium, Fields } from '../../build/standin/chromium.ts'
import { IpcMain } from '../../build/standin/ipc-main.ts'
import { Menu } from '../../build/standin/menu.ts'
import { NativeTheme } from '../../build/standin/native-theme.ts'
import { PageSession } from '../../build/standin/page-session.ts'
import { preloadWorldName, tellBinding } from '../../build/standin/page-scripts.ts'

const session = 'session-1'
const targetId = 'target-1'
const page = 'http://bundle.app.x-electron.localhost/index.html'

interface Sent {
  readonly method: string
  readonly params: Fields
}

/** Chromium's end of the pipe: it makes a tab, answers, and says what a test lets it say. */
class TalkingChromium extends EventEmitter {
  readonly display = 'headless'
  readonly sent: Sent[] = []
  readonly answers = new Map<string, () => Promise<Fields>>()
  /** What a new tab's address is when it is told of. */
  firstAddress: (asked: string) => string = (asked) => asked

  async send(method: string, params: Fields = {}): Promise<Fields> {
    this.sent.push({ method, params })
    if (method === 'Target.createTarget') this.#makeTab(String(params['url']))
    return this.answers.get(method)?.() ?? {}
  }

  /** An event of the page's. */
  say(method: string, event: object): void {
    this.emit(`${session}:${method}`, event)
  }

  sentAs(method: string): readonly Fields[] {
    return this.sent.filter((one) => one.method === method).map(({ params }) => params)
  }

  #makeTab(url: string): void {
    const targetInfo = { targetId, url: this.firstAddress(url) }
    this.emit('Target.attachedToTarget', { sessionId: session, targetInfo })
    if (targetInfo.url !== url) this.emit('Target.targetInfoChanged', { targetInfo: { targetId, url } })
  }
}

const standIn = async (talking = new TalkingChromium()) => {
  const app = new Application({ folder: '', name: 'Test', version: '1', switches: [], end: () => undefined })
  app.becomeReady(() => [])
  const chromium = talking as unknown as Chromium
  const ipcMain = new IpcMain()
  const parts = { app, ipcMain, menu: Menu, nativeTheme: new NativeTheme(), session: new PageSession() }
  BrowserWindow.host = { ...parts, chromium: Promise.resolve(chromium) }
  await BrowserWindow.watch(chromium)
  return { chromium: talking, ipcMain, window: new BrowserWindow() }
}

const contextOf = (id: number): object => {
  const context = { id, uniqueId: `unique-${id}`, name: preloadWorldName, auxData: { frameId: targetId } }
  return { context }
}

const asking = (executionContextId: number, channel: string): object => {
  const payload = JSON.stringify({ does: 'invoke', id: 1, channel, values: [] })
  return { name: tellBinding, payload, executionContextId }
}

test('a window loads its page also where its tab was told of before it had an address', async () => {
  const chromium = new TalkingChromium()
  chromium.firstAddress = () => ''
  const { window } = await standIn(chromium)
  await window.loadURL('app://bundle/index.html')
  expect(chromium.sentAs('Page.navigate')).toEqual([{ url: page }])
})

test('a window loads its page also where it cannot be placed', async () => {
  const chromium = new TalkingChromium()
  chromium.answers.set('Browser.setContentsSize', () => Promise.reject(new Error('no such window')))
  const { window } = await standIn(chromium)
  await window.loadURL('app://bundle/index.html')
  expect(chromium.sentAs('Page.navigate')).toEqual([{ url: page }])
})

test('what a page asks is answered to it, also where the end of the page before is told of last', async () => {
  const { chromium, ipcMain, window } = await standIn()
  ipcMain.handle('ask', async () => 'an answer')
  await window.loadURL('app://bundle/index.html')
  chromium.say('Runtime.executionContextCreated', contextOf(1))
  chromium.say('Runtime.executionContextCreated', contextOf(2))
  chromium.say('Runtime.executionContextsCleared', {})
  chromium.say('Runtime.bindingCalled', asking(2, 'ask'))
  window.webContents.send('news')
  const told = (): unknown[] => chromium.sentAs('Runtime.callFunctionOn').map((one) => one['uniqueContextId'])
  await expect.poll(told).toEqual(['unique-2', 'unique-2'])
})

test('a page that is gone is answered no more, and the one after it gets no answer of its', async () => {
  const { chromium, ipcMain, window } = await standIn()
  const answer = Promise.withResolvers<string>()
  ipcMain.handle('ask', () => answer.promise)
  await window.loadURL('app://bundle/index.html')
  chromium.say('Runtime.executionContextCreated', contextOf(1))
  chromium.say('Runtime.bindingCalled', asking(1, 'ask'))
  chromium.say('Runtime.executionContextsCleared', {})
  chromium.say('Runtime.executionContextCreated', contextOf(2))
  answer.resolve('late')
  await expect.poll(() => chromium.sentAs('Runtime.callFunctionOn').length).toBe(1)
  expect(chromium.sentAs('Runtime.callFunctionOn')[0]).toMatchObject({ uniqueContextId: 'unique-1' })
})

test('the program’s own load is not asked about, whatever is asked for before it; what the page wants is', async () => {
  const { chromium, window } = await standIn()
  const wanted: string[] = []
  window.webContents.on('will-navigate', ({ url }: { readonly url: string }) => wanted.push(url))
  const request = (requestId: string, url: string): void =>
    chromium.say('Fetch.requestPaused', { requestId, frameId: targetId, request: { url } })
  chromium.answers.set('Page.navigate', async () => {
    request('1', `${blankAddress}mark`)
    request('2', 'https://example.org/__standin_new__/')
    request('3', page)
    return {}
  })
  await window.loadURL('app://bundle/index.html')
  expect(wanted).toEqual(['https://example.org/__standin_new__/'])
  request('4', page)
  expect(wanted).toHaveLength(2)
  expect(wanted[1]).toBe('app://bundle/index.html')
})
