import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { launchApp } from './app/launch.ts'
import { ReplicaGroup } from './cluster/group.ts'
import { crew } from './demo-corpus.ts'
import type { Shooting } from './shoot.ts'

const signedInWithinMs = 30_000

/** The README's pictures, of the demonstration's group: `npm run pictures`. */
export const shoot = async ({ page, call, shot, shotOf }: Shooting): Promise<void> => {
  const theme = (name: 'light' | 'dark'): Promise<unknown> =>
    call('host', 'changeSettings', { settings: { theme: name } })
  await page.getByRole('row').first().waitFor({ timeout: signedInWithinMs })
  await call('client', 'noteRecovery')
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('row', { name: 'Starboard winch' }).first().click()
  await page.getByRole('region', { name: 'Open mail' }).getByRole('article').nth(1).waitFor()
  await shot('inbox')
  await theme('dark')
  await shot('dark')
  await theme('light')
  await writeLetter(page)
  await shot('compose')
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  await shootNetwork({ page, call, shot })
  await shootFirstRun(shotOf)
}

const writeLetter = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click()
  for (const name of ['Mateo', 'Leila']) {
    await page.getByRole('combobox', { name: 'To' }).pressSequentially(name)
    await page.getByRole('option', { name }).click()
  }
  await page.getByRole('textbox', { name: 'Subject' }).fill('Thursday’s station')
  await page
    .getByRole('textbox', { name: 'Text', exact: true })
    .fill(
      'We go on station at **06:40**, wind permitting.\n\n- CTD first, then the small net\n- winch only with Mateo on deck',
    )
  await page.getByText('Draft saved').waitFor()
}

const shootNetwork = async ({ page, call, shot }: Pick<Shooting, 'page' | 'call' | 'shot'>): Promise<void> => {
  const split = page.getByText('The group is split.')
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Network' }).click()
  await call('host', 'setDemo', { demo: 'split' })
  await split.waitFor()
  // Both sides go on.
  await call('client', 'send', { to: ['Samuel'], subject: 'Landing party', body: 'Four of us, back by noon.' })
  await shot('network-split')
  await call('host', 'setDemo', { demo: 'whole' })
  await split.waitFor({ state: 'detached' })
  await page.getByText('5 of 5 servers are connected').waitFor()
  await shot('network-healed')
}

/** As a machine finds it that joins, with two seats left to choose from. */
const shootFirstRun = async (shotOf: Shooting['shotOf']): Promise<void> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet-pictures-'))
  const group = await ReplicaGroup.create({ directory, name: 'Northern Light', servers: [1, 2, 3] })
  const { app, page } = await launchApp({ data: path.join(directory, 'newcomer') })
  try {
    for (const [index, { machine }] of crew.slice(0, 3).entries())
      await group.operator(index + 1).ask('renameMachine', { name: machine })
    await group.settled()
    const { invite } = await group.operator(1).ask('invite')
    await page.getByRole('button', { name: 'Join with an invite' }).click()
    await page.getByRole('textbox', { name: 'Invite' }).fill(invite)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('textbox', { name: 'Name of this machine' }).fill('Sick bay')
    await page.getByRole('radio', { name: 'Server id 4, free' }).waitFor({ state: 'attached' })
    await shotOf(page, 'first-run')
  } finally {
    await app.close()
    await group.end()
    await rm(directory, { recursive: true, force: true })
  }
}
