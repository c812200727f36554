import { mapLimited } from '../../build/cluster/limited.ts'
import { expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const mailCount = 10_000
const sendsAtOnce = 64
const withinMs = 420_000

const quintet = quintetOfFile()
let data: string

test('ten thousand mails are counted, scrolled through, and read', async () => {
  test.setTimeout(withinMs)
  const group = await quintet.group([1])
  const sender = await group.person('anna', 1)
  const subjects = Array.from({ length: mailCount }, (_, index) => `Reading ${index + 1}`)
  await mapLimited(subjects, sendsAtOnce, (subject) =>
    sender.ask('send', { to: ['anna'], subject, body: `The glass stands at ${subject.slice(8)}.` }),
  )
  await sender.close()
  const window = await quintet.openOn(group, 1)
  ;({ data } = window)
  const { page } = window
  const anna = new Person(page)
  await anna.logIn('anna')
  await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
  await expect(page.getByText('10,000 mails')).toBeVisible()
  const list = page.getByRole('grid', { name: 'Inbox' })
  await expect(list).toHaveAttribute('aria-rowcount', String(mailCount))
  await expect(anna.row('Reading 10000')).toBeVisible()

  await list.evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollHeight / 2 }))
  await expect(anna.row(/Reading 50\d\d/u).first()).toBeVisible()
  await list.focus()
  await page.keyboard.press('End')
  await expect(anna.row(/Reading 1\b/u)).toBeVisible()
  // Only what is on the screen, and some rows around it, is drawn.
  expect(await list.getByRole('row').count()).toBeLessThan(100)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Open mail' }).getByText('The glass stands at 1.')).toBeVisible()
  await page.keyboard.press('s')
  await expect.poll(() => window.call('client', 'counts')).toMatchObject({ starred: 1, unread: mailCount - 1 })
  await window.close()
})

test('after quitting and starting again everything is there', async () => {
  const window = await quintet.open({ data })
  const { page } = window
  const anna = new Person(page)
  await anna.logIn('anna')
  await expect(page.getByText('10,000 mails')).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Folders' }).getByRole('button', { name: 'Inbox' })).toContainText(
    '9,999',
  )
  await anna.openFolder('Starred')
  await anna.row(/Reading 1\b/u).click()
  await expect(page.getByRole('region', { name: 'Open mail' }).getByText('The glass stands at 1.')).toBeVisible()
  expect(window.pageErrors).toEqual([])
})
