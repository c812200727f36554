import { passwordOf } from '../../build/cluster/group.ts'
import { expect, test } from './harness.ts'
import { Person } from './person.ts'

test('from log-in to reading, answering and sending, no mouse is needed', async ({ quintet }) => {
  const group = await quintet.group()
  await (await group.person('anna', 2)).close()
  const ben = await group.person('ben', 3)
  await ben.ask('send', { to: ['anna'], subject: 'First', body: 'The first mail.' })
  await ben.ask('send', { to: ['anna'], subject: 'Second', body: 'The second mail.' })
  await group.settled()
  const window = await quintet.openOn(group, 1)
  const { page } = window
  const { keyboard } = page
  const anna = new Person(page)
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 0 } })

  await anna.tabTo(page.getByRole('textbox', { name: 'Name', exact: true }))
  await keyboard.type('anna')
  await anna.tabTo(page.getByLabel('Password', { exact: true }))
  await keyboard.type(passwordOf('anna'))
  await keyboard.press('Enter')
  await expect(anna.row('Second')).toBeVisible()

  await anna.tabTo(page.getByRole('grid', { name: 'Inbox' }))
  await keyboard.press('j')
  await keyboard.press('Enter')
  const reader = page.getByRole('region', { name: 'Open mail' })
  await expect(reader.getByText('The first mail.')).toBeVisible()
  await keyboard.press('k')
  await expect(reader.getByText('The second mail.')).toBeVisible()
  await keyboard.press('r')
  const letter = page.getByRole('dialog', { name: 'Re: Second' })
  await expect(letter.getByRole('textbox', { name: 'Text', exact: true })).toBeFocused()
  await keyboard.type('Understood.')
  await keyboard.press('ControlOrMeta+Enter')
  await ben.event('mail', ({ subject }) => subject === 'Re: Second')

  await keyboard.press('c')
  await expect(page.getByRole('combobox', { name: 'To' })).toBeFocused()
  await keyboard.type('be')
  await expect(page.getByRole('option', { name: 'ben' })).toBeVisible()
  await keyboard.press('Enter')
  await anna.tabTo(page.getByRole('textbox', { name: 'Subject' }))
  await keyboard.type('By hand')
  await anna.tabTo(page.getByRole('textbox', { name: 'Text', exact: true }))
  await keyboard.type('No mouse aboard.')
  await keyboard.press('ControlOrMeta+Enter')
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'By hand')
  expect(await ben.ask('read', { mail })).toMatchObject({ body: 'No mouse aboard.' })

  await keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toHaveCount(0)
  await keyboard.press('ControlOrMeta+K')
  // Quicker than the palette comes.
  await keyboard.type('se')
  await page.getByRole('dialog', { name: 'Do something' }).waitFor()
  await keyboard.type('nt')
  await keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Sent', level: 1 })).toBeVisible()
  await expect(anna.row('By hand')).toBeVisible()
  await keyboard.press('/')
  await expect(page.getByRole('textbox', { name: 'Search mail' })).toBeFocused()
  await keyboard.type('second')
  await expect(page.getByRole('heading', { name: 'Found' })).toBeVisible()
  await expect(anna.row('Re: Second')).toBeVisible()
  await keyboard.press('ArrowDown')
  await expect(page.getByRole('grid', { name: 'Found' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(reader.getByRole('article').first()).toBeVisible()
  await keyboard.press('Escape')
  await anna.tabTo(page.getByRole('button', { name: 'New mail', exact: true }).first())
  await keyboard.press('Enter')
  await expect(page.getByRole('combobox', { name: 'To' })).toBeFocused()
  expect(window.pageErrors).toEqual([])
})

/** So much around an element belongs to its look: rings are drawn outside, a field may have its frame lit. */
const ringPixels = 20
const mostStops = 60

test('wherever the tab key leads, it can be seen where it has led', async ({ quintet }) => {
  const { window } = await quintet.demo()
  const { page } = window
  const person = new Person(page)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await expect(page.getByRole('row').first()).toBeVisible()
  const unseen: string[] = []
  const stops = new Map<string, number>()
  for (const name of ['Mail', 'Timeline', 'People', 'Network', 'Settings'] as const) {
    await person.goTo(name)
    if (name === 'Mail') {
      await page.getByRole('row').first().click()
      await expect(page.getByRole('region', { name: 'Open mail' }).getByRole('article').first()).toBeVisible()
    }
    await page.evaluate(() => {
      for (const one of document.querySelectorAll('[data-seen]')) one.removeAttribute('data-seen')
      document.body.tabIndex = -1
      document.body.focus()
    })
    let count = 0
    for (; count < mostStops; count += 1) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluateHandle(() => document.activeElement ?? document.body)
      const isRound = await focused.evaluate((one) => one === document.body || one.hasAttribute('data-seen'))
      // A page that is drawn anew at this moment takes the first key.
      if (isRound && count === 0) continue
      if (isRound) break
      const box = await focused.boundingBox()
      if (box === null) continue
      const clip = {
        x: Math.max(box.x - ringPixels, 0),
        y: Math.max(box.y - ringPixels, 0),
        width: box.width + 2 * ringPixels,
        height: box.height + 2 * ringPixels,
      }
      const picture = (): Promise<Buffer> => page.screenshot({ clip, animations: 'disabled', caret: 'hide' })
      const withFocus = await picture()
      // A page that opens at this moment takes the focus to where its work begins: this stop comes again, later.
      if (!(await focused.evaluate((one) => one === document.activeElement))) continue
      await focused.evaluate((one) => one.setAttribute('data-seen', ''))
      // The tab key goes on from there nevertheless.
      await focused.evaluate((one) => (one as HTMLElement).blur())
      const without = await picture()
      if (withFocus.equals(without))
        unseen.push(`${name}: ${await focused.evaluate((one) => one.outerHTML.slice(0, 200))}`)
    }
    stops.set(name, count)
  }
  expect(unseen).toEqual([])
  // The pages' own controls come after the skip link, the rail, and the account.
  for (const [name, count] of stops) expect(count, name).toBeGreaterThan(8)
})
