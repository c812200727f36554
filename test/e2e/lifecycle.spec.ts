import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { expect, test } from './harness.ts'
import { processesOf } from './processes.ts'
import { start } from './start.ts'

test('a second start brings the first window to the front, and gives it the invite that it was opened with', async ({
  quintet,
}) => {
  const { app, page, data } = await quintet.open()
  await page.evaluate(() => {
    const heard: unknown[] = []
    Object.assign(window, { heard })
    window.quintet.onAppEvents((events) => heard.push(...events))
  })
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  const second = start(['--data', data, 'quintet://join/abc'])
  const [code] = (await once(second.child, 'exit')) as [number | null]
  expect(code, second.output()).toBe(0)
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard))
    .toContainEqual({ event: 'inviteOpened', invite: 'quintet://join/abc' })
  expect(
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((one) => one.isVisible())),
  ).toEqual([true])
})

test('two data directories are two instances', async ({ quintet }) => {
  const first = await quintet.open()
  const second = await quintet.open()
  expect(second.pid).not.toBe(first.pid)
  expect(await second.call('host', 'phase')).toEqual({ phase: 'empty' })
})

test('closing the window keeps the replica running, and says so once', async ({ quintet }) => {
  const { group, window } = await quintet.groupWithApp()
  await window.app.evaluate(({ BrowserWindow, Notification }) => {
    const said: string[] = []
    Object.assign(globalThis, { said })
    Notification.prototype.show = function show(this: { title: string }) {
      said.push(this.title)
    }
    BrowserWindow.getAllWindows()[0]?.close()
  })
  await expect
    .poll(() => window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((one) => one.isVisible())))
    .toEqual([false])
  const ben = await group.person('ben', 3)
  await ben.ask('send', { to: ['ben'], subject: 'Still there?', body: '' })
  await group.settled()
  await window.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.show()
    BrowserWindow.getAllWindows()[0]?.close()
  })
  const said = await window.app.evaluate(() => (globalThis as unknown as { said: string[] }).said)
  expect(said).toHaveLength(1)
  await expect.poll(() => window.call('host', 'settings')).toMatchObject({ trayHintShown: 'yes' })
})

test('a page that stops at each load is loaded three times, then the person is asked, and the replica goes on', async ({
  quintet,
}) => {
  const window = await quintet.openAlone()
  const watched = await window.app.evaluateHandle(({ BrowserWindow, dialog }) => {
    const seen = { loads: 0, asked: [] as string[], answer: (_response: number): void => undefined }
    dialog.showMessageBox = async (...asked: unknown[]) => {
      seen.asked.push((asked.at(-1) as Electron.MessageBoxOptions).message)
      return new Promise((resolve) => {
        seen.answer = (response) => resolve({ response, checkboxChecked: false })
      })
    }
    const page = BrowserWindow.getAllWindows()[0]?.webContents
    const stop = (): void => page?.forcefullyCrashRenderer()
    page?.on('did-finish-load', () => {
      seen.loads += 1
      // A page that stays is one of those after the answer.
      if (seen.loads < 9) stop()
    })
    stop()
    return seen
  })
  const seen = (): Promise<unknown> => watched.evaluate(({ loads, asked }) => [loads, asked.length])
  await expect.poll(seen).toEqual([3, 1])
  const client = new MailProcess({ data: window.data })
  expect((await client.ask('status')).serverId).toBe(1)
  await client.close()
  // "Try again" is the first button; it stops once more, and is closed then, which is the last.
  await watched.evaluate(({ answer }) => answer(0))
  await expect.poll(seen).toEqual([7, 2])
  await watched.evaluate(({ answer }) => answer(2))
  await expect.poll(() => window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0)
  const opened = window.app.waitForEvent('window')
  await once(start(['--data', window.data]).child, 'exit')
  await expect((await opened).getByRole('heading', { name: 'Create your account' })).toBeVisible()
})

test('--replica-only serves without a window and without a display, as the scripted interface says', async ({
  quintet,
}) => {
  const data = await quintet.directory()
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...environment } = process.env
  const args = [
    '--replica-only',
    '--data',
    data,
    '--create',
    'Lab',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--no-mdns',
    '--json',
  ]
  const { child, output } = start(args, environment)
  await expect.poll(output).toContain('"event":"ready"')
  const client = new MailProcess({ data })
  expect((await client.ask('status')).serverId).toBe(1)
  await client.close()
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code, output()).toBe(0)
  expect(JSON.parse(output().split('\n')[0] ?? '')).toMatchObject({ event: 'ready', serverId: 1, data })
})

test('--replica-only without arguments is a usage error', async () => {
  const { child, output } = start(['--replica-only'])
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code, output()).toBe(2)
})

test('what was accepted is there after quitting and starting again', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  const sent = Array.from({ length: 20 }, (_, index) =>
    window.call('client', 'send', { to: ['anna'], subject: `Mail ${index}`, body: '' }),
  )
  await Promise.all(sent)
  const began = performance.now()
  await window.close()
  expect(performance.now() - began).toBeLessThan(15_000)
  const again = await quintet.open({ data: window.data })
  await expect.poll(() => again.call('host', 'phase')).toMatchObject({ group: 'Northern Light' })
  await again.logIn('anna')
  expect(await again.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 20 })
})

test('after SIGKILL nothing is left running, and the next start takes over', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  await window.call('client', 'send', { to: ['anna'], subject: 'Before', body: '' })
  await window.kill()
  await expect.poll(() => processesOf(window.data)).toEqual([])
  const again = await quintet.open({ data: window.data })
  await expect.poll(() => again.call('host', 'phase')).toMatchObject({ phase: 'signedOut' })
  await again.logIn('anna')
  expect(await again.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 1 })
})

test('the window is where it was, and as large', async ({ quintet }) => {
  const window = await quintet.open()
  await window.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.setBounds({ x: 120, y: 80, width: 900, height: 640 })
  })
  const file = path.join(window.data, 'desktop', 'window.json')
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('"width":900')
  await window.close()
  const again = await quintet.open({ data: window.data })
  const bounds = await again.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
  expect(bounds).toMatchObject({ width: 900, height: 640 })
})

test('a start without a network opens the mailbox all the same', async ({ quintet }) => {
  const { group, window } = await quintet.groupWithApp()
  await window.signUp('anna')
  await group.settled()
  await window.close()
  await group.kill(2, 3, 4, 5)
  const again = await quintet.open({ data: window.data })
  await expect.poll(() => again.call('host', 'phase')).toMatchObject({ phase: 'signedOut' })
  await again.logIn('anna')
  await again.call('client', 'send', { to: ['anna'], subject: 'Alone', body: '' })
})
