import { expect, test } from './harness.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { passwordOf } from '../../build/cluster/group.ts'
import { Person } from './person.ts'

test('who logs in next at a window sees nothing of who was there before, and they find their letters again', async ({
  quintet,
}) => {
  const window = await quintet.openAlone()
  const elsewhere = new MailProcess({ data: window.data })
  await elsewhere.ask('signUp', { name: 'ben', password: passwordOf('ben') })
  await elsewhere.close()
  await window.signUp('anna')
  const { page } = window
  const person = new Person(page)
  const logOut = async (): Promise<void> => {
    await page.getByRole('button', { name: /Account of/ }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  }
  await window.call('client', 'send', { to: ['anna'], subject: 'My test result', body: '' })
  await expect(person.row('My test result')).toBeVisible()
  await person.write({ to: 'everyone', subject: 'About ben', body: 'Not for' })
  await page.keyboard.press('End')
  await page.keyboard.type(' ben')
  await logOut()

  // Everything that is drawn from now on, also for a moment.
  await page.evaluate(() => {
    const note = (): void => {
      if (/My test result|About ben/.test(document.body.innerHTML)) sessionStorage.setItem('seen', 'yes')
    }
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true })
    note()
  })
  await person.logIn('ben')
  await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
  await expect(page.getByText('No mail', { exact: false }).first()).toBeVisible()
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', account: 'ben' })
  await expect(person.row('My test result')).toHaveCount(0)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(await page.evaluate(() => sessionStorage.getItem('seen'))).toBeNull()
  expect(await window.call('client', 'drafts')).toEqual({ drafts: [] })

  await logOut()
  await person.logIn('anna')
  await expect(person.row('My test result')).toBeVisible()
  expect(await window.call('client', 'drafts')).toMatchObject({
    drafts: [{ subject: 'About ben', body: 'Not for ben' }],
  })
  await expect(page.getByRole('dialog', { name: 'About ben' })).toBeVisible()
})
