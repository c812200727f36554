import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const quintet = quintetOfFile()
let group: ReplicaGroup
let window: AppWindow
/** At server 3, without a window. */
let ben: MailProcess
/** At server 1, in the window. */
let anna: Person

test('a wrong password is told at its field, and the right one opens the mailbox', async () => {
  group = await quintet.group()
  const elsewhere = await group.person('anna', 2)
  await elsewhere.close()
  ben = await group.person('ben', 3)
  await group.settled()
  window = await quintet.openOn(group, 1)
  anna = new Person(window.page)
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 0 } })
  await expect(window.page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  await anna.logIn('anna', 'not her password')
  await expect(window.page.getByRole('alert')).toHaveText('The password is not right. Mind upper and lower case.')
  await expect(window.page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await anna.logIn('nobody')
  await expect(window.page.getByRole('alert')).toContainText('Nobody in this group has that name.')
  await anna.logIn('anna')
  await expect(window.page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
})

test('what is written at server 1 is read at server 3, and its mark tells when all five have it', async () => {
  const letter = await anna.write({ to: 'ben', subject: 'Watch rota', body: 'You have the **dog watch**.' })
  await letter.getByRole('button', { name: 'Send' }).click()
  await expect(window.page.getByText('Sent.', { exact: true })).toBeVisible()
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'Watch rota')
  expect(await ben.ask('read', { mail })).toMatchObject({ from: 'anna', body: 'You have the **dog watch**.' })
  await anna.openFolder('Sent')
  await expect(anna.row('Watch rota').getByRole('img', { name: 'on all five' })).toBeVisible()
})

test('a mail from server 3 comes into the list that is shown, without reloading', async () => {
  const { page } = window
  await anna.openFolder('Inbox')
  await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }))
  await ben.ask('send', { to: ['anna'], subject: 'Engine hours', body: 'Port side: *412*.' })
  await expect(anna.row('Engine hours')).toContainText('unread')
  await expect(page.getByText('New mail from ben: Engine hours')).toBeAttached()
  await anna.row('Engine hours').click()
  await expect(page.getByRole('heading', { name: 'Engine hours' })).toBeVisible()
  await expect(page.getByRole('article', { name: 'Mail from ben' }).getByText('Port side: 412.')).toBeVisible()
  await expect(anna.row('Engine hours')).not.toContainText('unread')
  expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true)
})

test('an answer and the answer to it are one conversation', async () => {
  const { page } = window
  await page.getByRole('region', { name: 'Open mail' }).getByRole('button', { name: 'Reply', exact: true }).click()
  const letter = page.getByRole('dialog', { name: 'Re: Engine hours' })
  await expect(letter.getByRole('textbox', { name: 'Text', exact: true })).toBeFocused()
  await page.keyboard.type('And starboard?')
  // A format is undone as what is typed is.
  await page.keyboard.press('Control+b')
  await expect(letter.getByRole('textbox', { name: 'Text', exact: true })).toHaveValue(/^And starboard\?\*{4}\n/u)
  await page.keyboard.press('Control+z')
  await letter.getByRole('button', { name: 'Send' }).click()
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'Re: Engine hours')
  const { body } = await ben.ask('read', { mail })
  expect(body).toMatch(/^And starboard\?\n\nOn .*, ben wrote:\n\n> Port side: \*412\*\.$/u)
  await ben.ask('send', { to: ['anna'], subject: 'Re: Engine hours', body: 'Starboard: 398.', inReplyTo: mail })
  const messages = page.getByRole('region', { name: 'Open mail' }).getByRole('article')
  await expect(messages).toHaveCount(3)
  await expect(messages.nth(1)).toContainText('anna (you)')
  await messages.nth(2).getByRole('button', { expanded: false }).click()
  await expect(messages.nth(2).getByText('Starboard: 398.')).toBeVisible()
})

test('a star is found again; what went to the trash comes back by undo', async () => {
  const { page } = window
  const reader = page.getByRole('region', { name: 'Open mail' })
  await reader.getByRole('toolbar', { name: 'Actions' }).getByRole('button', { name: 'Star', exact: true }).click()
  await anna.openFolder('Starred')
  await anna.row('Engine hours').click()
  await reader.getByRole('toolbar', { name: 'Actions' }).getByRole('button', { name: 'Move to the trash' }).click()
  await expect(page.getByText('No mail has a star')).toBeVisible()
  await page
    .getByRole('listitem')
    .filter({ hasText: 'The mail is in the trash.' })
    .getByRole('button', { name: 'Undo' })
    .click()
  await expect(anna.row('Engine hours')).toBeVisible()
})

test('deleting for good tells which servers have removed the mail, and for whom it waits', async () => {
  const { page } = window
  await group.settled()
  await group.kill(5)
  await group.sees([1], [1, 2, 3, 4])
  await anna.row('Engine hours').click()
  await page.keyboard.press('#')
  await anna.openFolder('Trash')
  await anna.row('Engine hours').click()
  await page.getByRole('region', { name: 'Open mail' }).getByRole('button', { name: 'Delete for good' }).click()
  const question = page.getByRole('dialog', { name: 'Delete this mail for good?' })
  await question.getByRole('button', { name: 'Delete for good' }).click()
  await expect(page.getByText('The trash is empty')).toBeVisible()
  await expect(page.getByText(/^One mail: removed on 4 of 5, waiting for .+\.$/u)).toBeVisible()
  await group.restart(5)
  await expect(page.getByText('One mail: removed on all 5.')).toBeVisible()
})

test('a mail that was just sent can be taken back, and goes on as it was written', async () => {
  const { page } = window
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 60 } })
  const letter = await anna.write({ to: 'ben', subject: 'Too early', body: 'Half a thought' })
  await letter.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Sending', { exact: true })).toBeVisible()
  await page.getByRole('listitem').filter({ hasText: 'Sending' }).getByRole('button', { name: 'Undo' }).click()
  await expect(letter.getByRole('textbox', { name: 'Text', exact: true })).toHaveValue('Half a thought')
  await expect(letter.getByRole('button', { name: 'Remove ben' })).toBeVisible()
  await letter.getByRole('textbox', { name: 'Text', exact: true }).fill('A whole thought')
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 0 } })
  await letter.getByRole('button', { name: 'Send' }).click()
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'Too early')
  expect(await ben.ask('read', { mail })).toMatchObject({ body: 'A whole thought' })
  expect(ben.events('mail').filter(({ subject }) => subject === 'Too early')).toHaveLength(1)
  expect(window.pageErrors).toEqual([])
})
