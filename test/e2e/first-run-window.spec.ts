import { expect, test } from './harness.ts'
import { Person } from './person.ts'

test('by keyboard alone somebody founds a group, chooses its seat, makes an account, and proves the recovery phrase', async ({
  quintet,
}) => {
  const window = await quintet.open()
  const { page } = window
  const { keyboard } = page
  const person = new Person(page)
  await person.tabTo(page.getByRole('button', { name: /^Create a group/ }))
  await keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'Create a group' })).toBeFocused()
  await person.tabTo(page.getByRole('textbox', { name: 'Name of the group' }))
  await keyboard.type('Northern Light')
  await person.tabTo(page.getByRole('textbox', { name: 'Name of this machine' }))
  await keyboard.press('ControlOrMeta+A')
  await keyboard.type('bridge')
  await person.tabTo(page.getByRole('radio', { name: 'Server id 1, free' }))
  await keyboard.press('ArrowRight')
  await keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: 'Server id 3, free' })).toBeChecked()
  await person.tabTo(page.getByRole('button', { name: 'Create the group' }))
  await keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible()
  await expect(page.getByText('Northern Light · server 3')).toBeVisible()
  await person.tabTo(page.getByRole('textbox', { name: 'Name', exact: true }))
  await keyboard.type('anna')
  await person.tabTo(page.getByLabel('Password', { exact: true }))
  await keyboard.type('four unrelated small words')
  await keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'Recovery phrase' })).toBeFocused()
  const shown = await page.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem').allInnerTexts()
  const words = shown.map((text) => text.replace(/^\s*\d+\s*/u, ''))
  expect(words).toHaveLength(12)
  await person.tabTo(page.getByRole('button', { name: 'I have written it down' }))
  await keyboard.press('Enter')
  const asked = page.getByRole('textbox', { name: /^Word \d+$/u })
  await expect(asked).toHaveCount(3)
  await keyboard.type('guessed')
  await keyboard.press('Enter')
  await expect(page.getByRole('alert').first()).toContainText(/That is not word \d+\./u)
  for (const field of await asked.all()) {
    const position = Number(
      /\d+/u.exec(await field.evaluate((one: HTMLInputElement) => one.labels?.[0]?.innerText ?? ''))?.[0],
    )
    await person.tabTo(field)
    await keyboard.press('ControlOrMeta+A')
    await keyboard.type(words[position - 1] ?? '')
  }
  await keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
  await expect(page.getByText('Nothing has come in yet')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Recovery phrase' })).toHaveCount(0)
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', server: 3, account: 'anna' })
  expect(await window.call('client', 'recoveryNoted')).toEqual({ noted: true })
})

test('joining names the seats that are taken, refuses one that somebody else was quicker to take, and goes on after a crash where it was', async ({
  quintet,
}) => {
  const group = await quintet.group([1, 2])
  const anna = await group.person('anna', 1)
  const { invite } = await group.operator(1).ask('invite')
  const first = await quintet.open()
  const { page } = first
  await page.getByRole('button', { name: /^Join with an invite/ }).click()
  await page.getByRole('textbox', { name: 'Invite' }).fill(invite.slice(0, -4))
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert')).toContainText(
    'This invite cannot be read. Copy all of it, or ask for a new one.',
  )

  await page.getByRole('textbox', { name: 'Invite' }).fill(invite)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('Northern Light')).toBeVisible()
  for (const server of [1, 2])
    await expect(page.getByRole('radio', { name: new RegExp(`^Server id ${server}, taken by .`, 'u') })).toBeDisabled()
  await page.getByRole('textbox', { name: 'Name of this machine' }).fill('sick bay')
  await page.getByRole('radio', { name: 'Server id 4, free' }).check({ force: true })
  await group.join(4, 1)
  await group.sees([1, 2], [1, 2, 4])
  await page.getByRole('button', { name: 'Join the group' }).click()
  await expect(page.getByRole('alert')).toContainText('This server id is taken. Choose another one.')
  await expect(page.getByRole('radio', { name: /^Server id 4, taken by ./u })).toBeDisabled()
  await expect(page.getByRole('radio', { name: 'Server id 3, free' })).toBeChecked()
  await expect.poll(() => first.call('host', 'firstRun')).toMatchObject({ step: 'seat', machine: 'sick bay' })
  await first.kill()

  const window = await quintet.open({ data: first.data })
  const again = window.page
  await expect(again.getByRole('heading', { name: 'Choose a place for this machine' })).toBeVisible()
  await expect(again.getByRole('textbox', { name: 'Name of this machine' })).toHaveValue('sick bay')
  await expect(again.getByRole('radio', { name: /^Server id 4, taken by ./u })).toBeDisabled()
  await again.getByRole('radio', { name: 'Server id 5, free' }).check({ force: true })
  await again.getByRole('button', { name: 'Join the group' }).click()
  await expect(again.getByText('Northern Light · server 5')).toBeVisible()
  await group.sees([1, 2, 4], [1, 2, 4, 5])

  await expect(again.getByRole('heading', { name: 'Log in' })).toBeVisible()
  await again.getByRole('button', { name: 'Create account' }).click()
  await again.getByRole('textbox', { name: 'Name', exact: true }).fill('anna')
  await again.getByLabel('Password', { exact: true }).fill('another person')
  await again.getByRole('button', { name: 'Create account' }).click()
  await expect(again.getByText('Somebody has this name already. Choose another one.')).toBeVisible()
  await again.getByRole('textbox', { name: 'Name', exact: true }).fill('ben')
  await again.getByRole('button', { name: 'Create account' }).click()
  await again.getByRole('button', { name: 'Remind me later' }).click()
  await expect(again.getByRole('region', { name: 'Recovery phrase' })).toBeVisible()
  await group.settled([1, 2, 4])
  await anna.ask('send', { to: ['ben'], subject: 'Welcome aboard', body: 'Supper is at seven.' })
  await expect(new Person(again).row('Welcome aboard')).toBeVisible()
})
