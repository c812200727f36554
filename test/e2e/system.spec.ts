import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type AppWindow, expect, test } from './harness.ts'
import { Person } from './person.ts'
import { start } from './start.ts'

interface Shown {
  readonly title: string
  readonly body: string
  readonly silent: boolean
}

/** From now on what the system would show is written down, and nobody looks at the window. */
const hideAndListen = (window: AppWindow): Promise<void> =>
  window.app.evaluate(({ BrowserWindow, Notification }) => {
    const shown: unknown[] = []
    Object.assign(globalThis, { shown })
    Notification.prototype.show = function show(this: Electron.Notification) {
      const { title, body, silent } = this
      shown.push({ title, body, silent })
      Object.assign(globalThis, { latest: this })
    }
    BrowserWindow.getAllWindows()[0]?.hide()
  })

const shownAt = (window: AppWindow): Promise<readonly Shown[]> =>
  window.app.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown)

const titleAndBadge = (window: AppWindow): Promise<unknown> =>
  window.app.evaluate(({ app, BrowserWindow }) => [BrowserWindow.getAllWindows()[0]?.getTitle(), app.getBadgeCount()])

test('a mail is told with its sender; what a merge brings is told once; what is unread is counted outside of the window', async ({
  quintet,
}) => {
  const { group, window } = await quintet.groupWithApp([1, 2])
  const ben = await group.person('ben', 2)
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await group.settled()
  await hideAndListen(window)
  await ben.ask('send', { to: ['anna'], subject: 'Splinter', body: '' })
  await expect.poll(() => shownAt(window)).toEqual([{ title: 'ben', body: 'Splinter', silent: false }])
  await expect.poll(() => titleAndBadge(window)).toEqual(['Quintet (1)', 1])

  await group.partition([1], [2])
  for (let number = 1; number <= 6; number += 1)
    await ben.ask('send', { to: ['anna'], subject: `While apart ${number}`, body: '' })
  await group.heal()
  await expect.poll(() => titleAndBadge(window)).toEqual(['Quintet (7)', 7])
  await expect.poll(() => shownAt(window)).toHaveLength(2)
  expect((await shownAt(window)).at(-1)).toMatchObject({ title: '6 new mails', body: 'From ben' })

  await ben.ask('send', { to: ['anna'], subject: 'Read me', body: 'It is urgent.' })
  await expect.poll(() => shownAt(window)).toHaveLength(3)
  await window.app.evaluate(() => {
    ;(globalThis as unknown as { latest: Electron.Notification }).latest.emit('click')
  })
  await expect(window.page.getByRole('region', { name: 'Open mail' }).getByText('It is urgent.')).toBeVisible()
  await expect.poll(() => titleAndBadge(window)).toEqual(['Quintet (7)', 7])
})

test('starting at log-in is put where the system looks, hidden and with this data directory, and taken away again', async ({
  quintet,
}) => {
  test.skip(process.platform !== 'linux', 'other systems keep it in a place of their own')
  const configuration = await quintet.directory()
  const window = await quintet.open({ environment: { XDG_CONFIG_HOME: configuration } })
  const entry = (): Promise<string> =>
    readFile(path.join(configuration, 'autostart', 'quintet.desktop'), 'utf8').catch(() => 'none')
  await window.call('host', 'changeSettings', { settings: { startAtLogin: 'on' } })
  await expect.poll(entry).toContain(`"--hidden" "--data" "${window.data}"`)
  await window.call('host', 'changeSettings', { settings: { startAtLogin: 'off' } })
  await expect.poll(entry).toBe('none')
  await writeFile(path.join(configuration, 'autostart', 'quintet.desktop'), 'of another data directory')
  await window.call('host', 'changeSettings', { settings: { theme: 'dark' } })
  expect(await entry()).toBe('of another data directory')
})

test('started at log-in it serves the group without showing its window, until it is asked for', async ({ quintet }) => {
  const group = await quintet.group([1, 2])
  await group.replica(1).stop()
  const data = group.dataOf(1)
  const hidden = start(['--data', data, '--hidden', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'])
  await group.sees([2], [1, 2])
  await expect(async () => {
    const second = start(['--data', data])
    const [code] = (await once(second.child, 'exit')) as [number | null]
    expect(code, second.output()).toBe(0)
  }).toPass()
  hidden.child.kill('SIGTERM')
  const [code] = (await once(hidden.child, 'exit')) as [number | null]
  expect(code, hidden.output()).toBe(0)
})

test('an invite link that is opened leads to the seats of its group', async ({ quintet }) => {
  const group = await quintet.group([1, 2])
  const { invite } = await group.operator(1).ask('invite')
  const window = await quintet.open()
  await expect(window.page.getByRole('button', { name: /^Join with an invite/ })).toBeVisible()
  const second = start(['--data', window.data, invite])
  await once(second.child, 'exit')
  await expect(window.page.getByRole('heading', { name: 'Choose a place for this machine' })).toBeVisible()
  await expect(window.page.getByText('Northern Light')).toBeVisible()
  await window.page.getByRole('button', { name: 'Join the group' }).click()
  await expect(window.page.getByRole('heading', { name: 'Create your account' })).toBeVisible()
  await group.sees([1, 2], [1, 2, 3])
})

test('what was sent just before quitting is on the disk', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  const anna = new Person(window.page)
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await expect(anna.page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
  const ended = once(window.app.process(), 'exit')
  await window.call('client', 'send', { to: ['anna'], subject: 'Last words', body: '' })
  await window.call('host', 'quit')
  await ended
  const again = await quintet.open({ data: window.data })
  await again.logIn('anna')
  expect(await again.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 1 })
})

/** What a person waits at most between "Quit" and the end of the process: the flush, and a little for the windows. */
const quitWithinMs = 8_000

/** Quits as the menu does; how long it took until the process was gone. */
const quitTime = async (window: AppWindow): Promise<number> => {
  const ended = once(window.app.process(), 'exit')
  const began = performance.now()
  await window.call('host', 'quit')
  await ended
  return performance.now() - began
}

test('quitting does not wait for servers that hang, and loses nothing', async ({ quintet }) => {
  const { group, window } = await quintet.groupWithApp()
  await window.signUp('anna')
  group.replica(3).process.signal('SIGSTOP')
  group.replica(4).process.signal('SIGSTOP')
  await window.call('client', 'send', { to: ['anna'], subject: 'Before the end', body: '' })
  expect(await quitTime(window)).toBeLessThan(quitWithinMs)
  const again = await quintet.open({ data: window.data })
  await again.logIn('anna')
  expect(await again.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 1 })
})

test('a file system that stalls holds quitting up for five seconds, not for ever, and what was accepted is there', async ({
  quintet,
}) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  await window.call('client', 'send', { to: ['anna'], subject: 'Before the end', body: '' })
  // Whoever opens a pipe that nobody reads hangs in the kernel, as with a network drive that is gone.
  const stalled = path.join(window.data, 'desktop', 'window.json.new')
  await promisify(execFile)('mkfifo', [stalled])
  const tookMs = await quitTime(window)
  expect(tookMs).toBeGreaterThan(4_000)
  expect(tookMs).toBeLessThan(quitWithinMs)
  await rm(stalled)
  const again = await quintet.open({ data: window.data })
  await again.logIn('anna')
  expect(await again.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 1 })
})
