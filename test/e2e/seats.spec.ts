import { expect, test } from './harness.ts'
import { Person } from './person.ts'

test('a machine that is gone for good is retired from the map, and another one takes its seat', async ({ quintet }) => {
  const { group, window } = await quintet.groupWithApp([1, 2, 3])
  await window.signUp('anna')
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await group.kill(3)
  await group.sees([1, 2], [1, 2])
  const { page } = window
  const anna = new Person(page)
  await anna.goTo('Network')
  const map = page.getByRole('figure', { name: 'Map of the five seats' })
  await map.getByRole('button', { name: /^3 / }).click()
  await page.getByRole('button', { name: 'Retire' }).click()
  const question = page.getByRole('dialog', { name: /^Retire / })
  await question.getByRole('button', { name: 'Retire' }).click()
  await expect(map.getByRole('button', { name: /Seat 3/ })).toBeVisible()
  await group.join(3, 1, await quintet.directory())
  await group.sees([1, 2], [1, 2, 3])
  await expect(map.getByRole('button', { name: /^3 .* ms/ })).toBeVisible()
})

test('a seat that another machine took first, in another part of the group, is given up for a free one', async ({
  quintet,
}) => {
  const group = await quintet.group([1, 2])
  const ben = await group.person('ben', 1)
  await group.settled()
  await group.partition([1], [2])
  await group.kill(2)
  await group.join(3, 1)
  await group.operator(3).ask('pause', { servers: [2] })
  await group.restart(2)
  const { invite } = await group.operator(2).ask('invite')
  const window = await quintet.open()
  await window.call('host', 'join', { invite, machine: 'late comer', server: 3 })
  await window.signUp('cleo')
  await window.call('client', 'send', { to: ['ben'], subject: 'From the wrong seat', body: '' })
  await window.call('client', 'noteRecovery')
  await window.page.reload()
  await group.heal()

  const { page } = window
  const cleo = new Person(page)
  await cleo.goTo('Network')
  await expect(page.getByText('Another machine has server id 3')).toBeVisible()
  await page.getByRole('button', { name: 'Choose another seat' }).click()
  const question = page.getByRole('dialog', { name: 'Choose another seat' })
  await question.getByRole('radio', { name: /^Server id 4/ }).check({ force: true })
  await question.getByRole('button', { name: 'Take this seat' }).click()
  await expect(page.getByText('This server goes on as server 4.')).toBeVisible()
  await group.sees([1, 2], [1, 2, 3, 4])
  await expect(page.getByText('Another machine has server id 3')).toHaveCount(0)
  await ben.event('mail', ({ subject }) => subject === 'From the wrong seat')
})
