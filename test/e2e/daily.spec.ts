import type { Locator } from '@playwright/test'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const quintet = quintetOfFile()
let group: ReplicaGroup
let window: AppWindow
let ben: MailProcess
let anna: Person

const subjects = ['Oil', 'Water', 'Bread']
const list = (): Locator => window.page.getByRole('grid', { name: 'Inbox' })
const reader = (): Locator => window.page.getByRole('region', { name: 'Open mail' })
const unread = (): Promise<unknown> =>
  window.call('client', 'counts').then((counts) => (counts as { readonly unread: number }).unread)
const clipboard = (): Promise<string> => window.app.evaluate(({ clipboard: system }) => system.readText())

test('N opens one unread mail after the other, and says when there is none left', async () => {
  ;({ group, window } = await quintet.groupWithApp([1, 2]))
  ben = await group.person('ben', 2)
  await (await group.person('cleo', 2)).close()
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await group.settled()
  anna = new Person(window.page)
  for (const subject of subjects)
    await ben.ask('send', { to: ['anna'], cc: ['cleo'], subject, body: `The *${subject}* is low.` })
  await expect(anna.row('Bread')).toBeVisible()
  await expect(anna.row('Oil')).toBeVisible()
  await expect.poll(unread).toBe(3)
  const seen: string[] = []
  for (let left = subjects.length; left > 0; left -= 1) {
    await window.page.keyboard.press('n')
    await expect.poll(unread).toBe(left - 1)
    seen.push(await reader().getByRole('heading', { level: 1 }).innerText())
  }
  expect(seen.toSorted()).toEqual(subjects.toSorted())
  await window.page.keyboard.press('n')
  await expect(window.page.getByText('Nothing is unread here.')).toBeVisible()
})

test('all are marked as read at once, and unread again by undo', async () => {
  await window.page.keyboard.press('Escape')
  await window.page.keyboard.press('ControlOrMeta+A')
  await expect(window.page.getByRole('row', { selected: true })).toHaveCount(3)
  await window.page.keyboard.press('Shift+U')
  await expect.poll(unread).toBe(3)
  await window.page.keyboard.press('Escape')
  await window.page.getByRole('button', { name: 'Mark all as read' }).click()
  await expect.poll(unread).toBe(0)
  await expect(window.page.getByRole('button', { name: 'Mark all as read' })).toHaveCount(0)
  const note = window.page.getByRole('listitem').filter({ hasText: '3 mails are marked as read.' })
  await note.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(unread).toBe(3)
})

test('the other mouse button has a menu for the mail under it, or for all that are selected', async () => {
  const { page } = window
  const menu = page.getByRole('menu', { name: 'Actions' })
  await anna.row('Water').click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Star' }).click()
  await expect(anna.row('Water').getByRole('button', { name: 'Take the star off' })).toBeVisible()
  await expect(page.getByRole('row', { selected: true })).toHaveCount(0)
  await anna.row('Oil').click({ modifiers: ['ControlOrMeta'] })
  await anna.row('Bread').click({ modifiers: ['ControlOrMeta'] })
  await anna.row('Bread').click({ button: 'right' })
  await menu.getByRole('menuitem', { name: 'Mark as read' }).click()
  await expect.poll(unread).toBe(1)
  await page.keyboard.press('Escape')
})

test('details name everybody, and can be copied; so can the text', async () => {
  const { page } = window
  await anna.row('Oil').click()
  await reader().getByRole('button', { name: 'Show details' }).click()
  await expect(reader().getByRole('button', { name: 'cleo', exact: true })).toBeVisible()
  await reader().getByRole('button', { name: 'Copy: From' }).click()
  await expect.poll(clipboard).toBe('ben')
  await reader().getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Copy the text' }).click()
  await expect.poll(clipboard).toBe('The *Oil* is low.')
  await reader().getByRole('button', { name: 'Hide details' }).click()
})

test('a mail is printed without the window around it, in dark colours on nothing', async () => {
  const { page } = window
  await window.call('host', 'changeSettings', { settings: { theme: 'dark' } })
  await page.evaluate(() => {
    globalThis.print = () => Object.assign(globalThis, { isPrinted: true })
  })
  await page.keyboard.press('ControlOrMeta+P')
  await expect.poll(() => page.evaluate(() => 'isPrinted' in globalThis)).toBe(true)
  await page.emulateMedia({ media: 'print' })
  const paper = page.locator('.on-paper')
  await expect(paper.getByText('The Oil is low.')).toBeVisible()
  await expect(paper.getByText('Cc: cleo')).toBeVisible()
  await expect(page.locator('#app')).toBeHidden()
  const [ink, ground] = await paper.evaluate((element) => {
    const { color } = getComputedStyle(element)
    return [color, getComputedStyle(document.body).backgroundColor]
  })
  expect(Number(/oklch\(([\d.]+)/u.exec(ink)?.[1])).toBeLessThan(0.5)
  expect(ground).toBe('rgba(0, 0, 0, 0)')
  await page.emulateMedia({ media: null })
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await expect(paper).toHaveCount(0)
  await window.call('host', 'changeSettings', { settings: { theme: 'light' } })
})

test('what the native menu offers is done in the window', async () => {
  const { page } = window
  const choose = (label: string): Promise<void> =>
    window.app.evaluate(({ Menu }, wanted) => {
      const items = Menu.getApplicationMenu()?.items.flatMap((item) => [item, ...(item.submenu?.items ?? [])]) ?? []
      items.find((item) => item.label === wanted)?.click()
    }, label)
  await choose('Network')
  await expect(page.getByRole('heading', { name: 'Northern Light', level: 1 })).toBeVisible()
  await choose('Search')
  await expect(page.getByRole('textbox', { name: 'Search mail' })).toBeFocused()
  await choose('New mail')
  await expect(page.getByRole('combobox', { name: 'To' })).toBeFocused()
  await page.getByRole('button', { name: 'Discard the draft' }).click()
})

test('a name that nobody in the whole group has is refused, with the letter open as it was', async () => {
  const { page } = window
  // Also where it could be taken back for a while.
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 10 } })
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click()
  await page.getByRole('combobox', { name: 'To' }).fill('zoe')
  await page.keyboard.press('Enter')
  const letter = page.getByRole('dialog').filter({ has: page.getByRole('combobox', { name: 'To' }) })
  await expect(letter.getByText('zoe: Nobody in this group has this name.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Subject' }).fill('Are you there yet?')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Nobody here has that name. Check its spelling under People.')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Subject' })).toHaveValue('Are you there yet?')
})

test('while the group is split it waits in the outbox and says why, and leaves by itself when the name is known', async () => {
  const { page } = window
  await group.operator(2).ask('pause', { servers: [1] })
  await expect(page.getByText('No other server can be reached.')).toBeVisible()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Waits in the outbox: zoe is not known on this side.')).toBeVisible()
  await anna.openFolder('Outbox')
  await expect(page.getByText('Waits for zoe: the name is not known on this side.')).toBeVisible()
  const zoe = await group.person('zoe', 2)
  await group.operator(2).ask('resume', { servers: [1] })
  await zoe.event('mail', ({ subject }) => subject === 'Are you there yet?')
  await expect(page.getByText('Everything has left')).toBeVisible()
  await anna.openFolder('Sent')
  await expect(anna.row('Are you there yet?')).toBeVisible()
  await anna.openFolder('Inbox')
})

test('the list is made wider with the mouse and by keys, and is as wide after a restart', async () => {
  const { page } = window
  await page.setViewportSize({ width: 1_400, height: 800 })
  const width = async (): Promise<number> => Math.round((await list().boundingBox())?.width ?? 0)
  const before = await width()
  const divider = page.getByRole('separator', { name: 'Width of the list' })
  const at = await divider.boundingBox()
  if (at === null) throw new Error('there is no divider')
  await page.mouse.move(at.x + at.width / 2, at.y + 300)
  await page.mouse.down()
  await page.mouse.move(at.x + at.width / 2 + 120, at.y + 320, { steps: 4 })
  await page.mouse.up()
  await expect.poll(width).toBe(before + 120)
  await divider.focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(width).toBe(before + 96)
  await expect.poll(() => window.call('host', 'settings')).toMatchObject({ listWidth: expect.any(Number) })
  expect(window.pageErrors).toEqual([])
  await window.close()
  window = await quintet.open({ data: window.data })
  await window.page.setViewportSize({ width: 1_400, height: 800 })
  await window.logIn('anna')
  await expect.poll(width).toBe(before + 96)
  await window.page.getByRole('separator', { name: 'Width of the list' }).dblclick()
  await expect.poll(width).toBe(before)
})
