import type { Page } from '@playwright/test'
import { LineRelay } from '../support/line-relay.ts'
import { type AppWindow, expect, type Quintet, test } from './harness.ts'
import { Person } from './person.ts'

const heading = (page: Page, name: string) => page.getByRole('heading', { name })
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const seat = (page: Page, server: number) =>
  page.getByRole('radio', { name: new RegExp(`^Server id ${server}, `, 'u') })

/** SIGKILL, as soon as `kept` is on the disk, and a new start on the same directory. */
const crash = async (quintet: Quintet, window: AppWindow, kept: Record<string, unknown> | null): Promise<AppWindow> => {
  if (kept !== null) await expect.poll(() => window.call('host', 'firstRun')).toMatchObject(kept)
  await window.kill()
  return quintet.open({ data: window.data })
}

/** Time enough to kill whoever waits for an answer that is on its way. */
const slowMs = 700

test('founding a group goes on where it was after a crash at any step, and what was typed is there, but no password', async ({
  quintet,
}) => {
  let window = await crash(quintet, await quintet.open(), null)
  await expect(heading(window.page, 'Welcome to Quintet')).toBeVisible()
  await button(window.page, /^Create a group/u).click()

  window = await crash(quintet, window, { step: 'create' })
  await expect(heading(window.page, 'Create a group')).toBeVisible()
  await field(window.page, 'Name of the group').fill('Northern Light')
  await field(window.page, 'Name of this machine').fill('bridge')

  window = await crash(quintet, window, { groupName: 'Northern Light', machine: 'bridge' })
  await expect(field(window.page, 'Name of the group')).toHaveValue('Northern Light')
  await expect(field(window.page, 'Name of this machine')).toHaveValue('bridge')
  await seat(window.page, 3).check({ force: true })

  window = await crash(quintet, window, { server: 3 })
  await expect(seat(window.page, 3)).toBeChecked()
  await expect(field(window.page, 'Name of the group')).toHaveValue('Northern Light')
  await button(window.page, 'Create the group').click()
  await expect(heading(window.page, 'Create your account')).toBeVisible()

  window = await crash(quintet, window, null)
  await expect(heading(window.page, 'Create your account')).toBeVisible()
  await expect(window.page.getByText('Northern Light · server 3')).toBeVisible()
  await field(window.page, 'Name').fill('anna')
  await window.page.getByLabel('Password', { exact: true }).fill('four unrelated small words')

  window = await crash(quintet, window, { account: 'anna' })
  await expect(heading(window.page, 'Create your account')).toBeVisible()
  await expect(field(window.page, 'Name')).toHaveValue('anna')
  await expect(window.page.getByLabel('Password', { exact: true })).toHaveValue('')
  await window.page.getByLabel('Password', { exact: true }).fill('four unrelated small words')
  await button(window.page, 'Create account').click()
  await expect(heading(window.page, 'Recovery phrase')).toBeVisible()
  await expect.poll(() => window.call('host', 'firstRun')).toBeNull()

  // The phrase was in memory only. The account is there, and that no phrase is written down is not forgotten.
  window = await crash(quintet, window, null)
  await expect(heading(window.page, 'Log in')).toBeVisible()
  await field(window.page, 'Name').fill('anna')
  await window.page.getByLabel('Password', { exact: true }).fill('four unrelated small words')
  await button(window.page, 'Log in').click()
  await expect(heading(window.page, 'Inbox')).toBeVisible()
  await window.page.getByRole('region', { name: 'Recovery phrase' }).getByRole('button', { name: /now$/u }).click()
  await expect(heading(window.page, 'Settings')).toBeVisible()
  expect(await window.call('client', 'recoveryNoted')).toEqual({ noted: false })
})

test('joining goes on where it was after a crash at any step, also between the group’s yes and its note here, with one invite', async ({
  quintet,
}) => {
  const group = await quintet.group([1])
  const [listen = ''] = (await group.replica(1).ready()).listen
  const relay = await LineRelay.to(Number(/\/tcp\/(\d+)/u.exec(listen)?.[1]), {})
  const invite = relay.inviteOver((await group.operator(1).ask('invite')).invite)
  const invites = async (): Promise<unknown> =>
    (await group.operator(1).ask('invites')).invites.map(({ state, usedBy }) => ({ state, usedBy }))

  let window = await quintet.open()
  await button(window.page, /^Join with an invite/u).click()
  window = await crash(quintet, window, { step: 'invite' })
  await expect(heading(window.page, 'Join a group')).toBeVisible()
  await field(window.page, 'Invite').fill(invite)

  window = await crash(quintet, window, { step: 'invite', invite })
  await expect(field(window.page, 'Invite')).toHaveValue(invite)
  await button(window.page, 'Continue').click()
  await field(window.page, 'Name of this machine').fill('sick bay')
  await seat(window.page, 4).check({ force: true })

  window = await crash(quintet, window, { step: 'seat', server: 4, machine: 'sick bay' })
  await expect(seat(window.page, 4)).toBeChecked()
  await expect(field(window.page, 'Name of this machine')).toHaveValue('sick bay')
  await expect(seat(window.page, 1)).toBeDisabled()
  expect(await invites()).toEqual([{ state: 'open', usedBy: null }])
  relay.delayAnswers(slowMs)
  await button(window.page, 'Join the group').click()
  await expect.poll(invites, { intervals: [20] }).toEqual([{ state: 'used', usedBy: 4 }])

  window = await crash(quintet, window, null)
  relay.delayAnswers(0)
  await expect(heading(window.page, 'Choose a place for this machine')).toBeVisible()
  await expect(seat(window.page, 4)).toBeChecked()
  await button(window.page, 'Join the group').click()
  await expect(window.page.getByText('Northern Light · server 4')).toBeVisible()
  await group.sees([1], [1, 4])
  expect(await invites()).toEqual([{ state: 'used', usedBy: 4 }])
  expect(await window.call('host', 'firstRun')).toBeNull()

  window = await crash(quintet, window, null)
  await expect(window.page.getByText('Northern Light · server 4')).toBeVisible()
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await expect(heading(window.page, 'Inbox')).toBeVisible()
  relay.close()
})

test('who wants to be a client only is still that after a crash, before and after the invite is spent', async ({
  quintet,
}) => {
  const group = await quintet.group([1])
  const ben = await group.person('ben', 1)
  const { invite } = await group.operator(1).ask('invite')
  let window = await quintet.open()
  await button(window.page, /without a copy|client only/iu).click()
  await field(window.page, 'Invite').fill(invite)
  await button(window.page, 'Continue').click()
  await expect(heading(window.page, 'Choose a place for this machine')).toBeVisible()

  window = await crash(quintet, window, { step: 'seat', joinsAs: 'client' })
  await expect(heading(window.page, 'Choose a place for this machine')).toBeVisible()
  await expect(window.page.locator('input[value=client]')).toBeChecked()
  await button(window.page, 'Join the group').click()
  await expect(heading(window.page, 'Log in')).toBeVisible()

  window = await crash(quintet, window, null)
  await expect(heading(window.page, 'Log in')).toBeVisible()
  expect(await window.call('host', 'phase')).toMatchObject({ mode: 'client' })
  await button(window.page, 'Create account').click()
  await field(window.page, 'Name').fill('anna')
  await window.page.getByLabel('Password', { exact: true }).fill('four unrelated small words')
  await button(window.page, 'Create account').click()
  await button(window.page, 'Remind me later').click()
  await ben.ask('send', { to: ['anna'], subject: 'Welcome aboard', body: '' })
  await expect(new Person(window.page).row('Welcome aboard')).toBeVisible()
})
