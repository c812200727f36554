import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const quintet = quintetOfFile()
let window: AppWindow
let ben: MailProcess
let anna: Person

test('a post reaches those who follow its author, and leaves them when it is deleted', async () => {
  const { group, window: opened } = await quintet.groupWithApp()
  window = opened
  const { page } = window
  ben = await group.person('ben', 3)
  await window.signUp('anna')
  await group.settled()
  await ben.ask('follow', { name: 'anna' })
  await group.settled()
  anna = new Person(page)
  await anna.goTo('Timeline')
  await expect(page.getByText('Quiet so far')).toBeVisible()
  await page.getByRole('textbox', { name: 'Write a post' }).fill('Landfall at six.')
  await page.getByRole('button', { name: 'Post', exact: true }).click()
  const post = page.getByRole('article', { name: 'Post by anna' })
  await expect(post).toContainText('Landfall at six.')
  await ben.event('post', ({ text }) => text === 'Landfall at six.')

  await post.getByRole('button', { name: 'Delete the post' }).click()
  const question = page.getByRole('dialog', { name: 'Delete this post?' })
  await question.getByRole('button', { name: 'Delete the post' }).click()
  await expect(page.getByText('Quiet so far')).toBeVisible()
  await ben.until(
    () => ben.ask('timeline', { limit: 5 }),
    ({ posts }) => posts.length === 0,
  )
})

test('following somebody brings their posts, and their profile tells who they are', async () => {
  const { page } = window
  await anna.goTo('People')
  await expect(page.getByText('2 people, 2 online')).toBeVisible()
  const list = page.getByRole('region', { name: 'People' })
  await list.getByRole('button', { name: 'Follow ben' }).click()
  await expect(list.getByRole('button', { name: 'Following ben' })).toHaveAttribute('aria-pressed', 'true')
  await ben.until(
    () => ben.ask('profile', { name: 'ben' }),
    ({ followers }) => followers.includes('anna'),
  )
  await ben.ask('post', { text: 'Wind north by west.' })
  await anna.goTo('Timeline')
  await expect(page.getByRole('article', { name: 'Post by ben' })).toContainText('Wind north by west.')
  await page.getByRole('article', { name: 'Post by ben' }).getByRole('button', { name: 'ben' }).click()

  const profile = page.getByRole('region', { name: 'ben', exact: true })
  await expect(profile.getByRole('heading', { name: 'ben', exact: true })).toBeVisible()
  await expect(profile.getByText('Followers', { exact: true })).toBeVisible()
  await expect(profile.getByText('Follows', { exact: true })).toBeVisible()
  await expect(profile.getByRole('button', { name: 'anna', exact: true })).toHaveCount(2)
  await expect(profile.getByText(/here since/u)).toBeVisible()
  await ben.ask('post', { text: 'Wind veering east.' })
  await expect(profile.getByText('Wind veering east.')).toBeVisible()
  await profile.getByRole('button', { name: 'Write a mail' }).click()
  await expect(page.getByRole('dialog', { name: 'New mail' }).getByRole('button', { name: 'Remove ben' })).toBeVisible()
  expect(window.pageErrors).toEqual([])
})
