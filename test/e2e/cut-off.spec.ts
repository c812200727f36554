import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const others = [2, 3, 4, 5]
const quintet = quintetOfFile()
let group: ReplicaGroup
let window: AppWindow
let ben: MailProcess
let anna: Person

test('the network page pauses one server and goes on with it', async () => {
  ;({ group, window } = await quintet.groupWithApp())
  const { page } = window
  ben = await group.person('ben', 3)
  await window.signUp('anna')
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 0 } })
  await group.settled()
  anna = new Person(page)
  await anna.goTo('Network')
  await expect(page.getByText('5 of 5 servers are connected')).toBeVisible()
  const map = page.getByRole('figure', { name: 'Map of the five seats' })
  await map.getByRole('button', { name: /^4 / }).click()
  await page.getByRole('button', { name: 'Pause syncing' }).click()
  await expect(map.getByRole('button', { name: /^4 .*paused/ })).toBeVisible()
  await expect(page.getByText(/^Syncing with .+ is paused\.$/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Resume syncing' }).click()
  await group.sees([1], [1, 2, 3, 4, 5])
  await expect(map.getByRole('button', { name: /^4 .*connected/ })).toBeVisible()
})

test('cut off from all others the window says so, and goes on sending, with a mark that promises no more than is true', async () => {
  const { page } = window
  await Promise.all(others.map((server) => group.operator(server).ask('pause', { servers: [1] })))
  await group.sees([1], [1])
  await group.sees(others, others)
  await expect(page.getByText('No other server can be reached. You can go on working')).toBeVisible()
  await expect(page.getByText('The group is split.')).toBeVisible()
  await expect(page.getByText(/^Split \d/).first()).toBeVisible()

  await anna.goTo('Mail')
  const letter = await anna.write({ to: 'ben', subject: 'Alone out here', body: 'All is well.' })
  await letter.getByRole('button', { name: 'Send' }).click()
  await anna.openFolder('Sent')
  await expect(anna.row('Alone out here').getByRole('img', { name: 'saved here' })).toBeVisible()
  await ben.ask('send', { to: ['anna'], subject: 'Where are you?', body: 'We cannot see you.' })
  await group.settled(others)
  expect(await ben.ask('list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 0 })
  await expect(anna.row('Alone out here').getByRole('img', { name: 'saved here' })).toBeVisible()
  await anna.openFolder('Inbox')
  await expect(page.getByText('Nothing has come in yet')).toBeVisible()
})

test('when they meet again both sides have everything, and the network page tells of the merge', async () => {
  const { page } = window
  await Promise.all(others.map((server) => group.operator(server).ask('resume', { servers: [1] })))
  await expect(anna.row('Where are you?')).toBeVisible()
  await ben.event('mail', ({ subject }) => subject === 'Alone out here')
  await anna.openFolder('Sent')
  await expect(anna.row('Alone out here').getByRole('img', { name: 'on all five' })).toBeVisible()
  await expect(page.getByText('No other server can be reached.')).toHaveCount(0)
  await anna.goTo('Network')
  await expect(page.getByText('5 of 5 servers are connected')).toBeVisible()
  await expect(page.getByText(/^(Merged|Changed) \d.*came back after/).first()).toBeVisible()
  await expect(page.getByText('The group is split.')).toHaveCount(0)
  expect(window.pageErrors).toEqual([])
})
