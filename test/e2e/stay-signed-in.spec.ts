import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { passwordOf } from '../../build/cluster/group.ts'
import { type AppWindow, expect, test } from './harness.ts'
import { Person } from './person.ts'

const keptIn = (window: AppWindow): Promise<string> =>
  readFile(path.join(window.data, 'desktop', 'log-in.json'), 'utf8').catch(() => 'null')

const startLater = async (window: AppWindow, open: (options: { data: string }) => Promise<AppWindow>) => {
  await window.close()
  return open({ data: window.data })
}

test('who wants to stay signed in finds the mailbox at the next start, until they log out', async ({ quintet }) => {
  const open = (options: { data: string }): Promise<AppWindow> => quintet.open(options)
  const first = await quintet.openAlone()
  await first.signUp('anna')
  await first.call('client', 'send', { to: ['anna'], subject: 'Still here?', body: '' })
  expect(await keptIn(first)).toBe('null')

  const second = await startLater(first, open)
  const anna = new Person(second.page)
  const stays = second.page.getByRole('switch', { name: 'Keep me signed in on this machine' })
  await expect(stays).not.toBeChecked()
  await expect(second.page.getByText('in a file that only your user account can read')).toBeVisible()
  await stays.click()
  await anna.logIn('anna')
  await expect(anna.row('Still here?')).toBeVisible()
  await expect.poll(() => keptIn(second)).toContain('secret')
  // The page has none of it.
  const { secret } = JSON.parse(await keptIn(second)) as { readonly secret: string }
  const inPage = await second.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))
  expect(inPage).not.toContain(secret.slice(0, 16))
  expect(await second.ask('client', 'keptSession')).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })

  const third = await startLater(second, open)
  await expect(new Person(third.page).row('Still here?')).toBeVisible()
  await third.call('client', 'logOut')
  await expect.poll(() => keptIn(third)).toBe('null')

  const fourth = await startLater(third, open)
  await expect(fourth.page.getByRole('heading', { name: 'Log in' })).toBeVisible()
})

test('a log-in elsewhere ends it: at once, and also when it took place while the app was not running', async ({
  quintet,
}) => {
  const { group, window: first } = await quintet.groupWithApp([1, 2])
  await first.call('host', 'changeSettings', { settings: { staySignedIn: 'on' } })
  await first.signUp('anna')
  await expect.poll(() => keptIn(first)).toContain('secret')
  await group.settled()
  await first.close()
  const window = await quintet.open({ data: first.data })
  await expect.poll(() => window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', account: 'anna' })
  await group.sees([1, 2], [1, 2])
  const elsewhere = group.client(2)
  await elsewhere.ask('logIn', { name: 'anna', password: passwordOf('anna') })
  await expect.poll(() => window.call('host', 'phase')).toMatchObject({ phase: 'signedOut' })
  await expect.poll(() => keptIn(window)).toBe('null')

  await window.logIn('anna')
  await expect.poll(() => keptIn(window)).toContain('secret')
  await window.close()
  await elsewhere.ask('logIn', { name: 'anna', password: passwordOf('anna') })
  const again = await quintet.open({ data: window.data })
  await expect.poll(() => again.call('host', 'phase')).toMatchObject({ phase: 'signedOut' })
  await expect.poll(() => keptIn(again)).toBe('null')
  expect(await elsewhere.ask('counts')).toMatchObject({ inbox: 0 })
})

test('taking the wish back in the settings removes what was kept', async ({ quintet }) => {
  const window = await quintet.openAlone()
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  const anna = new Person(window.page)
  await anna.goTo('Settings')
  await window.page.getByRole('button', { name: 'Account', exact: true }).click()
  const stays = window.page.getByRole('switch', { name: 'Keep me signed in on this machine' })
  await stays.click()
  await expect.poll(() => keptIn(window)).toContain('secret')
  await stays.click()
  await expect.poll(() => keptIn(window)).toBe('null')
})
