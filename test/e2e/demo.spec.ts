import { expect, test } from './harness.ts'

test('the demonstration is signed in with a mailbox in use, and can be split and healed from the window', async ({
  quintet,
}) => {
  const { group, window } = await quintet.demo()
  await expect
    .poll(() => window.call('host', 'phase'))
    .toMatchObject({ phase: 'signedIn', account: 'Ingrid', server: 1 })
  expect(await window.call('host', 'info')).toMatchObject({ demo: 'whole' })
  const counts = (await window.call('client', 'counts')) as { readonly inbox: number; readonly unread: number }
  expect(counts.inbox).toBeGreaterThan(10)
  expect(counts).toMatchObject({ drafts: 1, starred: 1 })
  expect(counts.unread).toBeGreaterThan(0)
  expect(counts.unread).toBeLessThan(counts.inbox)
  await window.call('host', 'setDemo', { demo: 'split' })
  await group.sees([1, 2], [1, 2])
  await group.sees([3, 4, 5], [3, 4, 5])
  expect(await window.call('host', 'info')).toMatchObject({ demo: 'split' })
  await window.call('host', 'setDemo', { demo: 'whole' })
  await group.sees([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
})
