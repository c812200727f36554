import { expect, type Locator, type Page } from '@playwright/test'
import { passwordOf } from '../../build/cluster/group.ts'

const mostTabStops = 80

/** What somebody does at the window again and again, by the names that a screen reader tells. */
export class Person {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Fills in the log-in page; whether it is let in is seen afterwards. */
  async logIn(name: string, password = passwordOf(name)): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
    await this.page.getByLabel('Password', { exact: true }).fill(password)
    await this.page.getByRole('button', { name: 'Log in', exact: true }).click()
  }

  async goTo(name: 'Mail' | 'Timeline' | 'People' | 'Network' | 'Settings'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name }).click()
  }

  async openFolder(name: 'Inbox' | 'Starred' | 'Sent' | 'Drafts' | 'Outbox' | 'Trash'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Folders' }).getByRole('button', { name }).click()
    await expect(this.page.getByRole('heading', { name, level: 1 })).toBeVisible()
  }

  /** In the list that is shown. */
  row(words: string | RegExp): Locator {
    return this.page.getByRole('row', { name: words })
  }

  /** Begins a mail in a window of its own. The recipients are completed from their first letters. */
  async write(letter: { readonly to: string; readonly subject: string; readonly body: string }): Promise<Locator> {
    // An empty folder offers it, too.
    await this.page.getByRole('button', { name: 'New mail', exact: true }).first().click()
    const recipients = this.page.getByRole('combobox', { name: 'To' })
    await recipients.pressSequentially(letter.to.slice(0, 2))
    await this.page.getByRole('option', { name: letter.to }).click()
    await this.page.getByRole('textbox', { name: 'Subject' }).fill(letter.subject)
    await this.page.getByRole('textbox', { name: 'Text', exact: true }).fill(letter.body)
    return this.page.getByRole('dialog', { name: letter.subject })
  }

  /** Goes on by the tab key until `target` has the focus. */
  async tabTo(target: Locator): Promise<void> {
    await expect(target).toBeVisible()
    for (let stops = 0; stops < mostTabStops; stops += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`the tab key does not lead to ${String(target)}`)
  }
}
