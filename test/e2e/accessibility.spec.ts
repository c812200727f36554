import { AxeBuilder } from '@axe-core/playwright'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

/** Only the colours differ between the themes: what else there is to find is found once, by all that axe looks for unasked. */
const themes: readonly { readonly theme: 'light' | 'dark'; readonly rules?: readonly string[] }[] = [
  { theme: 'light' },
  { theme: 'dark', rules: ['color-contrast', 'link-in-text-block'] },
]

const ofFile = quintetOfFile()
let demo: Promise<AppWindow> | undefined
/** The demonstration's window, with the mailbox shown: one for all tests that only look at it. */
const demoWindow = async (): Promise<AppWindow> => {
  demo ??= ofFile.demo().then(({ window }) => window)
  const window = await demo
  await window.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.setBounds({ width: 1200, height: 800 })
  })
  const person = new Person(window.page)
  await person.goTo('Mail')
  await person.openFolder('Inbox')
  await expect(window.page.getByRole('row').first()).toBeVisible()
  return window
}

/** Reading it takes axe much longer than looking, so a page gets it once. */
const sourceFor = async ({ page }: AppWindow): Promise<{ readonly axeSource?: string }> =>
  (await page.evaluate(() => 'axe' in window)) ? { axeSource: ';' } : {}

/** What axe finds serious or critical on what is shown now, in both themes. */
const findings = async (window: AppWindow, screen: string): Promise<readonly string[]> => {
  const found: string[] = []
  // What fades in or out has colours that are not its own.
  await window.page.emulateMedia({ reducedMotion: 'reduce' })
  for (const { theme, rules } of themes) {
    await window.call('host', 'changeSettings', { settings: { theme } })
    await expect(window.page.locator('html')).toHaveAttribute('data-theme', theme)
    await window.page.evaluate(async () => {
      // A transition begins with the next frame.
      await new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
    })
    // The page's own context makes no second page, which the usual mode needs.
    const axe = new AxeBuilder({ page: window.page, ...(await sourceFor(window)) })
      .options({ resultTypes: ['violations'] })
      .setLegacyMode()
    const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze()
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue
      found.push(...nodes.map(({ target, html }) => `${screen}, ${theme}: ${id} at ${target.join(' ')}: ${html}`))
    }
  }
  return found
}

test('axe finds nothing serious on the way into a group', async ({ quintet }) => {
  const window = await quintet.open()
  const { page } = window
  const found: string[] = []
  const look = async (screen: string): Promise<void> => {
    found.push(...(await findings(window, screen)))
  }
  const { group, invite } = await quintet.group([2]).then(async (made) => ({
    group: made,
    invite: (await made.operator(2).ask('invite')).invite,
  }))
  await expect(page.getByRole('heading', { name: 'Welcome to Quintet' })).toBeVisible()
  await look('first run: choice')
  await page.getByRole('button', { name: /^Create a group/ }).click()
  await page.getByRole('button', { name: 'Create the group' }).click()
  await look('first run: create, with a name missing')
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: /^Join with an invite/ }).click()
  await page.getByRole('textbox', { name: 'Invite' }).fill('not an invite')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await look('first run: bad invite')
  await page.getByRole('textbox', { name: 'Invite' }).fill(invite)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('radio', { name: /^Server id 2, taken by/ })).toBeVisible()
  await look('first run: seat')
  await page.getByRole('button', { name: 'Join the group' }).click()
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible()
  await look('sign-up')
  await page.getByRole('button', { name: 'Log in' }).click()
  await new Person(page).logIn('nobody')
  await expect(page.getByRole('alert')).toBeVisible()
  await look('log-in, refused')
  await page.getByRole('button', { name: 'Forgot the password?' }).click()
  await look('password reset')
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('anna')
  await page.getByLabel('Password', { exact: true }).fill('four unrelated small words')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: 'Recovery phrase' })).toBeVisible()
  await look('recovery phrase')
  await page.getByRole('button', { name: 'I have written it down' }).click()
  await look('recovery phrase, asked back')
  await page.getByRole('button', { name: 'Show the words again' }).click()
  await page.getByRole('button', { name: 'Remind me later' }).click()
  await expect(page.getByText('Nothing has come in yet')).toBeVisible()
  await look('empty inbox')
  await group.sees([2], [1, 2])
  expect(found).toEqual([])
})

test('a row of the list says what its mail is, and not what its buttons do', async () => {
  const { page } = await demoWindow()
  const row = page.getByRole('row', { name: /Starboard winch/u }).last()
  await expect(row).toHaveAccessibleName(
    /^Mateo Starboard winch \d.* with a star one file attached The noise is the pawl/u,
  )
  await expect(page.getByRole('row').first()).toHaveAccessibleName(/^unread Aiko Re: When the link goes down \d/u)
  // The focus stays in the list.
  await row.click()
  await expect(page.getByRole('status').filter({ hasText: 'Open mail: Starboard winch' })).toBeAttached()
})

test('axe finds nothing serious on any page of a mailbox in use', async () => {
  const window = await demoWindow()
  const { page } = window
  const person = new Person(page)
  const found: string[] = []
  const look = async (screen: string): Promise<void> => {
    found.push(...(await findings(window, screen)))
  }
  await look('mail list')
  await page.getByRole('row').first().click()
  await expect(page.getByRole('region', { name: 'Open mail' }).getByRole('article').first()).toBeVisible()
  await look('reading')
  await page.getByRole('button', { name: 'Show details' }).click()
  await look('reading, with details')
  await page.keyboard.press('x')
  await look('selection')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click()
  await page.getByRole('combobox', { name: 'To' }).pressSequentially('a')
  await expect(page.getByRole('option').first()).toBeVisible()
  await look('compose')
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  for (const folder of ['Sent', 'Drafts', 'Outbox', 'Trash'] as const) {
    await person.openFolder(folder)
    await look(folder)
  }
  for (const name of ['Timeline', 'People', 'Network', 'Settings'] as const) {
    await person.goTo(name)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await look(name)
  }
  for (const section of ['Mail', 'Account', 'This machine', 'Shortcuts', 'About']) {
    await page
      .getByRole('navigation', { name: 'Sections of the settings' })
      .getByRole('button', { name: section })
      .click()
    await look(`settings: ${section}`)
  }
  await person.goTo('People')
  await page
    .getByRole('list', { name: 'People' })
    .getByRole('button', { name: /^Mateo/ })
    .click()
  await expect(page.getByRole('region', { name: 'Mateo' })).toBeVisible()
  await look('profile')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await look('shortcuts')
  await page.keyboard.press('Escape')
  expect(found).toEqual([])
})

test('axe finds nothing serious in menus, questions, and what is found', async () => {
  const window = await demoWindow()
  const { page } = window
  const found: string[] = []
  const look = async (screen: string): Promise<void> => {
    found.push(...(await findings(window, screen)))
  }
  await page.getByRole('row').first().click({ button: 'right' })
  await expect(page.getByRole('menu', { name: 'Actions' })).toBeVisible()
  await look('menu of a mail')
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Search mail' }).fill('winch')
  await expect(page.getByRole('heading', { name: 'Found' })).toBeAttached()
  await expect(page.getByRole('row').first()).toBeVisible()
  await look('search')
  await page.getByRole('textbox', { name: 'Search mail' }).fill('zzzzzz')
  await expect(page.getByText('Nothing found')).toBeVisible()
  await look('search, nothing found')
  await page.getByRole('button', { name: 'End the search' }).first().click()
  await page.keyboard.press('ControlOrMeta+K')
  await expect(page.getByRole('dialog', { name: 'Do something' })).toBeVisible()
  await look('palette')
  await page.keyboard.press('Escape')
  await new Person(page).goTo('Network')
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(page.getByRole('dialog').getByRole('img')).toBeVisible()
  await look('invite')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Change the group key' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await look('question before the group key is changed')
  await page.keyboard.press('Escape')
  expect(found).toEqual([])
})

/** It leaves room for what is said beside it. */
const codePixels = 208

test('in a window as narrow as a telephone axe finds nothing serious, and nothing sticks out', async () => {
  const window = await demoWindow()
  const { page } = window
  const person = new Person(page)
  const found: string[] = []
  const look = async (screen: string): Promise<void> => {
    found.push(...(await findings(window, `${screen}, narrow`)))
    const beyond = await page.evaluate(() => {
      // Tables, code, and the row of the settings' sections are meant to scroll sideways.
      const meantTo = 'table, pre, nav, [role="table"], [role="grid"]'
      const scrolls = (one: Element): boolean =>
        one.closest(meantTo) === null && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)
      const scrollers = [...document.querySelectorAll('main, main *')].filter(scrolls)
      const sideways = [document.documentElement, ...scrollers].filter((one) => one.scrollWidth > one.clientWidth)
      return sideways.map((one) => `${one.tagName} ${one.className}: ${one.scrollWidth - one.clientWidth} pixels`)
    })
    found.push(...beyond.map((one) => `${screen}, narrow: ${one} stick out`))
  }
  const sized = async (width: number, height: number): Promise<void> => {
    await window.app.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), {
      width,
      height,
    })
    await expect.poll(() => page.evaluate(() => innerHeight)).toBeLessThanOrEqual(height)
  }
  await sized(360, 720)
  await expect.poll(() => page.evaluate(() => innerWidth)).toBeLessThanOrEqual(360)
  const longest = 'Kapitänskajüteneingangsbereichstischcomputer mit Zweitbildschirm'
  await window.call('client', 'renameMachine', { name: longest })
  await window.call('client', 'renameGroup', { name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterb' })
  await expect(page.getByRole('row').first()).toBeVisible()
  await look('mail list')
  await page.getByRole('row').first().click()
  await expect(page.getByRole('region', { name: 'Open mail' }).getByRole('article').first()).toBeVisible()
  await look('reading')
  await page.keyboard.press('c')
  await expect(page.getByRole('combobox', { name: 'To' })).toBeVisible()
  await look('compose')
  // Enlarged four times, a window of 1,280 by 1,024 pixels is as small as that: the text of a letter has its height still.
  await sized(320, 256)
  const text = page.getByRole('dialog').getByRole('textbox', { name: 'Text' })
  await expect.poll(async () => (await text.boundingBox())?.height).toBeGreaterThan(100)
  await sized(360, 720)
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  await page.getByRole('button', { name: 'Back to the list' }).click()
  await sized(360, 380)
  await page.getByRole('textbox', { name: 'Search mail' }).fill('zzzzzz')
  await expect(page.getByText('Nothing found')).toBeVisible()
  await page.getByRole('button', { name: 'End the search' }).last().click()
  await expect(page.getByRole('row').first()).toBeVisible()
  await sized(360, 720)
  for (const name of ['Timeline', 'People', 'Network', 'Settings'] as const) {
    await person.goTo(name)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await look(name)
  }
  await person.goTo('Network')
  await page.getByRole('button', { name: 'Invite' }).first().click()
  const code = page.getByRole('img', { name: 'The invite as a QR code' })
  await expect.poll(async () => (await code.boundingBox())?.width).toBe(codePixels)
  await look('invite')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await look('shortcuts')
  await page.keyboard.press('Escape')
  expect(found).toEqual([])
})

// The last one: what comes after it would find the group split.
test('axe finds nothing serious where the group is split', async () => {
  const window = await demoWindow()
  await new Person(window.page).goTo('Network')
  await window.call('host', 'setDemo', { demo: 'split' })
  await expect(window.page.getByText('The group is split.')).toBeVisible()
  expect(await findings(window, 'network, split')).toEqual([])
})
