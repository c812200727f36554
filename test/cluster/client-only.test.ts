import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { inspectInvite } from '../../replica/join-as-client.ts'
import { anyText, send, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('a client without a replica', () => {
  test('joins by an invite, takes no seat, and goes from server to server', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 2)
    await group.settled()
    const { invite } = await group.operator(1).ask('invite')
    const machine = anyText
    const seats = [1, 2, 3].map((server) => ({ server, machine }))
    const free = [4, 5].map((server) => ({ server, machine: null }))
    expect(await inspectInvite(invite)).toMatchObject({ groupName: 'Northern Light', seats: [...seats, ...free] })

    const data = path.join(await cluster.directory(), 'client')
    const carl = new MailProcess({ data, join: invite })
    try {
      await carl.ask('signUp', { name: 'carl', password: 'secret' })
      await group.settled()
      await send(ada, 'carl', 'welcome')
      await carl.event('mail', (event) => event['subject'] === 'welcome')
      for (const server of [1, 2]) {
        await group.kill(server)
        await send(carl, 'ada', `without server ${server}`)
      }
      expect(await subjectsOf(carl, 'sent')).toEqual(['without server 2', 'without server 1'])
      expect((await carl.ask('view')).servers).toEqual([3])
      expect((await carl.ask('status')).serverId).toBe(3)
      await group.restart(1, 2)
      await group.settled()
      await ada.process.until(
        () => (ada.events('connected').some(({ server }) => server === 2) ? true : null),
        30_000,
        'home',
      )
      expect(await subjectsOf(ada, 'inbox')).toEqual(['without server 2', 'without server 1'])
      await expect(carl.ask('invite')).rejects.toMatchObject({ code: 'NOT_ALLOWED' })
    } finally {
      await carl.close()
    }
    // Its directory is enough from now on, and the invite is spent.
    const again = new MailProcess({ data })
    await again.ask('logIn', { name: 'carl', password: 'secret' })
    expect(await subjectsOf(again, 'inbox')).toEqual(['welcome'])
    await again.close()
    const other = new MailProcess({ data: path.join(await cluster.directory(), 'other'), join: invite })
    expect(await other.process.exited).toMatchObject({ code: 1 })
    expect(other.process.stderr).toContain('INVITE_USED')
  })

  test('an invite that is none, or cut short, is told so', async () => {
    await expect(inspectInvite('quintet://join/abc')).rejects.toMatchObject({ code: 'BAD_INVITE' })
  })
})
