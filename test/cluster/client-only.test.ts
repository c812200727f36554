import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { passwordOf } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { loadClientInstall } from '../../replica/drivers/client-file.ts'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { inspectInvite } from '../../replica/join-as-client.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { LineRelay } from '../support/line-relay.ts'
import { anyText, run, send, subjectsOf, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

/** The group key by which the replica that keeps `data` serves. */
const groupKeyOf = async (data: string): Promise<string> =>
  toBase64Url((await loadInstall(data))?.groupKey ?? new Uint8Array())

/** The group key by which the client that keeps `data` dials. */
const keyIn = async (data: string): Promise<string> =>
  toBase64Url((await loadClientInstall(data))?.groupKey ?? new Uint8Array())

describe('a client without a replica', () => {
  test('begins at the server that it is told, and its directory becomes that of no other group', async () => {
    const group = await cluster.group([1, 2])
    const data = path.join(await cluster.directory(), 'client')
    const { invite } = await group.operator(1).ask('invite')
    await new MailProcess({ data, join: invite }).close()
    for (const server of [1, 2]) {
      const client = new MailProcess({ data, server })
      expect((await client.ask('status')).serverId).toBe(server)
      await client.close()
    }
    const nobody = await run('replica/mail.ts', ['--data', data, '--json', '--server', '4'])
    expect(nobody).toMatchObject({ code: 1, stderr: textLike(/server 4.*\(NO_SUCH_SERVER\)/) })
    const other = await run('replica/main.ts', ['--data', data, '--json', '--no-mdns', '--create', 'Another'])
    expect(other).toMatchObject({ code: 1, stderr: textLike(/"Northern Light".*\(DIRECTORY_HAS_A_GROUP\)/) })
    const { invite: second } = await group.operator(1).ask('invite')
    const replica = new ReplicaProcess({ data, join: second, server: 3 })
    expect(await replica.ready()).toMatchObject({ serverId: 3 })
    await replica.kill()
  })

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

  test('that is killed before it has heard that it is let in asks again as the same one', async () => {
    const group = await cluster.group([1])
    const [listen = ''] = (await group.replica(1).ready()).listen
    const relay = await LineRelay.to(Number(/\/tcp\/(\d+)/.exec(listen)?.[1]), {})
    relay.delayAnswers(700)
    const text = relay.inviteOver((await group.operator(1).ask('invite')).invite)
    const data = path.join(await cluster.directory(), 'client')
    const killed = new MailProcess({ data, join: text })
    const isUsed = async (): Promise<boolean> =>
      (await group.operator(1).ask('invites')).invites.some(({ state }) => state === 'used')
    await expect.poll(isUsed, { timeout: 30_000, interval: 20 }).toBe(true)
    killed.process.signal('SIGKILL')
    await killed.process.exited
    expect(await loadClientInstall(data)).toBeNull()
    relay.delayAnswers(0)
    const again = new MailProcess({ data, join: text })
    await again.ask('signUp', { name: 'carl', password: 'secret' })
    await again.close()
    relay.close()
  })

  test('goes on when the group key is changed, and comes back when it was away meanwhile', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 2)
    const [here, away] = await Promise.all(
      ['here', 'away'].map(async (name) => {
        const { invite } = await group.operator(1).ask('invite')
        const data = path.join(await cluster.directory(), name)
        const client = new MailProcess({ data, join: invite })
        await client.ask('signUp', { name, password: passwordOf(name) })
        return { client, data, key: await keyIn(data) }
      }),
    )
    if (here === undefined || away === undefined) throw new Error('two clients')
    await group.settled()
    expect(await away.client.close()).toBe(0)
    await group.operator(1).ask('rotateKey')
    await expect.poll(() => keyIn(here.data)).not.toBe(here.key)
    // From here on no server remembers a connection by the former key.
    await group.kill(1, 2, 3)
    await group.restart(1, 2, 3)
    await group.sees([1, 2, 3], [1, 2, 3])
    await send(here.client, 'ada', 'by the new key')
    await here.client.close()

    // Who was away is let in by the former key, as a peer that was once let in, and hears of the new one when it logs in.
    const back = new MailProcess({ data: away.data })
    await back.ask('logIn', { name: 'away', password: passwordOf('away') })
    await send(back, 'ada', 'back again')
    await expect.poll(() => keyIn(away.data)).toBe(await keyIn(here.data))
    for (const server of [1, 2]) {
      await group.kill(server)
      await send(back, 'ada', `without server ${server}`)
    }
    await back.close()
    await group.restart(1, 2)
    await group.settled()
    expect([...(await subjectsOf(ada, 'inbox'))].sort()).toEqual(
      ['by the new key', 'back again', 'without server 1', 'without server 2'].sort(),
    )
  })

  test('that was away comes back by the former key to servers that run since before it joined', async () => {
    const group = await cluster.group([1, 2])
    const { invite } = await group.operator(1).ask('invite')
    const data = path.join(await cluster.directory(), 'away')
    const away = new MailProcess({ data, join: invite })
    await away.ask('signUp', { name: 'away', password: passwordOf('away') })
    await group.settled()
    await away.close()
    await group.operator(1).ask('rotateKey')
    await expect.poll(() => groupKeyOf(group.dataOf(2))).toBe(await groupKeyOf(group.dataOf(1)))
    const back = new MailProcess({ data })
    await back.ask('logIn', { name: 'away', password: passwordOf('away') })
    await expect.poll(() => keyIn(data)).toBe(await groupKeyOf(group.dataOf(1)))
    await back.close()
  })

  test.each([
    ['servers that run since before it joined', []],
    ['servers that know it since they started', [1, 2]],
  ])('is shut out by %s when its invite is revoked and the group key changed', async (_, restarted) => {
    const group = await cluster.group([1, 2])
    const { invite } = await group.operator(1).ask('invite')
    const data = path.join(await cluster.directory(), 'lost')
    const lost = new MailProcess({ data, join: invite })
    await lost.ask('signUp', { name: 'lost', password: passwordOf('lost') })
    await lost.close()
    await group.settled()
    for (const server of restarted) await group.replica(server).stop()
    await group.restart(...restarted)
    await group.sees([1, 2], [1, 2])
    const [used] = (await group.operator(1).ask('invites')).invites
    expect(used).toMatchObject({ state: 'used', usedBy: null })
    await group.operator(1).ask('revokeInvite', { invite: used?.invite ?? '' })
    expect((await group.operator(1).ask('invites')).invites[0]).toMatchObject({ state: 'revoked' })
    await group.operator(1).ask('rotateKey')
    await group.settled()
    await expect.poll(() => groupKeyOf(group.dataOf(2))).toBe(await groupKeyOf(group.dataOf(1)))
    const found = new MailProcess({ data })
    expect(await found.process.exited).toMatchObject({ code: 1 })
    expect(found.process.stderr).toContain('UNREACHABLE')
  })

  test('that is in use when its invite is revoked is cut off at once, and not told the next key', async () => {
    const group = await cluster.group([1, 2])
    const { invite } = await group.operator(1).ask('invite')
    const data = path.join(await cluster.directory(), 'lost')
    const lost = new MailProcess({ data, join: invite })
    await lost.ask('signUp', { name: 'lost', password: passwordOf('lost') })
    await group.settled()
    const key = await keyIn(data)
    const [used] = (await group.operator(1).ask('invites')).invites
    await group.operator(1).ask('revokeInvite', { invite: used?.invite ?? '' })
    await lost.event('disconnected', () => true)
    await group.settled()
    await group.operator(1).ask('rotateKey')
    await expect.poll(() => groupKeyOf(group.dataOf(2))).toBe(await groupKeyOf(group.dataOf(1)))
    lost.process.signal('SIGKILL')
    await lost.process.exited
    expect(await keyIn(data)).toBe(key)
    await group.kill(1, 2)
    await group.restart(1, 2)
    await group.sees([1, 2], [1, 2])
    const found = new MailProcess({ data })
    expect(await found.process.exited).toMatchObject({ code: 1 })
    expect(found.process.stderr).toContain('UNREACHABLE')
  })

  test('an invite that is none, or cut short, is told so', async () => {
    await expect(inspectInvite('quintet://join/abc')).rejects.toMatchObject({ code: 'BAD_INVITE' })
  })
})
