import { type AppWindow, expect, test } from './harness.ts'
import { Person } from './person.ts'

/** A draft that was saved, and two words since. */
const writeOn = async (window: AppWindow): Promise<void> => {
  await window.signUp('anna')
  const person = new Person(window.page)
  const letter = await person.write({ to: 'everyone', subject: 'Inventory', body: 'Two crates of' })
  await expect(letter.getByRole('status').filter({ hasText: 'Draft saved' })).toBeVisible()
  await letter.getByRole('textbox', { name: 'Text', exact: true }).press('End')
  await window.page.keyboard.type(' bandages')
}

test('what was being written is there after a crash', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await writeOn(window)
  await expect
    .poll(() => window.call('client', 'drafts'))
    .toMatchObject({ drafts: [{ subject: 'Inventory', body: 'Two crates of bandages' }] })
  await window.kill()

  const again = await quintet.open({ data: window.data })
  const back = new Person(again.page)
  await back.logIn('anna')
  await back.openFolder('Drafts')
  await again.page.getByRole('button', { name: 'Inventory' }).first().click()
  const resumed = again.page.getByRole('dialog', { name: 'Inventory' })
  await expect(resumed).toHaveCount(1)
  await expect(resumed.getByRole('textbox', { name: 'Text', exact: true })).toHaveValue('Two crates of bandages')
  await expect(resumed.getByRole('textbox', { name: 'Subject' })).toHaveValue('Inventory')
  await resumed.getByRole('button', { name: 'Discard the draft' }).click()
  await expect(again.page.getByText('The draft is discarded.')).toBeVisible()
  await expect(again.page.getByText('No drafts')).toBeVisible()
})

for (const [how, end] of [
  ['the program is quit', (window: AppWindow) => window.close()],
  ['the system ends it', (window: AppWindow) => window.terminate()],
] as const) {
  test(`what was typed last is there when ${how} at once, a post as well`, async ({ quintet }) => {
    const window = await quintet.openAlone()
    await writeOn(window)
    await new Person(window.page).goTo('Timeline')
    await window.page.getByRole('textbox', { name: 'Write a post' }).fill('The crates are in the hold')
    await end(window)

    const again = await quintet.open({ data: window.data })
    await again.logIn('anna')
    const person = new Person(again.page)
    await person.goTo('Timeline')
    await expect(again.page.getByRole('textbox', { name: 'Write a post' })).toHaveValue('The crates are in the hold')
    expect(await again.call('client', 'drafts')).toMatchObject({
      drafts: [{ subject: 'Inventory', body: 'Two crates of bandages' }],
    })
  })
}

test('what is told of a letter does not lie on its buttons, however small the window is', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  for (const size of [
    { width: 800, height: 600 },
    { width: 360, height: 640 },
    { width: 1_060, height: 640 },
  ]) {
    await window.page.setViewportSize(size)
    await window.page.getByRole('button', { name: 'New mail', exact: true }).first().click()
    await window.page.getByRole('combobox', { name: 'To' }).fill('Nobody here,')
    const letter = window.page.getByRole('dialog')
    await letter.getByRole('button', { name: 'Send' }).click()
    const told = window.page.getByRole('listitem').filter({ hasText: 'Could not send' })
    await expect(told).toBeVisible()
    // It has come to rest where it stays.
    await told.evaluate((note) => Promise.all(note.getAnimations().map(({ finished }) => finished)))
    for (const name of ['Send', 'Attach files', 'Bold']) {
      const isFree = await letter.getByRole('button', { name }).evaluate((button) => {
        const { x, y, width, height } = button.getBoundingClientRect()
        return button.contains(document.elementFromPoint(x + width / 2, y + height / 2))
      })
      expect([size.width, name, isFree]).toEqual([size.width, name, true])
    }
    await letter.getByRole('button', { name: 'Discard the draft' }).click()
    await window.page.reload()
  }
})
