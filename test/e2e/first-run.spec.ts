import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from './harness.ts'

const reopenedWithinMs = 40_000

test('an invite shows the group and its seats, and joining takes the seat that was chosen', async ({ quintet }) => {
  const group = await quintet.group([1, 2])
  await group.operator(2).ask('renameMachine', { name: 'Engine room' })
  await group.settled()
  const { invite } = await group.operator(1).ask('invite')
  const window = await quintet.open()
  const inspected = await window.call('host', 'inspectInvite', { invite })
  expect(inspected).toMatchObject({ groupName: 'Northern Light' })
  const { seats } = inspected as { readonly seats: readonly { readonly machine: string | null }[] }
  expect(seats.map(({ machine }) => machine === null)).toEqual([false, false, true, true, true])
  expect(seats[1]).toEqual({ server: 2, machine: 'Engine room' })
  const taken = await window.ask('host', 'join', { invite, machine: 'sick bay', server: 2 })
  expect(taken).toMatchObject({ ok: false, failure: { code: 'SEAT_TAKEN' } })
  expect(await window.call('host', 'phase')).toEqual({ phase: 'empty' })
  await window.call('host', 'join', { invite, machine: 'sick bay', server: 4 })
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedOut', mode: 'replica', server: 4 })
  await group.sees([1, 2], [1, 2, 4])
  await window.signUp('anna')
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', account: 'anna' })
})

test('a machine without a replica uses the servers of the others', async ({ quintet }) => {
  const group = await quintet.group([1, 2])
  const ben = await group.person('ben', 2)
  const { invite } = await group.operator(1).ask('invite')
  const window = await quintet.open()
  await window.call('host', 'joinAsClient', { invite, machine: 'tablet' })
  await window.signUp('anna')
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', mode: 'client' })
  await group.settled()
  await ben.ask('send', { to: ['anna'], subject: 'Hi', body: '' })
  await expect.poll(() => window.call('client', 'list', { folder: 'inbox', limit: 5 })).toMatchObject({ total: 1 })
  await window.close()
  const again = await quintet.open({ data: window.data })
  await expect.poll(() => again.call('host', 'phase')).toMatchObject({ phase: 'signedOut', mode: 'client' })
})

test('a machine without a replica that finds no server goes on by itself when one is there', async ({ quintet }) => {
  const group = await quintet.group([1])
  const { invite } = await group.operator(1).ask('invite')
  const window = await quintet.open()
  await window.call('host', 'joinAsClient', { invite, machine: 'tablet' })
  await window.close()
  await group.replica(1).stop()
  const { page } = await quintet.open({ data: window.data })
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  await group.restart(1)
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible({ timeout: reopenedWithinMs })
})

test('invites that are bad, used or expired say so, and the first run is where it was', async ({ quintet }) => {
  const group = await quintet.group([1])
  const { invite } = await group.operator(1).ask('invite')
  const window = await quintet.open()
  const bad = await window.ask('host', 'inspectInvite', { invite: invite.slice(0, -3) })
  expect(bad).toMatchObject({ ok: false, failure: { code: 'BAD_INVITE' } })
  const draft = { step: 'seat', groupName: '', machine: 'mess', invite, server: 2, joinsAs: 'server', account: null }
  await window.call('host', 'keepFirstRun', { draft })
  await window.kill()
  const again = await quintet.open({ data: window.data })
  expect(await again.call('host', 'firstRun')).toEqual(draft)
  await again.call('host', 'join', { invite, machine: 'mess', server: 2 })
  expect(await again.call('host', 'firstRun')).toBeNull()
  const other = await quintet.open()
  const used = await other.ask('host', 'join', { invite, machine: 'bridge', server: 3 })
  expect(used).toMatchObject({ ok: false, failure: { code: 'INVITE_USED' } })
})

test('an invite is taken from a file that is chosen, from one that is dropped, and from text that is dropped', async ({
  quintet,
}) => {
  const group = await quintet.group([2])
  const { invite } = await group.operator(2).ask('invite')
  const window = await quintet.open()
  const { page } = window
  const seats = page.getByRole('heading', { name: 'Choose a place for this machine' })
  const again = async (): Promise<void> => {
    await expect(seats).toBeVisible()
    await expect(page.getByText('Northern Light')).toBeVisible()
    await page.getByRole('button', { name: 'Back' }).click()
    await page.getByRole('textbox', { name: 'Invite' }).fill('')
  }
  await page.getByRole('button', { name: /^Join with an invite/ }).click()

  const file = path.join(await quintet.directory(), 'invite.quintet')
  await writeFile(file, `${invite}\n`)
  await window.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, file)
  await page.getByRole('button', { name: 'Choose a file' }).click()
  await again()

  const drop = async (kind: 'file' | 'text'): Promise<void> => {
    const dropped = await page.evaluateHandle(
      ([what, text]) => {
        const transfer = new DataTransfer()
        if (what === 'file') transfer.items.add(new File([text], 'invite.quintet'))
        else transfer.setData('text', text)
        return transfer
      },
      [kind, invite] as const,
    )
    await page.getByRole('textbox', { name: 'Invite' }).dispatchEvent('drop', { dataTransfer: dropped })
  }
  await drop('file')
  await again()
  await drop('text')
  await expect(seats).toBeVisible()
  await expect(page.getByRole('radio', { name: /^Server id 2, taken by/ })).toBeDisabled()
})
